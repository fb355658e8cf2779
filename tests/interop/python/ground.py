"""Where a scenario plays: the router's doors, and autobahn sessions that come in through them.

A scenario asks its `Ground` for sessions `here` (the side under test) and `there` (the other side, maybe over another
transport and serializer). Whatever it leaves open is torn down when the ground is cleared.
"""

import asyncio
import functools
import itertools
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp.auth import create_authenticator
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import ComponentConfig
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from keys import BothSign
from longpoll import LongPoll
from scram import SpecScram

SERIALIZERS = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}

# Several messages in one of WebSocket's. autobahn offers these before the others unless told otherwise.
BATCHED = {f"{name}.batched": functools.partial(make, batched=True) for name, make in SERIALIZERS.items()}

# Where certificates of clients are.
LOGINS = Path(__file__).parents[1] / "logins"

_numbers = itertools.count(1)


class Refused(Exception):
    """The router answered HELLO with ABORT, or closed the transport before an answer."""

    def __init__(self, reason, message):
        super().__init__(f"{reason}: {message}")
        self.reason = reason


async def refused(joining, reason):
    """`joining` ends with ABORT, and this is its reason."""
    try:
        await joining
    except Refused as refusal:
        assert refusal.reason == reason, str(refusal)
    else:
        raise AssertionError("the router let the session in")


async def fails(request, *uris):
    """Waits for `request` to fail with one of the errors `uris` and returns the error."""
    try:
        result = await request
    except ApplicationError as error:
        assert error.error in uris, error
        return error
    raise AssertionError(f"no {uris}, but {result!r}")


class NotHere(Exception):
    """A scenario has nothing to show between these sessions, and why. It does not count."""


class Token:
    """What autobahn has no authenticator for: a token as the answer to a challenge, or nothing, where the transport says it all."""

    authextra = None

    def __init__(self, authid=None, token=None):
        self._token = token

    def on_challenge(self, session, challenge):
        assert self._token, "the header was not enough"
        return self._token

    def on_welcome(self, session, authextra):
        return None


class Login:
    """One way of logging in: autobahn's own authenticator for a method, made from the credentials in `logins.json`."""

    def __init__(self, method, credentials):
        self.method, self.authid = method, credentials.get("authid")
        # Beside HELLO: headers for HTTP, a file for TLS.
        self.headers = {}
        if header := credentials.pop("header", None):
            self.headers["Authorization"] = f"Bearer {header}"
        if cookie := credentials.pop("cookie", None):
            self.headers["Cookie"] = cookie
        self.certificate = credentials.pop("certificate", None)
        own = {"jwt": Token, "wamp-scram": SpecScram, "tls": Token, "cookie": Token}
        make = own.get(method, functools.partial(create_authenticator, method))
        if "router" in credentials:
            make = BothSign
        self._authenticator = make(**credentials)

    @property
    def authextra(self):
        return self._authenticator.authextra or None

    def answer(self, session, challenge):
        return self._authenticator.on_challenge(session, challenge)

    def check(self, session, authextra):
        """What the authenticator has against the router, if anything."""
        return self._authenticator.on_welcome(session, authextra)


class Peer(ApplicationSession):
    """One session. `joined`, `left` and `gone` complete in that order over its life."""

    def __init__(self, realm, login=None):
        super().__init__(ComponentConfig(realm))
        self.login = login or Login("anonymous", {})
        loop = asyncio.get_running_loop()
        self.joined, self.left, self.gone = (loop.create_future() for _ in range(3))
        self.roles = None

    def onConnect(self):
        login = self.login
        self.join(self.config.realm, [login.method], login.authid, authextra=login.authextra)

    def onChallenge(self, challenge):
        return self.login.answer(self, challenge)

    def onWelcome(self, welcome):
        self.roles = welcome.roles
        return self.login.check(self, welcome.authextra)

    def onJoin(self, details):
        self.joined.set_result(details)

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(Refused(details.reason, details.message))
        self.left.set_result(details)
        return super().onLeave(details)

    def onDisconnect(self):
        super().onDisconnect()
        if not self.joined.done():
            self.joined.set_exception(Refused("transport lost", "closed before WELCOME or ABORT"))
        self.gone.set_result(None)

    @property
    def cookie(self):
        """What the router has set, as a client sends it back."""
        return self._transport.http_headers["set-cookie"].split(";")[0]

    @property
    def compresses(self):
        return bool(self._transport.websocket_extensions_in_use)

    def vanish(self):
        """Destroys the socket: no GOODBYE, no closing handshake."""
        if self._transport:
            self._transport.transport.abort()


@dataclass(frozen=True)
class Door:
    """One way in: a transport of the router under a serializer."""

    transport: str
    serializer: str

    def __str__(self):
        return f"{self.transport}/{self.serializer}"


class Router:
    """What the file written by the runner says about the router under test."""

    def __init__(self, path):
        with open(path, encoding="utf8") as file:
            self._about = json.load(file)
        self.realm = self._about["realm"]
        self.transports = self._about["transports"]
        # The port where somebody may be asked by HTTP who joins.
        self.hook = self._about["hook"]

    async def connect(self, door, peer):
        """Opens the transport behind `door` and lets `peer` join over it."""
        way = self.transports[door.transport]
        serializer = (SERIALIZERS | BATCHED)[door.serializer]()
        tls = ssl.create_default_context(cafile=self._about["ca"]) if way.get("tls") else None
        if tls and peer.login.certificate:
            tls.load_cert_chain(LOGINS / peer.login.certificate)
        if way["framing"] == "longpoll":
            await LongPoll(way, serializer, tls).open(peer)
            return await peer.joined
        if way["framing"] == "rawsocket":
            factory = WampRawSocketClientFactory(lambda: peer, serializer=serializer)
        else:
            factory = self._websocket(way, peer, serializer)
        loop = asyncio.get_running_loop()
        if "unix" in way:
            await loop.create_unix_connection(factory, way["unix"])
        else:
            await loop.create_connection(factory, way["host"], way["port"], ssl=tls)
        details = await peer.joined
        if way["framing"] == "websocket":
            assert peer.compresses == way.get("compression", False), "compression as the listener has it"
        return details

    @staticmethod
    def _websocket(way, peer, serializer):
        scheme = "wss" if way.get("tls") else "ws"
        url = f"{scheme}://{way.get('host', 'localhost')}:{way.get('port', 80)}{way['path']}"
        headers = peer.login.headers or None
        factory = WampWebSocketClientFactory(lambda: peer, url=url, headers=headers, serializers=[serializer])
        # As autobahn's own runner sets it: an extension is offered, which a router may decline.
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=accept_compression,
            autoFragmentSize=65536,
            failByDrop=False,
        )
        return factory


def accept_compression(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)


class Ground:
    """The sessions and names of one run of one scenario."""

    def __init__(self, router, here, there):
        self.router, self._here, self._there = router, here, there
        self._number = next(_numbers)
        self._peers = []

    def uri(self, name):
        """A URI that no other run uses."""
        return f"interop.n{self._number}.{name}"

    async def here(self, **how):
        return await self._join(self._here, **how)

    async def there(self):
        return await self._join(self._there)

    @property
    def transport(self):
        """The name of the transport `here`."""
        return self._here.transport

    async def _join(self, door, realm=None, login=None):
        peer = Peer(realm or self.router.realm, login)
        self._peers.append(peer)
        await self.router.connect(door, peer)
        return peer

    async def clear(self):
        """Nothing of the scenario outlives it."""
        for peer in self._peers:
            # Read, or asyncio complains about a refusal that nobody looked at.
            if peer.joined.done() and not peer.joined.cancelled():
                peer.joined.exception()
            peer.vanish()
        await asyncio.gather(*(peer.gone for peer in self._peers if peer.joined.done()))
