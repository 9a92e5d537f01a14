"""Puts methods before a layer's own, on the instance alone, and takes them away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

Release = Callable[[], None]


def override(layer: Any, methods: Mapping[str, Any]) -> Release:
    """Set instance attributes past Keras's own tracking; the result removes them.

    An override that is already there is put back on release, so that overrides may be stacked.
    """
    before = {name: layer.__dict__.get(name) for name in methods}
    for name, method in methods.items():
        object.__setattr__(layer, name, method)

    def release() -> None:
        for name, earlier in before.items():
            if earlier is None:
                object.__delattr__(layer, name)
            else:
                object.__setattr__(layer, name, earlier)

    return release


def all_of(*releases: Release) -> Release:
    """Return one release for several."""

    def release() -> None:
        for one in releases:
            one()

    return release


@contextmanager
def laid_bare(layer: Any, name: str) -> Iterator[None]:
    """Take every override of a method away for a while."""
    own = vars(layer).get(name)
    if own is not None:
        object.__delattr__(layer, name)
    try:
        yield
    finally:
        if own is not None:
            object.__setattr__(layer, name, own)


def resetting(layer: Any, on_reset: Callable[[], None]) -> dict[str, Callable[..., Any]]:
    """Wrap the reset methods that a layer has, so that each successful reset is noted."""
    found: dict[str, Callable[..., Any]] = {}
    for name in ("reset_state", "reset_states"):
        original = getattr(layer, name, None)
        if original is not None:
            found[name] = _noting(original, on_reset)
    return found


def _noting(original: Callable[..., Any], on_reset: Callable[[], None]) -> Callable[..., Any]:
    def reset(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        on_reset()
        return result

    return reset


@contextmanager
def swapped(
    owner: Any, name: str, function: Callable[..., Any] | None = None, *, value: Any = None
) -> Iterator[None]:
    """Put something in the place of an attribute while the body runs.

    A `function` is called with the original before its own arguments; a `value` stands as it is.
    """
    original = getattr(owner, name)

    def instead(*args: Any, **kwargs: Any) -> Any:
        assert function is not None
        return function(original, *args, **kwargs)

    setattr(owner, name, plain(instead) if function is not None else value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function so that autograph, which converts what tf_keras calls, leaves it alone."""
    function.autograph_info__ = {}  # type: ignore[attr-defined]
    return function


class Replaced:
    """A module, or a part of one, with one name replaced."""

    def __init__(self, target: Any, name: str, value: Any) -> None:
        self.__dict__.update({"_target": target, name: value})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_target"], name)


def replacing(target: Any, path: Sequence[str], function: Any, original: Any) -> Any:
    """Replace what stands at a path below a module; the function gets the original first."""
    if not path:
        return plain(lambda **kwargs: function(original, **kwargs))
    inner = replacing(getattr(target, path[0]), path[1:], function, original)
    return Replaced(target, path[0], inner)
