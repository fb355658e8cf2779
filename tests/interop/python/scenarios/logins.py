"""Ways of logging in, as `logins.json` lists them."""

import json
from pathlib import Path

from ground import Login, NotHere, refused

LOGINS = json.loads((Path(__file__).parents[2] / "logins/logins.json").read_text(encoding="utf8"))


def _right(login):
    async def scenario(ground):
        _check(login, ground)
        peer = await ground.here(realm=login["realm"], login=Login(login["method"], dict(login["right"])))
        details = peer.joined.result()
        for key, value in login["welcome"].items():
            assert getattr(details, key) == value, f"{key} is {getattr(details, key)}"

    return scenario


def _wrong(login):
    async def scenario(ground):
        _check(login, ground)
        for wrong in login["wrong"]:
            joining = ground.here(realm=login["realm"], login=Login(login["method"], dict(wrong)))
            await refused(joining, "wamp.error.authentication_denied")

    return scenario


async def _another(ground):
    """What a realm does not know opens it for nobody, whatever else is right."""
    for realm in {login["realm"] for login in LOGINS}:
        await refused(ground.here(realm=realm), "wamp.error.authentication_required")
        login = Login("anonymous", {})
        login.method, login.authid = "telepathy", "ada"
        await refused(ground.here(realm=realm, login=login), "wamp.error.no_matching_auth_method")


async def _bound(ground):
    """The binding that autobahn knows is none that the router has, and autobahn signs for it nevertheless."""
    if ground.transport not in ("wss", "tls"):
        raise NotHere("only over wss, tls")
    (login,) = (login for login in LOGINS if login["name"] == "cryptosign")
    credentials = login["right"] | {"authextra": {"channel_binding": "tls-unique"}}
    joining = ground.here(realm=login["realm"], login=Login("cryptosign", credentials))
    await refused(joining, "wamp.error.authentication_denied")


def _check(login, ground):
    if ground.transport not in login.get("only", [ground.transport]):
        raise NotHere(f"only over {', '.join(login['only'])}")


def scenarios():
    """Two for each login that this client can do, and what none of them is."""
    mine = [login for login in LOGINS if "python" in login.get("clients", ["python"])]
    right = {f"logins: {login['name']} opens the realm": _right(login) for login in mine}
    wrong = {f"logins: {login['name']} has to be right": _wrong(login) for login in mine}
    others = {"another method opens no realm": _another, "a signature for another channel opens no realm": _bound}
    return right | wrong | {f"logins: {name}": scenario for name, scenario in others.items()}
