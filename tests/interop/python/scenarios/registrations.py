"""Registrations of the Advanced Profile: patterns, sharing, concurrency, and taking over."""

import asyncio as _asyncio

from autobahn.wamp.types import RegisterOptions as _RegisterOptions
from ground import fails as _fails


async def a_pattern_names_the_procedure(ground):
    callee, caller = await ground.there(), await ground.here()
    for match, pattern in (("prefix", "a.b"), ("wildcard", "x..z")):
        await _register(ground, callee, pattern, lambda details: details.procedure, match=match, details=True)
    for name in ("a.b", "a.b.c", "a.bc", "x.y.z", "x.any.z"):
        assert await caller.call(ground.uri(name)) == ground.uri(name)
    for name in ("a", "x.z", "x.y.y.z"):
        await _fails(caller.call(ground.uri(name)), "wamp.error.no_such_procedure")


async def the_best_pattern_wins(ground):
    callee, caller = await ground.there(), await ground.here()
    for match, pattern in (
        ("exact", "a1.b2.c3"),
        ("prefix", "a1.b2.c3"),
        ("prefix", "a1.b2"),
        ("wildcard", "a1..c3"),
        ("wildcard", "..c3"),
    ):
        await _register(ground, callee, pattern, lambda name=f"{match} {pattern}": name, match=match)
    for name, winner in (
        ("a1.b2.c3", "exact a1.b2.c3"),
        ("a1.b2.c3.d4", "prefix a1.b2.c3"),
        ("a1.b2.c5", "prefix a1.b2"),
        ("a1.b5.c3", "wildcard a1..c3"),
        ("a2.b5.c3", "wildcard ..c3"),
    ):
        assert await caller.call(ground.uri(name)) == winner, name


async def callees_take_turns(ground):
    caller = await ground.here()
    await _share(ground, "roundrobin", 3)
    answers = [await caller.call(ground.uri("shared")) for _ in range(9)]
    assert sorted(answers) == [0, 0, 0, 1, 1, 1, 2, 2, 2] and answers[:3] == answers[3:6] == answers[6:], answers


async def the_first_callee_answers(ground):
    caller = await ground.here()
    callees = await _share(ground, "first", 3)
    await _answers(ground, caller, 0)
    await _leave(callees[0])
    await _answers(ground, caller, 1)


async def the_last_callee_answers(ground):
    caller = await ground.here()
    callees = await _share(ground, "last", 3)
    await _answers(ground, caller, 2)
    await _leave(callees[2])
    await _answers(ground, caller, 1)


async def any_callee_answers(ground):
    caller = await ground.here()
    await _share(ground, "random", 2)
    # Fails once in 2^63 runs.
    answers = {await caller.call(ground.uri("shared")) for _ in range(64)}
    assert answers == {0, 1}, answers


async def all_callees_share_alike(ground):
    one, other = await ground.there(), await ground.here()
    await _register(ground, one, "shared", lambda: 1, invoke="roundrobin")
    for invoke in ("single", "first", "last", "random"):
        registering = _register(ground, other, "shared", lambda: 2, invoke=invoke)
        await _fails(
            registering,
            "wamp.error.procedure_already_exists",
            "wamp.error.procedure_exists_with_different_invocation_policy",
        )


async def concurrency_is_a_limit(ground):
    callee, caller = await ground.there(), await ground.here()
    running, most, gate = 0, 0, _asyncio.Event()

    async def work(number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            gate.set()
        await gate.wait()
        await _asyncio.sleep(0)
        running -= 1
        return number

    await _register(ground, callee, "work", work, invoke="roundrobin", concurrency=2)
    calls = (caller.call(ground.uri("work"), number) for number in range(8))
    assert await _asyncio.gather(*calls) == list(range(8))
    assert most == 2, most


async def a_procedure_changes_hands(ground):
    old, new, caller = await ground.there(), await ground.there(), await ground.here()
    await _register(ground, old, "mine", lambda: "old")
    await _register(ground, new, "mine", lambda: "new", force_reregister=True)
    assert await caller.call(ground.uri("mine")) == "new"
    # The old callee was told, and lived through it.
    await _register(ground, old, "other", lambda: "still here")
    assert await caller.call(ground.uri("other")) == "still here"


async def a_procedure_comes_back(ground):
    one, other, caller = await ground.there(), await ground.there(), await ground.here()
    # Each register finds the registration of the last one, so both are told again and again. Autobahn does not take
    # its own off its books, but does not mind either.
    for number, callee in enumerate((one, other, one, one, other)):
        await _register(ground, callee, "mine", lambda number=number: number, force_reregister=True)
        assert await caller.call(ground.uri("mine")) == number


async def _register(ground, callee, name, endpoint, **options):
    return await callee.register(endpoint, ground.uri(name), options=_RegisterOptions(**options))


async def _share(ground, invoke, count):
    callees = [await ground.there() for _ in range(count)]
    for number, callee in enumerate(callees):
        await _register(ground, callee, "shared", lambda number=number: number, invoke=invoke)
    return callees


async def _answers(ground, caller, callee):
    answers = [await caller.call(ground.uri("shared")) for _ in range(4)]
    assert answers == [callee] * 4, answers


async def _leave(peer):
    await peer.leave()
    await peer.gone
