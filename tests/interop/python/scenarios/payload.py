"""Values of every kind make the round trip unchanged, as arguments of a call and as those of an event."""

import asyncio as _asyncio

from autobahn.wamp.types import CallResult as _CallResult

_BORDERS = [0, 1, 23, 24, 127, 128, 255, 256, 32767, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53]


async def null_and_booleans(ground):
    await _unchanged(ground, None, True, False, [None, True], {"no": False, "nil": None})


async def integers_to_two_to_the_53(ground):
    await _unchanged(ground, *_BORDERS, *(-number for number in _BORDERS if number))


async def floats(ground):
    await _unchanged(ground, 0.5, -0.1, 1.7976931348623157e308, 5e-324, 3.141592653589793, -1.5e-7)


async def text(ground):
    await _unchanged(
        ground,
        "",
        "Grüße · Привет · 你好 · ありがとう",
        "مرحبا بالعالم · שלום עולם",
        "👩‍🚀🎉 𝒳 𐍈 \U0010ffff",
        "e\u0301 \u200f \ufeff \u2028",
        'quote " backslash \\ slash / tab \t newline \n bell \x07 delete \x7f',
        "x" * 31 + "y" * 225 + "z" * 65536,
    )


async def keys_in_any_script(ground):
    await _unchanged(ground, {"": 1, "ключ": 2, "🔑": {"a b": 3, 'q"': 4}})


async def lists_and_dicts(ground):
    nested = {"list": [[], {}, [[]], [{"a": [1, [2, [3]]]}]], "dict": {"empty": {}, "list": []}}
    deep = []
    for _ in range(30):
        deep = [deep]
    await _unchanged(ground, [], {}, nested, deep, list(range(70000)), {f"k{n}": n for n in range(300)})


async def binary(ground):
    await _unchanged(ground, b"", b"\x00", bytes(range(256)), b"\xff" * 70000)


async def binary_at_depth(ground):
    await _unchanged(ground, {"a": [{"b": [b"\x00\x01", "text", b""]}, [[b"\xfe\xff"]]]})


async def _unchanged(ground, *values):
    there, here = await ground.there(), await ground.here()
    heard = _asyncio.get_running_loop().create_future()
    await there.register(lambda *args, **kwargs: _CallResult(*args, **kwargs), ground.uri("echo"))
    await there.subscribe(lambda *args, **kwargs: heard.set_result((list(args), kwargs)), ground.uri("news"))

    result = await here.call(ground.uri("echo"), "first", *values, kept=list(values))
    _same(list(result.results), ["first", *values])
    _same(result.kwresults, {"kept": list(values)})

    here.publish(ground.uri("news"), *values, kept=list(values))
    _same(await heard, (list(values), {"kept": list(values)}))


def _same(got, sent, at="value"):
    """Equal in value and in type: Python holds 1, 1.0 and True to be the same."""
    assert type(got) is type(sent), f"{at}: sent {_short(sent)}, got {_short(got)}"
    if isinstance(sent, dict):
        assert list(got) == list(sent), f"{at}: sent keys {list(sent)}, got {list(got)}"
        for key in sent:
            _same(got[key], sent[key], f"{at}[{key!r}]")
    elif isinstance(sent, (list, tuple)):
        assert len(got) == len(sent), f"{at}: sent {len(sent)} elements, got {len(got)}"
        for index, (one, other) in enumerate(zip(got, sent)):
            _same(one, other, f"{at}[{index}]")
    else:
        assert got == sent, f"{at}: sent {_short(sent)}, got {_short(got)}"


def _short(value):
    text = f"{type(value).__name__} {value!r}"
    return text if len(text) < 200 else text[:200] + "…"
