"""Joining and leaving."""

import asyncio as _asyncio

from ground import refused as _refused


async def join_is_welcomed(ground):
    peer = await ground.here()
    details = peer.joined.result()
    assert details.realm == ground.router.realm, details.realm
    assert details.authmethod == "anonymous", details.authmethod
    assert 1 <= details.session <= 2**53, details.session
    assert {"broker", "dealer"} <= set(peer.roles), peer.roles


async def sessions_have_ids_of_their_own(ground):
    ids = {(await ground.here()).joined.result().session for _ in range(5)}
    assert len(ids) == 5, ids


async def goodbye_is_answered(ground):
    peer = await ground.here()
    await peer.leave()
    details = await peer.left
    assert details.reason == "wamp.close.goodbye_and_out", details
    await peer.gone


async def silence_is_no_reason_to_close(ground):
    """The router under test probes after two seconds and gives up after two more; not every client survives every probe."""
    peer = await ground.here()
    await _asyncio.wait([peer.gone], timeout=4.2)
    assert not peer.gone.done(), "closed"
    await peer.register(lambda: "here", ground.uri("still"))


async def unknown_realm_is_refused(ground):
    await _refused(ground.here(realm="no.such.realm"), "wamp.error.no_such_realm")
