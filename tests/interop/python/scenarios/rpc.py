"""Remote procedure calls of the Basic Profile."""

import asyncio as _asyncio

from autobahn.wamp.exception import ApplicationError as _ApplicationError
from autobahn.wamp.types import CallResult as _CallResult
from ground import fails as _fails

# The scenarios that say something new when both sides spell messages differently.
CROSSING = ["arguments of every shape", "results of every shape", "errors carry their payload", "a mebibyte each way"]


async def arguments_of_every_shape(ground):
    callee, caller = await ground.there(), await ground.here()
    got = []
    await callee.register(lambda *args, **kwargs: got.append((args, kwargs)), ground.uri("take"))
    await caller.call(ground.uri("take"))
    await caller.call(ground.uri("take"), 1, "two", None)
    await caller.call(ground.uri("take"), left=1, right=[2, 3])
    await caller.call(ground.uri("take"), "both", key={"deep": True})
    assert got == [
        ((), {}),
        ((1, "two", None), {}),
        ((), {"left": 1, "right": [2, 3]}),
        (("both",), {"key": {"deep": True}}),
    ], got


async def results_of_every_shape(ground):
    callee, caller = await ground.there(), await ground.here()
    answers = {
        "nothing": None,
        "one": 23,
        "list": [1, [2]],
        "several": _CallResult(1, 2, 3),
        "named": _CallResult(sum=5, parts=[2, 3]),
        "both": _CallResult("x", y="z"),
    }
    await callee.register(answers.get, ground.uri("ask"))
    for question, answer in answers.items():
        result = await caller.call(ground.uri("ask"), question)
        if isinstance(answer, _CallResult):
            assert (tuple(result.results), result.kwresults) == (answer.results, answer.kwresults), (question, result)
        else:
            assert result == answer, (question, result)


async def errors_carry_their_payload(ground):
    callee, caller = await ground.there(), await ground.here()

    def refuse():
        raise _ApplicationError("com.example.error.full", "no room", 7, b"\x00\xff", seats={"free": 0, "of": [1, None]})

    await callee.register(refuse, ground.uri("refuse"))
    error = await _fails(caller.call(ground.uri("refuse")), "com.example.error.full")
    assert list(error.args) == ["no room", 7, b"\x00\xff"], error.args
    assert error.kwargs == {"seats": {"free": 0, "of": [1, None]}}, error.kwargs


async def an_exception_is_a_runtime_error(ground):
    callee, caller = await ground.there(), await ground.here()
    await callee.register(lambda: 1 // 0, ground.uri("divide"))
    error = await _fails(caller.call(ground.uri("divide")), "wamp.error.runtime_error")
    assert "division" in error.args[0], error.args


async def a_mebibyte_each_way(ground):
    callee, caller = await ground.there(), await ground.here()
    await callee.register(lambda x: x, ground.uri("echo"))
    text = "0123456789äöü€🚀!" * 46000
    binary = bytes(range(256)) * 4096
    assert len(text.encode()) > 2**20 and len(binary) == 2**20
    assert await caller.call(ground.uri("echo"), text) == text
    assert await caller.call(ground.uri("echo"), binary) == binary


async def many_calls_at_once(ground):
    callee, caller = await ground.there(), await ground.here()

    async def slowest_first(number):
        for _ in range(200 - number):
            await _asyncio.sleep(0)
        return number * number

    await callee.register(slowest_first, ground.uri("square"))
    calls = (caller.call(ground.uri("square"), number) for number in range(200))
    assert await _asyncio.gather(*calls) == [number * number for number in range(200)]


async def a_procedure_calls_another(ground):
    callee, caller = await ground.there(), await ground.here()
    await caller.register(lambda x: x + 1, ground.uri("inner"))

    async def outer(x):
        return 2 * await callee.call(ground.uri("inner"), x)

    await callee.register(outer, ground.uri("outer"))
    assert await caller.call(ground.uri("outer"), 20) == 42


async def a_session_calls_itself(ground):
    peer = await ground.here()
    await peer.register(lambda x: -x, ground.uri("negate"))
    assert await peer.call(ground.uri("negate"), 4) == -4


async def unknown_procedure_is_an_error(ground):
    caller = await ground.here()
    await _fails(caller.call(ground.uri("nobody")), "wamp.error.no_such_procedure")


async def a_procedure_is_registered_once(ground):
    first, second = await ground.there(), await ground.here()
    await first.register(lambda: "first", ground.uri("taken"))
    await _fails(second.register(lambda: "second", ground.uri("taken")), "wamp.error.procedure_already_exists")
    assert await second.call(ground.uri("taken")) == "first"


async def an_unregistered_procedure_is_gone(ground):
    callee, caller = await ground.there(), await ground.here()
    registration = await callee.register(lambda: 1, ground.uri("brief"))
    assert await caller.call(ground.uri("brief")) == 1
    await registration.unregister()
    await _fails(caller.call(ground.uri("brief")), "wamp.error.no_such_procedure")
    await callee.register(lambda: 2, ground.uri("brief"))
    assert await caller.call(ground.uri("brief")) == 2


async def leaving_takes_registrations_along(ground):
    callee, caller = await ground.there(), await ground.here()
    await callee.register(lambda: 1, ground.uri("mine"))
    await callee.leave()
    await callee.gone
    await _fails(caller.call(ground.uri("mine")), "wamp.error.no_such_procedure")


async def a_vanished_callee_cancels_its_calls(ground):
    callee, caller = await ground.there(), await ground.here()
    running = _asyncio.Event()

    async def never():
        running.set()
        await _asyncio.Event().wait()

    await callee.register(never, ground.uri("never"))
    call = _asyncio.ensure_future(caller.call(ground.uri("never")))
    await running.wait()
    callee.vanish()
    await _fails(call, "wamp.error.canceled")
    await _fails(caller.call(ground.uri("never")), "wamp.error.no_such_procedure")
    await (await ground.there()).register(lambda: "again", ground.uri("never"))
    assert await caller.call(ground.uri("never")) == "again"


async def a_leaving_callee_cancels_its_calls(ground):
    callee, caller = await ground.there(), await ground.here()
    running = _asyncio.Event()

    async def never():
        running.set()
        await _asyncio.Event().wait()

    await callee.register(never, ground.uri("never"))
    call = _asyncio.ensure_future(caller.call(ground.uri("never")))
    await running.wait()
    callee.leave()
    await _fails(call, "wamp.error.canceled")


async def a_vanished_caller_harms_nobody(ground):
    callee, caller = await ground.there(), await ground.here()
    running, finish = _asyncio.Event(), _asyncio.Event()

    async def wait():
        running.set()
        await finish.wait()
        return "late"

    await callee.register(wait, ground.uri("wait"))
    call = _asyncio.ensure_future(caller.call(ground.uri("wait")))
    await running.wait()
    caller.vanish()
    await _asyncio.gather(call, return_exceptions=True)
    finish.set()
    assert await (await ground.here()).call(ground.uri("wait")) == "late"
