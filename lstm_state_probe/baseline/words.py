"""What is said of a comparison: what speaks against a scenario, and what is reviewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lstm_state_probe.baseline.compare import Comparison, Difference
from lstm_state_probe.baseline.digest import Digest
from lstm_state_probe.errors import listed
from lstm_state_probe.expectations.verdict import Broken, number
from lstm_state_probe.report.data import ScenarioReport

_SHOWN = 20
"""Differences that a review shows; of the others it tells the number."""


def broken(found: Comparison, notes: Sequence[str]) -> Iterator[Broken]:
    """Yield what speaks against a scenario: the first difference, what is missing, what is new."""
    told = [*_further(found), *notes]
    if found.differences:
        first = found.differences[0]
        words = "; ".join([_now(first), *told])
        yield Broken(_place(first), f"{first.then} as in the baseline", words, first.largest)
        told = []
    for keys, expected, now, also in (
        (found.missing, "what the baseline holds", "it was not recorded", "nor were"),
        (found.new, "nothing that the baseline does not hold", "it was recorded", "as were"),
    ):
        if keys:
            more = f"{now}, {also} {_few(keys[1:])}" if len(keys) > 1 else now
            yield Broken(keys[0], expected, "; ".join([more, *told]))
            told = []


def _place(found: Difference) -> str:
    return found.part.key if found.first is None else f"{found.part.key}, {found.first.place}"


def _now(found: Difference) -> str:
    if found.first is None:
        return found.now
    size = found.first.deviation
    off = "" if size is None else f" (off by {number(size)})"
    many = f"; {found.count} of {found.size} elements differ" if found.size > 1 else ""
    return f"{found.now}{off}{many}"


def _further(found: Comparison) -> list[str]:
    more = [one.part.key for one in found.differences[1:]]
    return [f"{len(more)} further differ: {_few(more)}"] if more else []


def _few(keys: Sequence[str], few: int = 3) -> str:
    more = f" and {len(keys) - few} more" if len(keys) > few else ""
    return listed(keys[:few]) + more


def notes(digest: Digest, report: ScenarioReport, versions: Mapping[str, str]) -> list[str]:
    """Say what the baseline was made with that is another now: the seed, the versions."""
    then = digest.made_with
    other = [name for name in sorted({*then, *versions}) if then.get(name) != versions.get(name)]
    words = [f"{name} {then.get(name, 'not there')}" for name in other]
    now = [versions.get(name, "not there") for name in other]
    pairs = [f"{a}, now {b}" for a, b in zip(words, now, strict=True)]
    if digest.seed != report.seed:
        pairs.append(f"seed {digest.seed}, now {report.seed}")
    return [f"the baseline was made with {'; '.join(pairs)}"] if pairs else []


def changes(found: Comparison) -> list[str]:
    """Return a line for each array that an update would change."""
    return [
        *(
            f"~ {_place(one)}: {one.then} -> {_now(one)}{_largest(one)}"
            for one in found.differences
        ),
        *(f"- {key}" for key in found.missing),
        *(f"+ {key}" for key in (*found.new, *found.added)),
    ]


def review(
    report: ScenarioReport, what: str, lines: Sequence[str], told: Sequence[str]
) -> list[str]:
    """Return the lines that show a change before it is accepted."""
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    head = f"baseline: {report.id} ({report.engine}) {what}"
    return [head, *(f"  {line}" for line in (*lines[:_SHOWN], *more, *told))]


def _largest(found: Difference) -> str:
    worst = found.largest
    if worst is None or worst is found.first or worst.deviation is None or found.count < 2:
        return ""
    return f", by up to {number(worst.deviation)}"
