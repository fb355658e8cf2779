"""Every scenario, by group.

`ALONE` needs one door; `BETWEEN` is about payloads that cross from one door to another. `PATIENT` spend their time waiting, those
about sessions that vanish over long-polling, where nobody notices at once.
"""

from . import calls, cookies, decided, logins, meta, payload, permissions, pubsub, registrations, rpc, session, subscriptions


def _of(module):
    """The public coroutines of `module` in the order in which they are written."""
    group = module.__name__.rsplit(".", 1)[1]
    return {
        f"{group}: {name.replace('_', ' ')}": function
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", None) == module.__name__
    }


ADVANCED = {**_of(calls), **_of(registrations), **_of(subscriptions), **_of(meta), **_of(permissions)}
ALONE = {**_of(session), **logins.scenarios(), **_of(cookies), **_of(decided), **_of(rpc), **_of(pubsub), **_of(payload), **ADVANCED}
BETWEEN = {**_of(payload), **{f"rpc: {name}": ALONE[f"rpc: {name}"] for name in rpc.CROSSING}}
PATIENT = [{"session: silence is no reason to close"}, {name for name in ALONE if " vanished " in name}]
