"""Puts methods before a layer's own, on the instance alone, and takes them away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lstm_state_probe.engines.base import Release


def override(layer: Any, methods: dict[str, Callable[..., Any]]) -> Release:
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
