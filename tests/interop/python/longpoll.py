"""Long-polling for autobahn sessions, which have no such transport of their own: HTTP/1.1 by hand.

Two connections: one carries what the session says, in order, the other waits for what it is told.
"""

import asyncio
import json

from autobahn.wamp.exception import TransportLost
from autobahn.wamp.types import TransportDetails


class Failed(Exception):
    """The router answered with a status that ends the transport."""


class Http:
    """One connection; requests follow each other."""

    def __init__(self, host, port, tls):
        self._where, self._tls = (host, port), tls
        self._writer = None
        # Those of the last answer.
        self.headers = {}

    async def post(self, path, body, headers=None):
        """The body of the answer."""
        if not self._writer:
            self._reader, self._writer = await asyncio.open_connection(*self._where, ssl=self._tls)
        fields = {"Host": self._where[0], "Content-Length": len(body), **(headers or {})}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n"
        self._writer.write(head.encode() + body)
        status, *fields = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = (field.partition(":") for field in fields if field)
        self.headers = {name.lower(): value.strip() for name, _, value in fields}
        answer = await self._reader.readexactly(int(self.headers.get("content-length", 0)))
        if not 200 <= (number := int(status.split()[1])) < 300:
            raise Failed(f"{path}: {number} {answer.decode()}")
        return answer

    def abort(self):
        if self._writer:
            self._writer.transport.abort()


class LongPoll:
    """What a session takes for its transport."""

    # What sessions and scenarios ask of every transport.
    transport_details = TransportDetails(channel_id={})
    websocket_extensions_in_use = ()
    http_headers = {}

    def __init__(self, way, serializer, tls):
        self._serializer, self._base = serializer, way["path"]
        self._sending, self._receiving = (Http(way["host"], way["port"], tls) for _ in range(2))
        self._outbox = asyncio.Queue()
        self.is_closed = asyncio.get_running_loop().create_future()
        self._session = None

    async def open(self, session):
        """Opens the transport and the session above it."""
        protocol = f"wamp.2.{self._serializer.SERIALIZER_ID}"
        wish = json.dumps({"protocols": [protocol]}).encode()
        about = json.loads(await self._sending.post(f"{self._base}/open", wish, session.login.headers))
        assert about["protocol"] == protocol, about
        self.http_headers = self._sending.headers
        self._base += f"/{about['transport']}"
        self._session = session
        self._tasks = [asyncio.ensure_future(task()) for task in (self._send, self._receive)]
        session.onOpen(self)

    async def _send(self):
        while (message := await self._outbox.get()) is not None:
            try:
                await self._sending.post(f"{self._base}/send", message)
            except (Failed, OSError, EOFError):
                return self._lost()
        try:
            await self._sending.post(f"{self._base}/close", b"")
        except (Failed, OSError, EOFError):
            pass
        self._lost()

    async def _receive(self):
        while self._session:
            try:
                answer = await self._receiving.post(f"{self._base}/receive", b"")
                for message in self._serializer.unserialize(answer) if answer else []:
                    self._session.onMessage(message)
            except Exception:  # of the connection, or a message that the session does not take
                return self._lost()

    def send(self, message):
        if not self._session:
            raise TransportLost()
        self._outbox.put_nowait(self._serializer.serialize(message)[0])

    def isOpen(self):
        return self._session is not None

    def close(self):
        self._outbox.put_nowait(None)

    def abort(self):
        self._lost()

    @property
    def transport(self):
        """Stands for the socket: only `abort` is asked of it."""
        return self

    def _lost(self):
        """Ends everything, once."""
        session, self._session = self._session, None
        if session:
            for task in self._tasks:
                if task is not asyncio.current_task():
                    task.cancel()
            self._sending.abort()
            self._receiving.abort()
            session.onClose(False)
            self.is_closed.set_result(self)
