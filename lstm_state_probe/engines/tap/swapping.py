"""Puts something in the place of what several threads share: a function of a module of Keras.

A thread sees what it put there itself, and nothing of any other's: what stands in the place is a
switch, which asks on which thread it is called. It is put there for the first thread that wants
it, and taken away with the last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lstm_state_probe.engines.wrapping import plain

_LOCK = threading.RLock()
_PLACES: dict[tuple[int, str], _Place] = {}
_CLAIMED: set[int] = set()


class Replaced:
    """A module, or a part of one, with one name replaced."""

    def __init__(self, target: Any, name: str, value: Any) -> None:
        self.__dict__.update({"_target": target, name: value})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_target"], name)


class Switch:
    """Calls what the thread that calls it has put there last; else the original."""

    def __init__(self, original: Callable[..., Any]) -> None:
        self.original, self.users, self._local = original, 0, threading.local()
        self.instead = plain(lambda *args, **kwargs: self._call(len(self.stack), args, kwargs))
        self.instead.original = original  # type: ignore[attr-defined]
        self.instead.__name__ = getattr(original, "__name__", "instead")

    @property
    def stack(self) -> list[Callable[..., Any]]:
        """What this thread has put there."""
        found: list[Callable[..., Any]] = vars(self._local).setdefault("stack", [])
        return found

    def _call(self, level: int, args: Any, kwargs: Any) -> Any:
        if not level:
            return self.original(*args, **kwargs)
        below = plain(lambda *args, **kwargs: self._call(level - 1, args, kwargs))
        inner = self.original if level == 1 else below
        return self.stack[level - 1](inner, *args, **kwargs)


class _Place:
    """An attribute of a module, with the switches at and below it by their path."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name, self.original = owner, name, getattr(owner, name)
        self.switches: dict[tuple[str, ...], Switch] = {}
        self.value: Any = None

    def switch(self, path: tuple[str, ...]) -> Switch:
        if path not in self.switches:
            found = self.original
            for name in path:
                found = getattr(found, name)
            self.switches[path] = Switch(found)
            self._put()
        return self.switches[path]

    def drop(self, path: tuple[str, ...]) -> None:
        del self.switches[path]
        self._put()

    def _put(self) -> None:
        ours = self.value is None or getattr(self.owner, self.name) is self.value
        self.value = self.original
        for path, switch in self.switches.items():
            self.value = _replacing(self.value, path, switch.instead)
        if ours:  # else somebody else has put something there meanwhile
            setattr(self.owner, self.name, self.value)


def _replacing(target: Any, path: Sequence[str], value: Any) -> Any:
    """Return a target with what stands at a path below it replaced."""
    if not path:
        return value
    return Replaced(target, path[0], _replacing(getattr(target, path[0]), path[1:], value))


@contextmanager
def swapped(owner: Any, path: str, function: Callable[..., Any]) -> Iterator[None]:
    """Have calls of a function, by this thread, go to another while the body runs.

    The other gets the original before its own arguments. The path is dotted: `rnn`, or
    `tf.while_loop` for the name `while_loop` in the `tf` that a module has imported.
    """
    name, *below = path.split(".")
    key, rest = (id(owner), name), tuple(below)
    with _LOCK:
        place = _PLACES.get(key)
        if place is None:
            place = _PLACES[key] = _Place(owner, name)
        switch = place.switch(rest)
        switch.users += 1
    switch.stack.append(function)
    try:
        yield
    finally:
        switch.stack.pop()
        with _LOCK:
            switch.users -= 1
            if not switch.users:
                place.drop(rest)
            if not place.switches:
                _PLACES.pop(key, None)


@contextmanager
def claimed(*owners: Any) -> Iterator[bool]:
    """Claim objects for one thread at a time; gives False where another one has them."""
    wanted = {id(owner) for owner in owners}
    with _LOCK:
        free = not wanted & _CLAIMED
        if free:
            _CLAIMED.update(wanted)
    try:
        yield free
    finally:
        if free:
            with _LOCK:
                _CLAIMED.difference_update(wanted)


_FORCED: dict[tuple[int, str], tuple[Any, int]] = {}


@contextmanager
def forced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Set an attribute while any thread is in the body; the last to leave puts it back."""
    key = (id(owner), name)
    with _LOCK:
        before, users = _FORCED.get(key, (getattr(owner, name), 0))
        _FORCED[key] = before, users + 1
        setattr(owner, name, value)
    try:
        yield
    finally:
        with _LOCK:
            users = _FORCED[key][1] - 1
            _FORCED[key] = before, users
            if not users:
                del _FORCED[key]
                setattr(owner, name, before)


def original_of(function: Any) -> Any:
    """Return what a function stands in the place of, or itself."""
    return getattr(function, "original", function)
