"""What a role may do, as `permissions.toml` says, and how a client is told what it may not."""

import asyncio as _asyncio

from autobahn.wamp.types import PublishOptions as _PublishOptions
from autobahn.wamp.types import RegisterOptions as _RegisterOptions
from autobahn.wamp.types import SubscribeOptions as _SubscribeOptions
from ground import fails as _fails

_ACKNOWLEDGED = _PublishOptions(acknowledge=True)
_DENIED = "wamp.error.not_authorized"


async def what_is_allowed_works(ground):
    peer, heard = await ground.here(realm="permitted"), _asyncio.Queue()
    await peer.register(lambda a, b: a + b, ground.uri("open"))
    assert await peer.call(ground.uri("open"), 2, 3) == 5
    await peer.subscribe(heard.put_nowait, ground.uri("open"))
    options = _PublishOptions(acknowledge=True, exclude_me=False)
    await peer.publish(ground.uri("open"), "news", options=options)
    assert await heard.get() == "news"


async def what_is_not_allowed_is_refused(ground):
    peer = await ground.here(realm="permitted")
    await _fails(peer.register(lambda: None, ground.uri("heard")), _DENIED)
    await _fails(peer.subscribe(lambda: None, ground.uri("offered")), _DENIED)
    await _fails(peer.publish(ground.uri("heard"), 1, options=_ACKNOWLEDGED), _DENIED)
    await peer.subscribe(lambda: None, ground.uri("heard"))


async def a_denial_does_not_tell_what_exists(ground):
    peer = await ground.here(realm="permitted")
    await _fails(peer.call(ground.uri("offered")), _DENIED)
    await peer.register(lambda: None, ground.uri("offered"))
    await _fails(peer.call(ground.uri("offered")), _DENIED)


async def a_publication_that_is_not_acknowledged_is_lost_in_silence(ground):
    publisher, subscriber = await ground.here(realm="permitted"), await ground.here(realm="permitted")
    heard = _asyncio.Queue()
    await subscriber.subscribe(heard.put_nowait, ground.uri("heard"))
    await subscriber.subscribe(heard.put_nowait, ground.uri("open"))
    publisher.publish(ground.uri("heard"), "unheard")
    publisher.publish(ground.uri("open"), "last word")
    assert await heard.get() == "last word"
    # It lived through that.
    await publisher.publish(ground.uri("open"), "later", options=_ACKNOWLEDGED)


async def options_may_be_forbidden(ground):
    peer = await ground.here(realm="permitted")
    await peer.publish(ground.uri("fleeting"), options=_ACKNOWLEDGED)
    retained = _PublishOptions(acknowledge=True, retain=True)
    await _fails(peer.publish(ground.uri("fleeting"), options=retained), "wamp.error.option_not_allowed")


async def a_pattern_needs_all_that_it_matches(ground):
    peer = await ground.here(realm="permitted")
    wildcard = _SubscribeOptions(match="wildcard")
    await _fails(peer.subscribe(lambda: None, ground.uri("tree."), options=wildcard), _DENIED)
    await _fails(peer.register(lambda: None, ground.uri("tree."), options=_RegisterOptions(match="wildcard")), _DENIED)
    await peer.subscribe(lambda: None, ground.uri("tree.leaf"))
    await _fails(peer.subscribe(lambda: None, ground.uri("tree.key")), _DENIED)
    # More than any permission covers.
    await _fails(peer.subscribe(lambda: None, ground.uri("tree"), options=_SubscribeOptions(match="prefix")), _DENIED)


async def the_router_can_be_asked_by_those_who_may(ground):
    peer = await ground.here(realm="permitted")
    await _fails(peer.call("wamp.session.count"), _DENIED)
    await _fails(peer.subscribe(lambda: None, "wamp.session.on_join"), _DENIED)


async def without_roles_nobody_may_change_anything_for_others(ground):
    peer = await ground.here(realm="unruled")
    session = peer.joined.result().session
    assert await peer.call("wamp.session.count") >= 1
    await _fails(peer.call("wamp.session.kill", session), _DENIED)
    await _fails(peer.call("wamp.session.kill_all"), _DENIED)
    await _fails(peer.call("wamp.session.add_testament", ground.uri("will"), [], {}), _DENIED)
    registration = await peer.register(lambda: "mine", ground.uri("mine"))
    await _fails(peer.call("wamp.registration.remove_callee", registration.id, session), _DENIED)
    assert await peer.call(ground.uri("mine")) == "mine"
