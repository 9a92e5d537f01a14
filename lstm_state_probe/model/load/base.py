"""What a format of saved models does, and how one is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lstm_state_probe.engines import Engine


@dataclass(frozen=True)
class How:
    """How a saved model is wanted.

    `custom` are the user's classes and functions by name. `compile`: with what it was compiled
    with. `dtype_policy` goes in the place of the policies that its layers were saved with.
    """

    allow_code: bool = False
    custom: Mapping[str, Any] = field(default_factory=dict)
    compile: bool = True
    dtype_policy: str | None = None


@dataclass(frozen=True)
class Loaded:
    """A model; why it was left uncompiled, and what was loaded as something else."""

    model: Any
    uncompiled: str | None = None
    notes: tuple[str, ...] = ()


class Format(Protocol):
    """One format; its module has these three functions."""

    def examine(self, path: Path, engine: Engine, how: How) -> None:
        """Look at a file without Keras.

        Raises:
            ModelError: if it is broken, too large, or holds code that may not run.
        """
        ...

    def load(self, path: Path, engine: Engine, how: How) -> Any:
        """Have Keras load it; what Keras raises goes through."""
        ...

    def config(self, path: Path) -> Any:
        """Return what a file that was examined says of its layers, as it stands there."""
        ...
