"""Cryptosign where the router proves who it is as well, which autobahn leaves to those who use it."""

import os

from autobahn.wamp.auth import create_authenticator
from autobahn.wamp.types import Challenge
from nacl.signing import VerifyKey


class BothSign:
    """Has the methods of autobahn's own authenticators, and asks one of them for the client's half."""

    def __init__(self, authid, privkey, router):
        self._router, self._asked = bytes.fromhex(router), os.urandom(32)
        authextra = {"challenge": self._asked.hex()}
        self._client = create_authenticator("cryptosign", authid=authid, privkey=privkey, authextra=authextra)
        self.authextra = self._client.authextra

    def on_challenge(self, session, challenge: Challenge):
        extra = challenge.extra
        assert extra["pubkey"] == self._router.hex(), extra
        signed = bytes.fromhex(extra["signature"])
        assert signed[64:] == self._asked, extra
        VerifyKey(self._router).verify(self._asked, signed[:64])
        return self._client.on_challenge(session, challenge)

    def on_welcome(self, session, authextra):
        return None
