"""Being known again by a cookie. autobahn sends the header that it is given, as a browser would by itself."""

from ground import Login, NotHere, refused

REALM = "login.cookie"


async def _log_in(ground):
    """The cookie of a session that has logged in with a ticket."""
    if ground.transport in ("tcp", "tls", "unix"):
        raise NotHere("there is no HTTP request")
    peer = await ground.here(realm=REALM, login=Login("ticket", {"authid": "ada", "ticket": "analytical engine"}))
    return peer.cookie


async def who_has_logged_in_is_known_again(ground):
    cookie = await _log_in(ground)
    peer = await ground.here(realm=REALM, login=Login("cookie", {"cookie": f"theme=dark; {cookie}"}))
    details = peer.joined.result()
    assert (details.authid, details.authrole, details.authmethod) == ("ada", "member", "cookie"), details


async def an_altered_one_is_worth_nothing(ground):
    cookie = await _log_in(ground)
    forged = cookie[:-1] + ("0" if cookie[-1] != "0" else "1")
    for credentials in [{"cookie": forged}, {}]:
        joining = ground.here(realm=REALM, login=Login("cookie", credentials))
        await refused(joining, "wamp.error.authentication_denied")
