"""Puts methods before a layer's own, on the instance alone, and takes them away again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

Release = Callable[[], None]


class Instead:
    """What stands before a method of one object, as an attribute of its own.

    It has the signature of the method, which Keras asks for. A deep or pickled copy of the object
    gets its own method back: a copy is nobody's to observe.
    """

    def __init__(self, owner: Any, name: str, function: Callable[..., Any]) -> None:
        self.autograph_info__: dict[str, Any] = {}  # as `plain` marks a function
        self._owner, self._name, self._function = owner, name, function
        self.__name__ = self.__qualname__ = name
        self.__doc__ = function.__doc__
        method = getattr(owner, name, None)
        if method is not None:
            self.__signature__ = _signature(method)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _method_of(memo.get(id(self._owner), self._owner), self._name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _method_of, (self._owner, self._name)


def _method_of(owner: Any, name: str) -> Any:
    """Return the method of an object's class, past what stands before it."""
    method = getattr(type(owner), name, None)
    bind = getattr(method, "__get__", None)
    return method if bind is None else bind(owner)


def _signature(method: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(method)
    except (TypeError, ValueError):  # of a callable that tells none
        return None


def override(layer: Any, methods: Mapping[str, Any]) -> Release:
    """Set instance attributes past Keras's own tracking; the result removes them.

    An override that is already there is put back on release, so that overrides may be stacked;
    what somebody else has put there meanwhile stays.
    """
    before = {name: vars(layer).get(name) for name in methods}
    ours = {
        name: Instead(layer, name, method) if callable(method) else method
        for name, method in methods.items()
    }
    # Keras's own __setattr__ tracks what it is given, and would put an observer into a saved file
    for name, method in ours.items():
        object.__setattr__(layer, name, method)

    def release() -> None:
        for name, earlier in before.items():
            if vars(layer).get(name) is not ours[name]:
                continue
            if earlier is None:
                object.__delattr__(layer, name)
            else:
                object.__setattr__(layer, name, earlier)

    return release


def all_of(*attachments: Callable[[], Release]) -> Release:
    """Attach several things, or none if one cannot be; return one release for them."""
    with ExitStack() as stack:
        for attach in attachments:
            stack.callback(attach())
        return stack.pop_all().close


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


def reading(method: Callable[..., Any]) -> Callable[[Any, Any, str], Any]:
    """Return what reads an argument of a method by its name, however it is given; None if not."""
    found = _signature(method)
    places = {name: place for place, name in enumerate(found.parameters)} if found else {}

    def read(args: Any, kwargs: Any, name: str) -> Any:
        if name in kwargs:
            return kwargs[name]
        place = places.get(name, len(args))
        return args[place] if place < len(args) else None

    return read


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function so that autograph, which converts what tf_keras calls, leaves it alone."""
    function.autograph_info__ = {}  # type: ignore[attr-defined]
    return function
