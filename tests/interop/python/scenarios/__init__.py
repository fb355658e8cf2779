"""Every scenario, by group. `ALONE` needs one door; `BETWEEN` is about payloads that cross from one door to another."""

from . import payload, pubsub, rpc, session


def _of(module):
    """The public coroutines of `module` in the order in which they are written."""
    group = module.__name__.rsplit(".", 1)[1]
    return {
        f"{group}: {name.replace('_', ' ')}": function
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", None) == module.__name__
    }


ALONE = {**_of(session), **_of(rpc), **_of(pubsub), **_of(payload)}
BETWEEN = {**_of(payload), **{f"rpc: {name}": ALONE[f"rpc: {name}"] for name in rpc.CROSSING}}
