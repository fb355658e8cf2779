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


def _check(login, ground):
    if ground.transport not in login.get("only", [ground.transport]):
        raise NotHere(f"only over {', '.join(login['only'])}")


def scenarios():
    """Two for each login that this client can do."""
    mine = [login for login in LOGINS if "python" in login.get("clients", ["python"])]
    right = {f"logins: {login['name']} opens the realm": _right(login) for login in mine}
    return right | {f"logins: {login['name']} has to be right": _wrong(login) for login in mine}
