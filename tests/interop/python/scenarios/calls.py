"""Calls of the Advanced Profile: results in parts, canceling, timeouts, and who calls."""

import asyncio as _asyncio

from autobahn.wamp.exception import ApplicationError as _ApplicationError
from autobahn.wamp.message import Cancel as _Cancel
from autobahn.wamp.types import CallOptions as _CallOptions
from autobahn.wamp.types import CallResult as _CallResult
from autobahn.wamp.types import RegisterOptions as _RegisterOptions
from ground import fails as _fails

_DETAILS = _RegisterOptions(details_arg="details")


async def progress_arrives_in_order(ground):
    callee, caller = await ground.there(), await ground.here()
    assert caller.roles["dealer"].progressive_call_results

    def count(details):
        for number in range(5):
            details.progress(number)
        return "done"

    await callee.register(count, ground.uri("count"), options=_DETAILS)
    seen = []
    result = await caller.call(ground.uri("count"), options=_CallOptions(on_progress=seen.append))
    assert (seen, result) == ([0, 1, 2, 3, 4], "done"), (seen, result)


async def progress_of_every_shape(ground):
    callee, caller = await ground.there(), await ground.here()

    def show(details):
        details.progress()
        details.progress(1, None, "three", key={"deep": [True]})
        return _CallResult("last", more=1)

    await callee.register(show, ground.uri("show"), options=_DETAILS)
    seen = []

    def hear(*args, **kwargs):
        seen.append((args, kwargs))

    result = await caller.call(ground.uri("show"), options=_CallOptions(on_progress=hear))
    assert seen == [((), {}), ((1, None, "three"), {"key": {"deep": [True]}})], seen
    assert (tuple(result.results), result.kwresults) == (("last",), {"more": 1}), result


async def progress_may_end_in_an_error(ground):
    callee, caller = await ground.there(), await ground.here()

    def fall(details):
        details.progress("fine so far")
        raise _ApplicationError("com.example.error.fell", 7)

    await callee.register(fall, ground.uri("fall"), options=_DETAILS)
    seen = []
    call = caller.call(ground.uri("fall"), options=_CallOptions(on_progress=seen.append))
    error = await _fails(call, "com.example.error.fell")
    assert (seen, error.args) == (["fine so far"], (7,)), (seen, error.args)


async def nobody_asked_for_progress(ground):
    callee, caller = await ground.there(), await ground.here()
    await callee.register(lambda details: details.progress is None, ground.uri("plain"), options=_DETAILS)
    assert await caller.call(ground.uri("plain")) is True


async def a_canceled_call_interrupts_its_callee(ground):
    callee, caller = await ground.there(), await ground.here()
    running, interrupted = await _endless(ground, callee)
    call = caller.call(ground.uri("never"))
    await running.wait()
    # Autobahn sends CANCEL without a mode. It forgets the call at once, and has to live with the ERROR that answers.
    call.cancel()
    await interrupted.wait()
    await _still_there(ground, callee, caller)


async def a_killed_call_ends_with_the_word_of_its_callee(ground):
    callee, caller = await ground.there(), await ground.here()
    running, interrupted = await _endless(ground, callee)
    call = caller.call(ground.uri("never"))
    await running.wait()
    _cancel(caller, _Cancel.KILL)
    # Autobahn's callee answers INTERRUPT with the exception that asyncio raises in the procedure.
    await _fails(call, "wamp.error.runtime_error", "wamp.error.canceled")
    assert interrupted.is_set()
    await _still_there(ground, callee, caller)


async def a_skipped_call_leaves_its_callee_alone(ground):
    callee, caller = await ground.there(), await ground.here()
    running, finish, finished = _asyncio.Event(), _asyncio.Event(), _asyncio.Event()

    async def slow():
        running.set()
        await finish.wait()
        finished.set()

    await callee.register(slow, ground.uri("slow"))
    call = caller.call(ground.uri("slow"))
    await running.wait()
    _cancel(caller, _Cancel.SKIP)
    await _fails(call, "wamp.error.canceled")
    # What is left of the call is the callee's own affair, its late result nobody's.
    finish.set()
    await finished.wait()
    await _still_there(ground, callee, caller)


async def a_call_may_take_too_long(ground):
    callee, caller = await ground.there(), await ground.here()
    running, interrupted = await _endless(ground, callee)
    # Milliseconds, as WAMP has it; autobahn passes on what it is given, though its documentation says seconds.
    call = caller.call(ground.uri("never"), options=_CallOptions(timeout=50))
    await _fails(call, "wamp.error.timeout")
    await interrupted.wait()
    await _still_there(ground, callee, caller)


async def a_call_in_time_is_not_disturbed(ground):
    callee, caller = await ground.there(), await ground.here()
    await callee.register(lambda x: x, ground.uri("echo"))
    assert await caller.call(ground.uri("echo"), "quick", options=_CallOptions(timeout=5000)) == "quick"


async def callers_stay_unknown_unless_disclosed(ground):
    callee, caller = await ground.there(), await ground.here()
    # What only another router may say of a caller is not believed.
    lie = _CallOptions(caller=1, caller_authid="root", caller_authrole="admin")

    def who(details):
        return [details.caller, details.caller_authid, details.caller_authrole]

    await callee.register(who, ground.uri("who"), options=_DETAILS)
    for options in (None, lie):
        assert await caller.call(ground.uri("who"), options=options) == [None, None, None]


async def _endless(ground, callee):
    """A procedure `never` that ends when it is interrupted; the events that it runs, and that it was interrupted."""
    running, interrupted = _asyncio.Event(), _asyncio.Event()

    async def never():
        running.set()
        try:
            await _asyncio.Event().wait()
        except _asyncio.CancelledError:
            interrupted.set()
            raise

    await callee.register(never, ground.uri("never"))
    return running, interrupted


def _cancel(caller, mode):
    """Cancels the only call of `caller`. Autobahn's own way has no mode."""
    (request,) = caller._call_reqs
    caller._transport.send(_Cancel(request, mode))


async def _still_there(ground, callee, caller):
    """Both sessions have lived through all that."""
    await callee.register(lambda: "here", ground.uri("after"))
    assert await caller.call(ground.uri("after")) == "here"
