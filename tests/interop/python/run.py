"""autobahn-python against a running router: every transport and serializer of the client, every scenario.

    python run.py ROUTER.json RESULT.json [WORD ...]

ROUTER.json says where the router listens, RESULT.json is written. Words pick the ways and scenarios that contain one.
"""

import asyncio
import itertools
import logging
import sys
import traceback

import autobahn
from ground import BATCHED, SERIALIZERS, Door, Ground, NotHere, Router
from report import Report
from scenarios import ALONE, BETWEEN, PATIENT

SCENARIO_SECONDS = 20
RUN_SECONDS = 600


def ways(router):
    """The pairs of doors to try, with their scenarios: each door with itself, then each pair of serializers."""
    transports = list(router.transports)
    for transport, serializer in itertools.product(transports, SERIALIZERS):
        door = Door(transport, serializer)
        yield str(door), door, door, ALONE
    # Batches, as they are and compressed.
    for transport, serializer in itertools.product(["ws", "ws+deflate", "http"], BATCHED):
        door = Door(transport, serializer)
        yield str(door), door, door, ALONE
    # Every ordered pair of serializers over every transport; the other side stands one transport further.
    for (position, near), (here, there) in itertools.product(
        enumerate(transports), itertools.permutations(SERIALIZERS, 2)
    ):
        far = transports[(position + 1) % len(transports)]
        one, other = Door(near, here), Door(far, there)
        yield f"{one} <-> {other}", one, other, BETWEEN


async def play(router, here, there, scenario):
    """Runs one scenario; returns what went wrong, in full, or None."""
    ground = Ground(router, here, there)
    try:
        await asyncio.wait_for(scenario(ground), SCENARIO_SECONDS)
    except TimeoutError:
        return f"no end after {SCENARIO_SECONDS} seconds\n{traceback.format_exc()}"
    except NotHere:
        raise
    except Exception:
        return traceback.format_exc()
    finally:
        try:
            await asyncio.wait_for(ground.clear(), SCENARIO_SECONDS)
        except TimeoutError:
            print("a session of the last scenario did not end", file=sys.stderr)
    return None


async def play_all(router, report, words):
    plays = [
        (way, name, here, there, scenario)
        for way, here, there, scenarios in ways(router)
        for name, scenario in scenarios.items()
        if not words or any(word in f"{way} {name}" for word in words)
    ]

    async def add(way, name, here, there, scenario):
        try:
            report.add(way, name, await play(router, here, there, scenario))
        except NotHere as why:
            report.skip(name, str(why))

    for one in plays:
        if not any(one[1] in group for group in PATIENT):
            await add(*one)
    # Who only waits can do so at the same time. The others have had the router for themselves.
    for group in PATIENT:
        await asyncio.gather(*(add(*one) for one in plays if one[1] in group))


async def main(router_file, result_file, *words):
    report = Report(f"autobahn-python {autobahn.__version__}")
    asyncio.get_running_loop().set_exception_handler(lambda _, context: None)
    try:
        await asyncio.wait_for(play_all(Router(router_file), report, words), RUN_SECONDS)
    except TimeoutError:
        report.add("all", "the whole run", f"no end after {RUN_SECONDS} seconds")
    report.print()
    report.write(result_file)
    print(f"\n{report.passed} passed, {len(report.failures)} failed")
    return 1 if report.failures or not report.passed else 0


if __name__ == "__main__":
    # Autobahn reports every session that was refused or lost, and every error of a procedure; a run makes thousands.
    logging.disable()
    sys.exit(asyncio.run(main(*sys.argv[1:])))
