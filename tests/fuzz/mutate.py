"""Inputs made from good ones by small changes: of bytes, of values in JSON, inside zip archives."""

from __future__ import annotations

import io
import json
import random
import zipfile
from typing import Any

INTERESTING = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\n", b"[", b"{", b'"', b"-1", b"1e999", b"NaN")
WEIRD: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 10**40, 1.5, float("nan"), float("inf"), "", "x", "NaN"),
    *([], {}, [None], [[]], {"a": 1}, "\x00", "\ud800", "a/b", "zeros", "1" * 400, [0] * 3),
    *({"class_name": "Lambda", "config": {}}, {"dtype": "float32", "shape": [2**40]}),
)


def mutated(data: bytes, seeds: list[bytes], random_: random.Random) -> bytes:
    """Change an input once or a few times."""
    for _ in range(random_.choice((1, 1, 1, 2, 4, 8))):
        data = random_.choice(_ways(data))(data, seeds, random_)
    return data[: 1 << 20]


def _ways(data: bytes) -> tuple[Any, ...]:
    if data[:2] == b"PK":
        return (_bytes, _in_zip, _in_zip, _in_zip)
    if data[:1] == b"{":
        return (_bytes, _in_json, _in_json, _in_json)
    return (_bytes,)


def _bytes(data: bytes, seeds: list[bytes], random_: random.Random) -> bytes:
    at, length = random_.randrange(len(data) + 1), random_.choice((0, 1, 1, 2, 4, 8, 64, 512))
    other = random_.choice(seeds)
    begin = random_.randrange(len(other) + 1)
    put = random_.choice(
        (
            b"",
            random_.randbytes(random_.choice((1, 1, 2, 4, 8))),
            random_.choice(INTERESTING),
            random_.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**40, 2**64 - 1)).to_bytes(8, "little"),
            other[begin : begin + random_.choice((1, 8, 64, 512))],
            data[at : at + length] * 2,
        )
    )
    if random_.random() < 0.05:
        return data[:at]
    return data[:at] + put + data[at + (len(put) if random_.random() < 0.6 else length) :]


def _in_json(data: bytes, seeds: list[bytes], random_: random.Random) -> bytes:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return _bytes(data, seeds, random_)
    places = list(_places(tree))
    place = random_.choice(places)
    value = random_.choice((*WEIRD, _at(tree, random_.choice(places))))
    return json.dumps(_put(tree, place, value)).encode()


def _places(tree: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _places(value, (*path, key))
    elif isinstance(tree, list):
        for key, value in enumerate(tree):
            yield from _places(value, (*path, key))


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = _put(tree[path[0]], path[1:], value)
    return copy


def _in_zip(data: bytes, seeds: list[bytes], random_: random.Random) -> bytes:
    """Change one member, and pack the archive again, so that its checksums are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # noqa: BLE001 - it was broken before: zipfile may raise anything on it
        return _bytes(data, seeds, random_)
    if not members:
        return _bytes(data, seeds, random_)
    name = random_.choice(list(members))
    members[name] = random_.choice(_ways(members[name]))(
        members[name], [*members.values()], random_
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", random_.choice((zipfile.ZIP_STORED, 8))) as archive:
        for key, content in members.items():
            archive.writestr(key, content)
    return packed.getvalue()
