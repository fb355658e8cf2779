"""Who joins, and what may be done then, decided by procedures that autobahn has registered."""

from contextlib import asynccontextmanager as _asynccontextmanager

from autobahn.wamp.exception import ApplicationError as _ApplicationError
from ground import Login as _Login
from ground import fails as _fails
from ground import refused as _refused

_JUDGES, _DECIDED = "login.judges", "login.decided"
_TICKET = {"authid": "ada", "ticket": "analytical engine"}


async def a_ticket_is_judged_by_a_procedure(ground):
    asked = []

    def who(realm, authid, details):
        asked.append((realm, authid, details["authmethod"], "session" in details, "peer" in details["transport"]))
        if (authid, details["ticket"]) == ("ada", "analytical engine"):
            return {"authid": "ada.1", "role": "member", "extra": {"title": "countess"}}
        raise _ApplicationError("com.example.no_such_user", "who is that?")

    async with _judged(ground, who=who):
        member = await _joins(ground, "ticket", _TICKET)
        details = member.joined.result()
        assert (details.authid, details.authrole, details.authmethod) == ("ada.1", "member", "ticket"), details
        assert details.authprovider == "dynamic", details
        assert details.authextra == {"title": "countess"}, details.authextra
        for authid, ticket in [("ada", "difference engine"), ("bob", "analytical engine")]:
            wrong = {"authid": authid, "ticket": ticket}
            await _refused(_joins(ground, "ticket", wrong), "wamp.error.authentication_denied")
        assert asked[0] == (_DECIDED, "ada", "ticket", True, True), asked


async def a_role_is_answer_enough(ground):
    async with _judged(ground, who=lambda realm, authid, details: "member"):
        member = await _joins(ground, "ticket", _TICKET)
        assert member.joined.result().authrole == "member"


async def a_secret_is_said_by_a_procedure(ground):
    def who(realm, authid, details):
        if authid == "ada":
            return {"role": "member", "secret": "analytical engine"}
        raise _ApplicationError("com.example.no_such_user", "who is that?")

    async with _judged(ground, who=who):
        member = await _joins(ground, "wampcra", {"authid": "ada", "secret": "analytical engine"})
        assert member.joined.result().authmethod == "wampcra"
        for wrong in [{"authid": "ada", "secret": "guess"}, {"authid": "bob", "secret": "analytical engine"}]:
            await _refused(_joins(ground, "wampcra", wrong), "wamp.error.authentication_denied")


async def nobody_gets_in_without_a_judge(ground):
    await _refused(_joins(ground, "ticket", _TICKET), "wamp.error.authentication_failed")

    def who(realm, authid, details):
        raise RuntimeError("the database is gone")

    async with _judged(ground, who=who):
        await _refused(_joins(ground, "ticket", _TICKET), "wamp.error.authentication_failed")


async def requests_are_judged_by_a_procedure(ground):
    asked = []

    def what(session, uri, action, options):
        asked.append((session["authid"], session["authrole"], uri, action))
        if uri == ground.uri("broken"):
            raise RuntimeError("the database is gone")
        return {"allow": True, "cache": True} if uri == ground.uri("open") else uri == ground.uri("yes")

    async with _judged(ground, who=lambda realm, authid, details: "member", what=what):
        member = await _joins(ground, "ticket", _TICKET)
        await member.register(lambda: 23, ground.uri("yes"))
        assert await member.call(ground.uri("yes")) == 23
        await _fails(member.register(lambda: 23, ground.uri("no")), "wamp.error.not_authorized")
        await _fails(member.subscribe(print, ground.uri("no")), "wamp.error.not_authorized")
        await _fails(member.call(ground.uri("broken")), "wamp.error.authorization_failed")
        assert asked == [
            ("ada", "member", ground.uri("yes"), "register"),
            ("ada", "member", ground.uri("yes"), "call"),
            ("ada", "member", ground.uri("no"), "register"),
            ("ada", "member", ground.uri("no"), "subscribe"),
            ("ada", "member", ground.uri("broken"), "call"),
        ], asked
        for _ in range(3):
            await _fails(member.call(ground.uri("open")), "wamp.error.no_such_procedure")
        assert len(asked) == 6, asked


@_asynccontextmanager
async def _judged(ground, who, what=None):
    """Somebody decides meanwhile, and leaves in peace: the next scenario has the same procedures."""
    judge = await ground.here(realm=_JUDGES)
    await judge.register(who, "interop.decide.who")
    if what:
        await judge.register(what, "interop.decide.what")
    try:
        yield
    finally:
        judge.leave()
        await judge.left


def _joins(ground, method, credentials):
    return ground.here(realm=_DECIDED, login=_Login(method, dict(credentials)))
