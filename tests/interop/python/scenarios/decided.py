"""Who joins, and what may be done then, decided by procedures that autobahn has registered, or by a service that is asked by
HTTP.
"""

import asyncio as _asyncio
import json as _json
import tomllib as _tomllib
from contextlib import asynccontextmanager as _asynccontextmanager

from autobahn.wamp.exception import ApplicationError as _ApplicationError
from ground import LOGINS as _FILES
from ground import Login as _Login
from ground import fails as _fails
from ground import refused as _refused

_JUDGES, _DECIDED, _HOOK = "login.judges", "login.decided", "login.hook"
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


async def a_verifier_is_said_by_a_procedure(ground):
    users = _tomllib.loads((_FILES / "users.toml").read_text(encoding="utf8"))["user"]

    def who(realm, authid, details):
        verifier = users.get(authid, {}).get(details["authmethod"])
        return verifier and {"role": "member"} | verifier

    async with _judged(ground, who=who):
        for method, authid in [("wamp-scram", "carl"), ("wamp-scram", "dora"), ("scram", "emil")]:
            member = await _joins(ground, method, {"authid": authid, "password": "pencil"})
            assert member.joined.result().authid == authid
            for wrong in [{"authid": authid, "password": "pen"}, {"authid": "nobody", "password": "pencil"}]:
                await _refused(_joins(ground, method, wrong), "wamp.error.authentication_denied")


async def a_key_is_said_by_a_procedure(ground):
    adas = "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b"
    pubkey = "28e11f427b82b9a625ee7ac89a7d29326b505f2dc11dd88c1245f83b6da79a85"

    def who(realm, authid, details):
        return {"authid": "ada", "role": "member", "pubkey": pubkey}

    async with _judged(ground, who=who):
        member = await _joins(ground, "cryptosign", {"privkey": adas})
        assert member.joined.result().authid == "ada"
        wrong = {"privkey": "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"}
        await _refused(_joins(ground, "cryptosign", wrong), "wamp.error.authentication_denied")


async def a_ticket_is_judged_by_a_service(ground):
    async def answer(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        question = _json.loads(body)
        good = (question["realm"], question["authid"], question["details"]["ticket"]) == (_HOOK, *_TICKET.values())
        says = _json.dumps({"authid": "ada.1", "role": "member"} if good else None)
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(says)}\r\n\r\n"
        writer.write((head + says).encode())
        await writer.drain()
        writer.close()

    await _refused(_joins(ground, "ticket", _TICKET, _HOOK), "wamp.error.authentication_failed")
    async with await _asyncio.start_server(answer, "127.0.0.1", ground.router.hook):
        member = await _joins(ground, "ticket", _TICKET, _HOOK)
        details = member.joined.result()
        assert (details.authid, details.authrole, details.authprovider) == ("ada.1", "member", "http"), details
        for authid, ticket in [("ada", "difference engine"), ("bob", "analytical engine")]:
            wrong = {"authid": authid, "ticket": ticket}
            await _refused(_joins(ground, "ticket", wrong, _HOOK), "wamp.error.authentication_denied")


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


def _joins(ground, method, credentials, realm=_DECIDED):
    return ground.here(realm=realm, login=_Login(method, dict(credentials)))
