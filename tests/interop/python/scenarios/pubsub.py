"""Publish and subscribe.

A publication without an acknowledgement can't be waited for, so the publisher sends a last word on the same topic and
the subscriber waits for that: events of one publisher arrive in the order in which they were published.
"""

import asyncio as _asyncio

from autobahn.wamp.exception import ApplicationError as _ApplicationError
from autobahn.wamp.types import PublishOptions as _PublishOptions

_ACKNOWLEDGED = _PublishOptions(acknowledge=True)


class _Listener:
    """Collects events until the last word."""

    LAST = "that was the last word"

    def __init__(self):
        self.events = []
        self._done = _asyncio.get_running_loop().create_future()

    async def to(self, peer, topic):
        self.subscription = await peer.subscribe(self._event, topic)
        return self

    def _event(self, *args, **kwargs):
        if args == (self.LAST,):
            self._done.set_result(None)
        else:
            self.events.append((list(args), kwargs))

    async def heard(self):
        await self._done
        return self.events


async def events_of_every_shape(ground):
    subscriber, publisher = await ground.there(), await ground.here()
    listener = await _Listener().to(subscriber, ground.uri("news"))
    publisher.publish(ground.uri("news"))
    publisher.publish(ground.uri("news"), 1, "two", None)
    publisher.publish(ground.uri("news"), left=1, right=[2])
    publisher.publish(ground.uri("news"), "both", key=b"\x00\x01")
    publisher.publish(ground.uri("news"), _Listener.LAST)
    assert await listener.heard() == [
        ([], {}),
        ([1, "two", None], {}),
        ([], {"left": 1, "right": [2]}),
        (["both"], {"key": b"\x00\x01"}),
    ], listener.events


async def acknowledged_publications_have_ids(ground):
    publisher = await ground.here()
    ids = [(await publisher.publish(ground.uri("news"), n, options=_ACKNOWLEDGED)).id for n in range(3)]
    assert len(set(ids)) == 3 and all(1 <= id <= 2**53 for id in ids), ids


async def the_publisher_is_left_out(ground):
    publisher = await ground.here()
    listener = await _Listener().to(publisher, ground.uri("news"))
    await publisher.publish(ground.uri("news"), "unheard", options=_ACKNOWLEDGED)
    publisher.publish(ground.uri("news"), _Listener.LAST, options=_PublishOptions(exclude_me=False))
    assert await listener.heard() == [], listener.events


async def the_publisher_is_let_in_on_request(ground):
    publisher = await ground.here()
    listener = await _Listener().to(publisher, ground.uri("news"))
    for word in ("heard", _Listener.LAST):
        publisher.publish(ground.uri("news"), word, options=_PublishOptions(exclude_me=False))
    assert await listener.heard() == [(["heard"], {})], listener.events


async def every_subscriber_hears(ground):
    publisher = await ground.here()
    peers = [await ground.there() for _ in range(4)] + [await ground.here()]
    listeners = [await _Listener().to(peer, ground.uri("news")) for peer in peers]
    for word in ("all", _Listener.LAST):
        publisher.publish(ground.uri("news"), word)
    for listener in listeners:
        assert await listener.heard() == [(["all"], {})], listener.events


async def other_topics_stay_silent(ground):
    subscriber, publisher = await ground.there(), await ground.here()
    listener = await _Listener().to(subscriber, ground.uri("news"))
    for topic in ("new", "news.more", "NEWS"):
        publisher.publish(ground.uri(topic), topic)
    publisher.publish(ground.uri("news"), _Listener.LAST)
    assert await listener.heard() == [], listener.events


async def unsubscribed_means_silence(ground):
    subscriber, publisher = await ground.there(), await ground.here()
    left = await _Listener().to(subscriber, ground.uri("news"))
    await left.subscription.unsubscribe()
    await publisher.publish(ground.uri("news"), "unheard", options=_ACKNOWLEDGED)
    kept = await _Listener().to(subscriber, ground.uri("end"))
    publisher.publish(ground.uri("end"), _Listener.LAST)
    assert await kept.heard() == []
    assert left.events == [], left.events


async def unsubscribing_twice_is_an_error(ground):
    subscriber, other = await ground.here(), await ground.there()
    listener = await _Listener().to(subscriber, ground.uri("news"))
    await _Listener().to(other, ground.uri("news"))
    # Autobahn refuses to send the second UNSUBSCRIBE unless its own book still holds the subscription.
    book = subscriber._subscriptions[listener.subscription.id]
    await listener.subscription.unsubscribe()
    listener.subscription.active = True
    subscriber._subscriptions[listener.subscription.id] = book + [listener.subscription]
    try:
        await listener.subscription.unsubscribe()
    except _ApplicationError as error:
        assert error.error == "wamp.error.no_such_subscription", error
    else:
        raise AssertionError("the router unsubscribed twice")


async def a_thousand_events_keep_their_order(ground):
    subscriber, publisher = await ground.there(), await ground.here()
    listener = await _Listener().to(subscriber, ground.uri("news"))
    for number in range(1000):
        publisher.publish(ground.uri("news"), number)
        # Let the socket breathe: a burst beyond the outbox is the router's to drop, and not what is asked here.
        if number % 50 == 49:
            await publisher.publish(ground.uri("pause"), options=_ACKNOWLEDGED)
    publisher.publish(ground.uri("news"), _Listener.LAST)
    numbers = [args[0] for args, _ in await listener.heard()]
    assert numbers == list(range(1000)), numbers


async def a_mebibyte_reaches_everybody(ground):
    publisher = await ground.here()
    binary, text = bytes(range(256)) * 4096, "€" * 350000
    listeners = [await _Listener().to(await ground.there(), ground.uri("news")) for _ in range(2)]
    publisher.publish(ground.uri("news"), binary)
    publisher.publish(ground.uri("news"), text)
    publisher.publish(ground.uri("news"), _Listener.LAST)
    for listener in listeners:
        assert await listener.heard() == [([binary], {}), ([text], {})]


async def a_vanished_subscriber_harms_nobody(ground):
    publisher, vanishing, staying = await ground.here(), await ground.there(), await ground.there()
    await _Listener().to(vanishing, ground.uri("news"))
    listener = await _Listener().to(staying, ground.uri("news"))
    publisher.publish(ground.uri("news"), "before")
    vanishing.vanish()
    await publisher.publish(ground.uri("news"), "after", options=_ACKNOWLEDGED)
    publisher.publish(ground.uri("news"), _Listener.LAST)
    assert await listener.heard() == [(["before"], {}), (["after"], {})], listener.events
