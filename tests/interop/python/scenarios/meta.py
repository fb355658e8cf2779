"""What the router itself can be asked, and tells: sessions, registrations, subscriptions, testaments and histories."""

import asyncio as _asyncio

from autobahn.wamp.types import CallOptions as _CallOptions
from autobahn.wamp.types import PublishOptions as _PublishOptions
from autobahn.wamp.types import RegisterOptions as _RegisterOptions
from autobahn.wamp.types import SubscribeOptions as _SubscribeOptions
from ground import fails as _fails

_ACKNOWLEDGED = _PublishOptions(acknowledge=True)


class _Log:
    """What was heard of several topics, as (last part of the topic, arguments)."""

    def __init__(self):
        self._events = _asyncio.Queue()

    async def of(self, peer, *topics):
        for topic in topics:
            await peer.subscribe(lambda *args, topic=topic: self._events.put_nowait((topic.rsplit(".")[-1], args)), topic)
        return self

    async def take(self, about, count):
        """The next `count` events that have `about` among their arguments, or in their first one."""
        events = []
        while len(events) < count:
            name, args = await self._events.get()
            if about in args or isinstance(args[0], dict) and about in args[0].values():
                events.append((name, args))
        return events


async def sessions_can_be_looked_up(ground):
    asking, other = await ground.here(), await ground.there()
    details = other.joined.result()
    ids = await asking.call("wamp.session.list")
    assert {asking.joined.result().session, details.session} <= set(ids), ids
    assert await asking.call("wamp.session.count") >= 2
    assert await asking.call("wamp.session.count", ["no such role"]) == 0
    about = await asking.call("wamp.session.get", details.session)
    for key in ("session", "authid", "authrole", "authmethod"):
        assert about[key] == getattr(details, key), (key, about)
    await _fails(asking.call("wamp.session.get", 1), "wamp.error.no_such_session")


async def coming_and_going_is_told(ground):
    log = await _Log().of(await ground.here(), "wamp.session.on_join", "wamp.session.on_leave")
    other = await ground.there()
    details = other.joined.result()
    ((name, (about,)),) = await log.take(details.session, 1)
    assert (name, about["authid"], about["authrole"]) == ("on_join", details.authid, details.authrole), about
    await other.leave()
    assert await log.take(details.session, 1) == [("on_leave", (details.session, details.authid, details.authrole))]


async def a_session_can_be_killed(ground):
    killer, victim, bystander = await ground.here(), await ground.there(), await ground.there()
    session = victim.joined.result().session
    await killer.call("wamp.session.kill", session, reason="com.example.enough", message="so long")
    details = await victim.left
    assert (details.reason, details.message) == ("com.example.enough", "so long"), details
    await victim.gone
    await _fails(killer.call("wamp.session.kill", session), "wamp.error.no_such_session")
    by_name = bystander.joined.result()
    assert await killer.call("wamp.session.kill_by_authid", by_name.authid) == [by_name.session]
    assert (await bystander.left).reason == "wamp.close.killed"


async def registrations_can_be_looked_up(ground):
    asking, callee = await ground.here(), await ground.there()
    log = await _Log().of(asking, *(f"wamp.registration.on_{what}" for what in ("create", "register", "unregister", "delete")))
    options = _RegisterOptions(match="prefix", invoke="roundrobin")
    registration = await callee.register(lambda: None, ground.uri("a.b"), options=options)
    session, prefix = callee.joined.result().session, {"match": "prefix"}
    assert await asking.call("wamp.registration.lookup", ground.uri("a.b"), prefix) == registration.id
    assert await asking.call("wamp.registration.lookup", ground.uri("a.b")) is None
    assert await asking.call("wamp.registration.match", ground.uri("a.b.c")) == registration.id
    assert registration.id in (await asking.call("wamp.registration.list"))["prefix"]
    about = await asking.call("wamp.registration.get", registration.id)
    assert (about["uri"], about["match"], about["invoke"]) == (ground.uri("a.b"), "prefix", "roundrobin"), about
    assert await asking.call("wamp.registration.list_callees", registration.id) == [session]
    assert await asking.call("wamp.registration.count_callees", registration.id) == 1
    await registration.unregister()
    events = await log.take(session, 4)
    assert [name for name, _ in events] == ["on_create", "on_register", "on_unregister", "on_delete"], events
    assert events[0][1][1]["uri"] == ground.uri("a.b"), events
    assert [args[1] for _, args in events[1:]] == [registration.id] * 3, events
    await _fails(asking.call("wamp.registration.get", registration.id), "wamp.error.no_such_registration")


async def subscriptions_can_be_looked_up(ground):
    asking, subscriber = await ground.here(), await ground.there()
    log = await _Log().of(asking, *(f"wamp.subscription.on_{what}" for what in ("create", "subscribe", "unsubscribe", "delete")))
    options = _SubscribeOptions(match="wildcard")
    subscription = await subscriber.subscribe(lambda: None, ground.uri("a..c"), options=options)
    session, wildcard = subscriber.joined.result().session, {"match": "wildcard"}
    assert await asking.call("wamp.subscription.lookup", ground.uri("a..c"), wildcard) == subscription.id
    assert await asking.call("wamp.subscription.lookup", ground.uri("a.b.c")) is None
    assert subscription.id in await asking.call("wamp.subscription.match", ground.uri("a.b.c"))
    assert subscription.id in (await asking.call("wamp.subscription.list"))["wildcard"]
    about = await asking.call("wamp.subscription.get", subscription.id)
    assert (about["uri"], about["match"]) == (ground.uri("a..c"), "wildcard"), about
    assert await asking.call("wamp.subscription.list_subscribers", subscription.id) == [session]
    assert await asking.call("wamp.subscription.count_subscribers", subscription.id) == 1
    await subscription.unsubscribe()
    events = await log.take(session, 4)
    assert [name for name, _ in events] == ["on_create", "on_subscribe", "on_unsubscribe", "on_delete"], events
    assert events[0][1][1]["uri"] == ground.uri("a..c"), events
    assert [args[1] for _, args in events[1:]] == [subscription.id] * 3, events
    await _fails(asking.call("wamp.subscription.get", subscription.id), "wamp.error.no_such_subscription")


async def what_one_has_can_be_taken_away(ground):
    asking, other = await ground.here(), await ground.there()
    session, heard = other.joined.result().session, []
    registration = await other.register(lambda: None, ground.uri("mine"))
    subscription = await other.subscribe(heard.append, ground.uri("mine"))
    reason = "com.example.enough"
    await asking.call("wamp.registration.remove_callee", registration.id, session, reason=reason)
    await asking.call("wamp.subscription.remove_subscriber", subscription.id, session, reason=reason)
    await _fails(asking.call(ground.uri("mine")), "wamp.error.no_such_procedure")
    await asking.publish(ground.uri("mine"), "unheard", options=_ACKNOWLEDGED)
    # It was told, lived through it, and may have both again.
    await other.register(lambda: "again", ground.uri("mine"))
    assert await asking.call(ground.uri("mine")) == "again"
    assert not heard, heard


async def a_testament_follows_a_goodbye(ground):
    heir, leaving = await ground.here(), await ground.there()
    log = await _Log().of(heir, ground.uri("will"))
    await leaving.call("wamp.session.add_testament", ground.uri("will"), ["mine", 1], {}, scope="detached")
    await leaving.call("wamp.session.flush_testaments", scope="detached")
    await leaving.call("wamp.session.add_testament", ground.uri("will"), ["mine", 2], {})
    await leaving.leave()
    assert await log.take("mine", 1) == [("will", ("mine", 2))]


async def a_testament_follows_a_vanished_session(ground):
    heir, leaving = await ground.here(), await ground.there()
    log = await _Log().of(heir, ground.uri("will"))
    for scope in ("destroyed", "detached"):
        await leaving.call("wamp.session.add_testament", ground.uri("will"), ["mine", scope], {}, scope=scope)
    leaving.vanish()
    assert await log.take("mine", 2) == [("will", ("mine", "detached")), ("will", ("mine", "destroyed"))]


async def events_of_the_past_can_be_asked_for(ground):
    publisher, asking = await ground.there(), await ground.here()
    assert publisher.roles["broker"].event_history
    for number in range(3):
        await publisher.publish(ground.uri("kept"), number, word="x", options=_ACKNOWLEDGED)
    # The router under test keeps what is published to such a topic, for all runs together.
    kept = await asking.subscribe(lambda *_, **__: None, "interop..kept", options=_SubscribeOptions(match="wildcard"))
    events = await asking.call("wamp.subscription.get_events", kept.id, topic=ground.uri("kept"), reverse=True, limit=2)
    assert [(event["args"], event["kwargs"]) for event in events] == [([2], {"word": "x"}), ([1], {"word": "x"})], events


async def rules_disclose_callers_and_publishers(ground):
    callee, caller = await ground.there(), await ground.here()
    me, heard = caller.joined.result(), _asyncio.get_running_loop().create_future()

    def who(details):
        return [details.caller, details.caller_authid, details.caller_authrole]

    await callee.register(who, ground.uri("disclosed"), options=_RegisterOptions(details_arg="details"))
    answer = await caller.call(ground.uri("disclosed"), options=_CallOptions())
    assert answer == [me.session, me.authid, me.authrole], answer
    await callee.subscribe(
        lambda details: heard.set_result(details), ground.uri("disclosed"), options=_SubscribeOptions(details_arg="details")
    )
    caller.publish(ground.uri("disclosed"))
    details = await heard
    assert (details.publisher, details.publisher_authid) == (me.session, me.authid), details
