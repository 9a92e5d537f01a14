"""The arrays of a scenario that a property draws: made of one batch of the subject's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.checks.subject import Subject
from lstm_state_probe.scenario.written.base import names_in


@dataclass
class Inputs:
    """Refers to arrays as an operation takes them, and notes in `data` how each is made."""

    subject: Subject
    data: dict[str, Any] = field(default_factory=dict)

    def batch(self) -> Any:
        """Return a reference to one batch of the subject's own arrays."""
        return self.of(self.subject.x)

    def unlike(self) -> Any:
        """Return a reference to a batch of other samples, as far as there are any."""
        others = self.subject.others
        return self.samples("unlike", others) if others else self.batch()

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
        """Refer to a batch whose sequences are cut; the other inputs stay."""
        return self._in_time(dict.fromkeys(self.subject.sequences, derived), suffix)

    def padded(
        self,
        names: Sequence[str],
        count: int,
        values: Mapping[str, float],
        *,
        kept: bool = False,
        suffix: str = "padded",
    ) -> Any:
        """Refer to a batch with `count` timesteps of these inputs padded, by `values` (else 0).

        They come behind the timesteps that are there; if their number is `kept`, in the place of
        the last ones.
        """
        shapes = self.subject.shapes
        cut = {name: {"timesteps": {"start": 0, "stop": shapes[name][1] - count}} for name in names}
        derived = {
            name: {**(cut[name] if kept else {}), "padding": count, "value": values.get(name, 0)}
            for name in names
        }
        return self._in_time(derived, suffix)

    def _in_time(self, derived: Mapping[str, Mapping[str, Any]], suffix: str) -> Any:
        """Refer to a batch of which some arrays are derived further."""
        batch = self.batch()
        own = [name for _, name in names_in(self.subject.x)]
        sources = dict(zip((name for _, name in names_in(batch)), own, strict=True))
        made: dict[str, str] = {}
        for name, source in sources.items():
            if source in derived:
                made[name] = self.fresh(f"{name}_{suffix}")
                self.data[made[name]] = {"derived": {"of": name, **derived[source]}}
        return replaced(batch, made)

    def renamed(self, reference: Any, suffix: str) -> Any:
        """Put `name_suffix` in the place of each name of a reference."""
        names = [name for _, name in names_in(reference)]
        return replaced(reference, {name: self.fresh(f"{name}_{suffix}") for name in names})

    def _each(self, reference: Any, suffix: str, derived: Mapping[str, Any]) -> Any:
        """Put derived arrays in the place of the arrays of a reference."""
        made: dict[str, str] = {}
        for _, name in names_in(reference):
            self._copy(name)
            if derived:
                made[name] = self.fresh(f"{name}_{suffix}")
                self.data[made[name]] = {"derived": {"of": name, **derived}}
        return replaced(reference, made)

    def _copy(self, name: str) -> None:
        """Take over an array of the subject's own, and what it is derived from."""
        written = self.subject.data.get(name)
        if written is None or name in self.data:
            return
        if isinstance(written, Mapping) and "derived" in written:
            self._copy(written["derived"]["of"])
        self.data[name] = written


def replaced(reference: Any, names: Mapping[str, str]) -> Any:
    """Put other names in the place of those of a reference; what is not named stays."""
    if isinstance(reference, dict):
        return {key: replaced(value, names) for key, value in reference.items()}
    if isinstance(reference, list):
        return [replaced(value, names) for value in reference]
    return names.get(reference, reference)
