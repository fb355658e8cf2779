"""WAMP-SCRAM in the words of the specification, which autobahn does not speak: its `scram` is another dialect."""

import asyncio
import base64
import hashlib
import hmac
import os

from argon2.low_level import Type, hash_secret_raw
from autobahn.wamp.message import Authenticate
from passlib.utils import saslprep


class SpecScram:
    """Has the methods of autobahn's own authenticators."""

    def __init__(self, authid, password):
        self._authid, self._password = saslprep(authid), saslprep(password).encode()
        self._nonce = _text(os.urandom(16))
        self._verifier = None

    @property
    def authextra(self):
        return {"nonce": self._nonce, "channel_binding": None}

    def on_challenge(self, session, challenge):
        assert challenge.method == "wamp-scram", challenge.method
        extra = challenge.extra
        assert extra["nonce"].startswith(self._nonce), extra
        salted = self._salted(extra)
        name = self._authid.replace("=", "=3D").replace(",", "=2C")
        message = ",".join(
            [
                f"n={name},r={self._nonce}",
                f"r={extra['nonce']},s={extra['salt']},i={extra['iterations']}",
                f"c={_text(b'n,,')},r={extra['nonce']}",
            ]
        ).encode()
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), message)
        proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        self._verifier = _text(_hmac(_hmac(salted, b"Server Key"), message))
        # autobahn has no room for what belongs beside the proof, so the answer goes its own way.
        answer = {"nonce": extra["nonce"], "channel_binding": None, "cbind_data": None}
        session._transport.send(Authenticate(_text(proof), answer))
        return asyncio.get_running_loop().create_future()

    def on_welcome(self, session, authextra):
        return None if authextra["verifier"] == self._verifier else "the router does not know the password"

    def _salted(self, extra):
        salt, iterations = base64.b64decode(extra["salt"], validate=True), extra["iterations"]
        if extra["kdf"] == "pbkdf2":
            assert extra["memory"] is None, extra
            return hashlib.pbkdf2_hmac("sha256", self._password, salt, iterations)
        assert extra["kdf"] == "argon2id13", extra
        return hash_secret_raw(self._password, salt, iterations, extra["memory"], 1, 32, Type.ID)


def _hmac(key, text):
    return hmac.digest(key, text, "sha256")


def _text(octets):
    return base64.b64encode(octets).decode()
