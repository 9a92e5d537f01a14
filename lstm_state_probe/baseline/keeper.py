"""Judges scenarios by their baselines as they arrive, and writes those that are accepted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lstm_state_probe.baseline.compare import Tolerance, compare
from lstm_state_probe.baseline.digest import Digest, entry, stored_form
from lstm_state_probe.baseline.parts import parts
from lstm_state_probe.baseline.store import (
    VALUES,
    Stored,
    digests,
    path_of,
    read,
    remove,
    write,
)
from lstm_state_probe.baseline.verdicts import with_verdict
from lstm_state_probe.baseline.words import broken, changes, notes, review
from lstm_state_probe.errors import BaselineError
from lstm_state_probe.expectations.verdict import Broken
from lstm_state_probe.report.data import ScenarioReport

Accept = Callable[[Sequence[str]], bool]
"""Is shown a change, in lines, and tells whether it is accepted."""
_OF_THE_OTHER = {"keras3": "tf_keras", "tf_keras": "keras"}


@dataclass
class Baselines:
    """A folder of baselines; `accept` decides what is written, None writes nothing.

    `versions` are those of now, of everything that is installed.
    """

    folder: Path
    versions: Mapping[str, str]
    tolerance: Tolerance = field(default_factory=Tolerance)
    accept: Accept | None = None

    def judge(self, report: ScenarioReport) -> ScenarioReport:
        """Return the report with a verdict on its baseline; one that was not carried out has none.

        A baseline that cannot be read, or written, is the error of its scenario.
        """
        if report.status == "error":
            return report
        path = path_of(self.folder, report.id, report.engine)
        try:
            return self._judged(report, path)
        except BaselineError as error:
            return replace(report, status="error", error=str(error), exit_code=error.exit_code)

    def _judged(self, report: ScenarioReport, path: Path) -> ScenarioReport:
        stored, told = self._stored(report, path)
        if stored is None:
            return self._new(report, path, told)
        found = compare(parts(report), stored, self.tolerance)
        told = notes(stored.digest, report, self._versions(report))
        changed = not found.matched or bool(found.added)
        if changed and self._accepted(review(report, "differs", changes(found), told)):
            write(path, self._made(report, stored, found.same))
            return with_verdict(report, "the baseline was updated")
        if found.matched:
            return with_verdict(report, f"{len(found.same)} arrays are as in the baseline")
        first = found.differences[0].part.operation if found.differences else None
        return with_verdict(report, *broken(found, told), operation=first)

    def _stored(self, report: ScenarioReport, path: Path) -> tuple[Stored | None, list[str]]:
        """Read the baseline; where it may be written anew, one that is broken counts as none."""
        try:
            return read(path, report.id, report.engine), []
        except BaselineError as error:
            if self.accept is None:
                raise
            return None, [str(error)]

    def _new(self, report: ScenarioReport, path: Path, told: Sequence[str]) -> ScenarioReport:
        made = self._made(report)
        lines = [f"+ {key}  {one}" for key, one in made.digest.values.items()]
        if self._accepted(review(report, "is new", lines, told)):
            write(path, made)
            return with_verdict(report, "the baseline was written")
        lacking = Broken(
            "baseline", "one to compare with", "none stored; --update-baseline writes it"
        )
        return with_verdict(report, lacking)

    def _made(
        self, report: ScenarioReport, old: Stored | None = None, same: Collection[str] = ()
    ) -> Stored:
        """Make a baseline; what is the `same` within the tolerance stays the very bits it was."""
        arrays, entries = {}, {}
        for part in parts(report):
            if old is not None and part.key in same:
                one, array = old.digest.values[part.key], old.array(part.key)
            else:
                array = stored_form(part.array)
                one = entry(part, array)
            arrays[one.sha256], entries[part.key] = array, one
        digest = Digest(
            scenario=report.id,
            engine=report.engine,
            seed=report.seed,
            made_with=self._versions(report),
            values=entries,
        )
        return Stored(digest, arrays)

    def _versions(self, report: ScenarioReport) -> dict[str, str]:
        other = _OF_THE_OTHER[report.engine]
        return {name: version for name, version in self.versions.items() if name != other}

    def files(self) -> Iterator[Path]:
        """Yield the files that are stored."""
        for path, _ in digests(self.folder):
            yield from (path, path.with_suffix(VALUES))

    def _accepted(self, lines: Sequence[str]) -> bool:
        return self.accept is not None and self.accept(lines)

    def obsolete(self, ran: Collection[str], covered: Callable[[str], bool]) -> Iterator[Path]:
        """Yield the digests of scenarios that are no more; those that were accepted are removed.

        `ran` are the ids of all scenarios of the files that are `covered`.
        """
        for path, digest in list(digests(self.folder)):
            if digest.scenario in ran or not covered(digest.file):
                continue
            what = f"baseline: {digest.scenario} ({digest.engine}) is obsolete: no such scenario"
            if self._accepted([what]):
                remove(path)
            else:
                yield path
