"""Subscriptions of the Advanced Profile: patterns, lists, and events that are kept for later."""

import asyncio as _asyncio

from autobahn.wamp.types import PublishOptions as _PublishOptions
from autobahn.wamp.types import SubscribeOptions as _SubscribeOptions
from ground import NotHere as _NotHere


class _Listener:
    """Collects what arrives, with the details."""

    def __init__(self):
        self._events = _asyncio.Queue()

    async def to(self, peer, topic, **options):
        options = _SubscribeOptions(details=True, **options)
        self.subscription = await peer.subscribe(self._event, topic, options=options)
        return self

    def _event(self, word, details):
        self._events.put_nowait((word, details))

    async def until(self, last):
        """The words before `last`."""
        return [word for word, _ in await self.details_until(last)]

    async def details_until(self, last):
        events = []
        while (event := await self._events.get())[0] != last:
            events.append(event)
        return events


async def patterns_hear_what_they_match(ground):
    subscriber, publisher = await ground.there(), await ground.here()
    for match, pattern, matching in (
        ("prefix", "a.b", ["a.b", "a.b.c", "a.bc"]),
        ("wildcard", "a..c", ["a.b.c", "a.x.c"]),
    ):
        listener = await _Listener().to(subscriber, ground.uri(pattern), match=match)
        for name in ("a", "a.b", "a.b.c", "a.bc", "a.x.c", "a.x.c.d", "b"):
            publisher.publish(ground.uri(name), name)
        publisher.publish(ground.uri("a.b.c"), "end")
        events = await listener.details_until("end")
        assert [word for word, _ in events] == matching, (pattern, events)
        assert [details.topic for _, details in events] == [ground.uri(name) for name in matching], events
        await listener.subscription.unsubscribe()


async def every_matching_subscription_has_the_publication(ground):
    subscriber, publisher = await ground.there(), await ground.here()
    kinds = [("exact", "a.b.c"), ("prefix", "a.b"), ("wildcard", "a..c")]
    listeners = [await _Listener().to(subscriber, ground.uri(topic), match=match) for match, topic in kinds]
    for word in ("once", "end"):
        publisher.publish(ground.uri("a.b.c"), word)
    heard = [await listener.details_until("end") for listener in listeners]
    assert [[word for word, _ in events] for events in heard] == [["once"]] * 3, heard
    assert len({events[0][1].publication for events in heard}) == 1, heard


async def lists_of_sessions_choose_who_hears(ground):
    publisher, peers, listeners = await _audience(ground)
    one, two, three = (peer.joined.result().session for peer in peers)
    for word, options in (
        ("not one", {"exclude": one}),
        ("not one, two", {"exclude": [one, two]}),
        ("only two", {"eligible": [two]}),
        ("only one, two, but not two", {"eligible": [one, two], "exclude": [two]}),
        ("nobody", {"eligible": [1]}),
        ("everybody", {}),
    ):
        publisher.publish(ground.uri("news"), word, options=_PublishOptions(**options))
    assert await _heard(ground, publisher, listeners) == [
        ["only one, two, but not two", "everybody"],
        ["not one", "only two", "everybody"],
        ["not one", "not one, two", "everybody"],
    ]


async def lists_of_users_and_roles_choose_who_hears(ground):
    publisher, peers, listeners = await _audience(ground)
    details = peers[0].joined.result()
    authid, authrole = details.authid, details.authrole
    assert len({peer.joined.result().authid for peer in peers}) == 3, "anonymous users have names of their own"
    for word, options in (
        ("not one", {"exclude_authid": authid}),
        ("only one", {"eligible_authid": [authid]}),
        ("all of the role", {"eligible_authrole": [authrole]}),
        ("none of the role", {"exclude_authrole": authrole}),
        ("the role, not one", {"eligible_authrole": authrole, "exclude_authid": [authid]}),
    ):
        publisher.publish(ground.uri("news"), word, options=_PublishOptions(**options))
    others = ["not one", "all of the role", "the role, not one"]
    assert await _heard(ground, publisher, listeners) == [["only one", "all of the role"], others, others]


async def publishers_stay_unknown_unless_disclosed(ground):
    publisher, _, listeners = await _audience(ground)
    publisher.publish(ground.uri("news"), "who?")
    publisher.publish(ground.uri("news"), "end")
    ((_, details),) = await listeners[0].details_until("end")
    assert (details.publisher, details.publisher_authid, details.publisher_authrole) == (None,) * 3, details


async def a_retained_event_waits_for_subscribers(ground):
    publisher = await _keeps_events(ground)
    for word, retain in (("first", True), ("second", True), ("third", None)):
        await publisher.publish(
            ground.uri("news"), word, options=_PublishOptions(retain=retain, acknowledge=True)
        )
    with_it = await _Listener().to(await ground.there(), ground.uri("news"), get_retained=True)
    without = await _Listener().to(await ground.there(), ground.uri("news"))
    publisher.publish(ground.uri("news"), "end")
    ((word, details),) = await with_it.details_until("end")
    assert (word, details.retained) == ("second", True), (word, details)
    assert await without.until("end") == []


async def a_pattern_gets_what_is_retained_below_it(ground):
    publisher = await _keeps_events(ground)
    for name in ("a.b.one", "a.b.two", "a.c"):
        await publisher.publish(
            ground.uri(name), name, options=_PublishOptions(retain=True, acknowledge=True)
        )
    listener = await _Listener().to(await ground.there(), ground.uri("a.b"), match="prefix", get_retained=True)
    publisher.publish(ground.uri("a.b"), "end")
    events = await listener.details_until("end")
    topics = sorted((word, details.topic) for word, details in events)
    assert topics == [(name, ground.uri(name)) for name in ("a.b.one", "a.b.two")], topics


async def _keeps_events(ground):
    publisher = await ground.here()
    if not publisher.roles["broker"].event_retention:
        raise _NotHere("the router does not announce event_retention")
    return publisher


async def _audience(ground):
    """A publisher, three subscribers and their listeners."""
    publisher = await ground.here()
    peers = [await ground.there() for _ in range(3)]
    return publisher, peers, [await _Listener().to(peer, ground.uri("news")) for peer in peers]


async def _heard(ground, publisher, listeners):
    publisher.publish(ground.uri("news"), "end")
    return [await listener.until("end") for listener in listeners]
