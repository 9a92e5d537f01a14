"""What became of one expectation."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_state_probe.arrays import Array


@dataclass(frozen=True)
class Worst:
    """The element that speaks most against a condition.

    `index` is its place in the array of the quantity: (sample, unit, ...), () for a number.
    `timestep` is the loop's, None where the quantity has none, as an initial state. `expected` is
    None where the condition names no single number; `deviation` where there is no distance.
    """

    index: tuple[int, ...]
    timestep: int | None
    found: float
    expected: float | None = None
    deviation: float | None = None

    def __str__(self) -> str:
        """Write place, number and distance: 'sample 0, u3, timestep 5: 0.4361 (off by 0.4361)'."""
        wanted = "" if self.expected is None else f", expected {number(self.expected)}"
        off = "" if self.deviation is None else f" (off by {number(self.deviation)})"
        return f"{self.place}: {number(self.found)}{wanted}{off}"

    @property
    def place(self) -> str:
        """Name the element, in the words of the tables."""
        parts = [f"sample {self.index[0]}"] if self.index else []
        if len(self.index) == 2:
            parts.append(f"u{self.index[1]}")
        elif len(self.index) > 2:
            parts.append(f"[{','.join(map(str, self.index[1:]))}]")
        parts += [] if self.timestep is None else [f"timestep {self.timestep}"]
        return ", ".join(parts) or "the value"


@dataclass(frozen=True)
class Broken:
    """One entry of a condition that a quantity does not meet: what was expected, what was found."""

    quantity: str
    expected: str
    found: str
    worst: Worst | None = None

    def __str__(self) -> str:
        """Write it as a compiler does: 'lstm/h: expected zeros, found …; worst: …'."""
        worst = "" if self.worst is None else f"; worst: {self.worst}"
        return f"{self.quantity}: expected {self.expected}, found {self.found}{worst}"


@dataclass(frozen=True)
class Verdict:
    """What became of one expectation; `line` and `column` count from 1.

    `broken` says what speaks against it, and is empty where it passed; `message` is the same in
    one line, or what was seen. `source` is the line of the file.
    """

    selector: str
    condition: str
    passed: bool
    message: str
    line: int
    column: int
    broken: tuple[Broken, ...] = ()
    source: str = ""

    @classmethod
    def failing(cls, selector: str, condition: str, *broken: Broken, at: Spot) -> Verdict:
        """Make a verdict of what speaks against an expectation."""
        message = "; ".join(map(str, broken))
        return cls(selector, condition, False, message, at.line, at.column, broken, at.source)


@dataclass(frozen=True)
class Spot:
    """Where an expectation is written: line and column from 1, and the line itself."""

    line: int
    column: int
    source: str = ""


def number(value: float | Array) -> str:
    """Write a number with the digits that tell it apart, no more than nine."""
    return f"{float(value):.9g}"
