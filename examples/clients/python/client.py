"""A WAMP session in Python: register and call, subscribe and publish.

    pip install autobahn
    python client.py [ws://127.0.0.1:8080/ws]
"""

import asyncio
import sys

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import PublishOptions

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8080/ws"
REALM = "realm1"


class Client(ApplicationSession):
    ended = None  # the future that `main` waits for

    async def onJoin(self, details):
        print(f"joined {details.realm} as session {details.session}")
        try:
            await self.call_a_procedure()
            await self.hear_an_event()
        except Exception as error:
            Client.ended.set_exception(error)
        self.leave()

    async def call_a_procedure(self):
        def divide(a, b):
            if b == 0:
                raise ApplicationError("com.example.error.division_by_zero", a)
            return a / b

        await self.register(divide, "com.example.divide")
        print("7 / 2 =", await self.call("com.example.divide", 7, 2))
        try:
            await self.call("com.example.divide", 7, 0)
        except ApplicationError as error:
            print("7 / 0 is", error.error)

    async def hear_an_event(self):
        heard = asyncio.get_running_loop().create_future()
        await self.subscribe(lambda text, **more: heard.set_result((text, more)), "com.example.news")
        # A publisher does not hear itself unless it asks to.
        options = PublishOptions(acknowledge=True, exclude_me=False)
        await self.publish("com.example.news", "hello", emphasis=3, options=options)
        print("heard", await heard)

    def onLeave(self, details):
        print("left:", details.reason)
        if not Client.ended.done():
            if details.reason in ("wamp.close.normal", "wamp.close.goodbye_and_out"):
                Client.ended.set_result(None)
            else:
                Client.ended.set_exception(RuntimeError(f"{details.reason}: {details.message}"))
        return super().onLeave(details)


async def main():
    Client.ended = asyncio.get_running_loop().create_future()
    await ApplicationRunner(URL, REALM).run(Client, start_loop=False)
    await Client.ended


asyncio.run(main())
