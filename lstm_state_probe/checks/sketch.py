"""A scenario while a property draws it: arrays made of the subject's batch, and operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.checks.subject import DoesNotApply, Part, Subject
from lstm_state_probe.scenario.base import names_in

EXACT: Mapping[str, int] = {"atol": 0, "rtol": 0}
"""Tolerances of what must be the same bits."""


@dataclass
class Sketch:
    """Operations, and the data that they need; `model` may be another form of the subject's."""

    subject: Subject
    data: dict[str, Any] = field(default_factory=dict)
    operations: list[dict[str, Any]] = field(default_factory=list)
    model: Mapping[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=lambda: {"timesteps": "final"})

    def stateful(self) -> tuple[Part, ...]:
        """Return the stateful layers.

        Raises:
            DoesNotApply: if there is none.
        """
        if not self.subject.stateful:
            raise DoesNotApply("no layer is stateful")
        return self.subject.stateful

    def one_sequence(self, least: int) -> str:
        """Return the array of timesteps.

        Raises:
            DoesNotApply: if the model has none, several, or fewer timesteps than `least`.
        """
        sequences = self.subject.sequences
        if len(sequences) != 1:
            found = f"{len(sequences)} inputs have" if sequences else "no input has"
            raise DoesNotApply(f"{found} timesteps, where one is needed")
        if self.subject.timesteps < least:
            count = self.subject.timesteps
            raise DoesNotApply(f"the sequences have {count} of the {least} timesteps it needs")
        return sequences[0]

    def free(self) -> None:
        """Take the model in its form for any number of timesteps.

        Raises:
            DoesNotApply: if it has none.
        """
        if self.subject.free is None:
            raise DoesNotApply(f"the model takes {self.subject.timesteps} timesteps and no other")
        self.model = self.subject.free

    def batch(self) -> Any:
        """Return a reference to one batch of the subject's own arrays."""
        return self.of(self.subject.x)

    def of(self, reference: Any) -> Any:
        """Refer to one batch of the arrays of a reference."""
        if self.subject.rows == self.subject.batch:
            return self._each(reference, "", {})
        return self.samples("batch", range(self.subject.batch), reference)

    def samples(self, suffix: str, chosen: Sequence[int], reference: Any = None) -> Any:
        """Refer to chosen samples of every array of a reference (default: x).

        Past the last sample they begin again with the first.
        """
        whole = self.subject.x if reference is None else reference
        fresh = all(name not in self.subject.data for _, name in names_in(whole))
        rows = max(chosen) + 1 if fresh else self.subject.rows
        return self._each(whole, suffix, {"samples": [k % rows for k in chosen]})

    def fresh(self, name: str) -> str:
        """Return a name that none of the subject's own arrays has."""
        return self.fresh(f"{name}_") if name in self.subject.data else name

    def in_time(self, suffix: str, **derived: Any) -> Any:
        """Refer to a batch whose sequence is cut or padded; the other inputs stay."""
        sequences = [name for _, name in names_in(self.batch())]
        sources = dict(zip((name for _, name in names_in(self.subject.x)), sequences, strict=True))
        wanted = {sources[name] for name in self.subject.sequences}
        return self._each(self.batch(), suffix, derived, only=wanted)

    def renamed(self, reference: Any, suffix: str) -> Any:
        """Put `name_suffix` in the place of each name of a reference."""
        if isinstance(reference, dict):
            return {key: self.renamed(value, suffix) for key, value in reference.items()}
        if isinstance(reference, list):
            return [self.renamed(value, suffix) for value in reference]
        return self.fresh(f"{reference}_{suffix}")

    def _each(
        self, reference: Any, suffix: str, derived: Mapping[str, Any], only: Any = None
    ) -> Any:
        """Put derived arrays in the place of the arrays of a reference."""
        if isinstance(reference, dict):
            return {k: self._each(v, suffix, derived, only) for k, v in reference.items()}
        if isinstance(reference, list):
            return [self._each(v, suffix, derived, only) for v in reference]
        if reference not in self.data:
            self.data[reference] = self.subject.data[reference]
        if not derived or (only is not None and reference not in only):
            return reference
        name = self.fresh(f"{reference}_{suffix}")
        self.data[name] = {"derived": {"of": reference, **derived}}
        return name

    def do(self, operation: str, arguments: Any, **about: Any) -> None:
        """Add an operation; `about` is what is said beside it (label, expect, raises, …)."""
        self.operations.append({operation: arguments, **about})

    def begin_again(self) -> None:
        """Set every held state to zero, without the help of Keras's own reset."""
        if self.subject.stateful:
            self.do("set_states", {f"{part.address}/*": "zeros" for part in self.subject.stateful})

    def reset(self) -> None:
        """Reset by Keras's own means, which must not fail."""
        self.do("reset_states", {}, **{"raises": False})

    def each_stateful(self, condition: Any, *, when: str = "", call: str = "") -> dict[str, Any]:
        """Expect a condition of every state of every stateful layer.

        `{}` in the condition's texts stands for the selector of the layer's states.
        """
        return {
            f"{part.address}/*{call}{when}": _filled(condition, f"{part.address}/*")
            for part in self.subject.stateful
        }


def _filled(condition: Any, address: str) -> Any:
    if isinstance(condition, dict):
        return {key: _filled(value, address) for key, value in condition.items()}
    return condition.replace("{}", address) if isinstance(condition, str) else condition
