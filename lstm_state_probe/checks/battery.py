"""Runs the properties on a subject: each is an ordinary scenario, run by the ordinary runner."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lstm_state_probe.checks.base import (
    BROKEN,
    HOLDS,
    NOT_APPLICABLE,
    NOT_DONE,
    CheckVerdict,
    Drawn,
    NotApplicable,
    Property,
    Word,
)
from lstm_state_probe.checks.examine import examine
from lstm_state_probe.checks.moving import moved
from lstm_state_probe.checks.report.data import CheckReport, SubjectReport
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply, Subject
from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import Complaint, ProbeError, UsageError, caught
from lstm_state_probe.host.environment import environment
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.runner import Wishes, run_scenario
from lstm_state_probe.scenario.read import ScenarioFile, scenarios_in
from lstm_state_probe.scenario.text.writing import as_text


def scenario_for(one: Property, subject: Subject) -> Drawn | NotApplicable:
    """Write the scenario that answers a property's question for a subject."""
    sketch = Sketch(subject, model=subject.model)
    try:
        if not subject.parts:
            raise DoesNotApply("the model has no recurrent layer")
        one.draw(sketch)
    except DoesNotApply as why:
        return NotApplicable(one, str(why))
    spec = subject.file.spec
    written = {
        "name": one.name,
        "description": f"{one.question} If not: {one.meaning}",
        "tags": ["check", subject.file.name],
        "seed": spec.seed,
        "engine": subject.engine,
        **({"record": sketch.record} if sketch.record else {}),
        **subject.beside,
        "model": sketch.model,
        "data": sketch.data,
        "operations": sketch.operations,
    }
    return Drawn(one, as_text(written))


def check(
    scenario: ScenarioFile,
    engine: Engine,
    properties: Sequence[Property],
    *,
    allow_code: bool = False,
    folder: Path | None = None,
    on_start: Callable[[str], None] = lambda name: None,
) -> SubjectReport:
    """Ask each property of the model of a scenario.

    The scenarios that are run stand, or could stand, in `folder`; default: beside the scenario.
    What goes wrong on the way to the first question becomes the report's error.
    """
    started = time.perf_counter()
    verdicts: list[CheckVerdict] = []
    asked = [one.name for one in properties]
    subject = caught(lambda: _subject(scenario, engine, folder, asked, allow_code=allow_code))
    error = subject if isinstance(subject, ProbeError) else None
    if not isinstance(subject, ProbeError):
        for one in properties:
            on_start(one.name)
            verdicts.append(_asked(one, subject, engine, allow_code=allow_code))
    return SubjectReport(
        scenario.id,
        scenario.document.file,
        engine.name,
        tuple(verdicts),
        time.perf_counter() - started,
        str(error) if error else None,
        error.exit_code if error else 0,
        error.traceback if error else None,
        untrained=not isinstance(subject, ProbeError) and subject.untrained,
    )


def _subject(
    scenario: ScenarioFile,
    engine: Engine,
    folder: Path | None,
    asked: Sequence[str],
    *,
    allow_code: bool,
) -> Subject:
    subject = examine(scenario, engine, asked=asked, allow_code=allow_code)
    if not subject.parts:
        raise UsageError(
            f"{scenario.document.file}: the model has no recurrent layer: nothing to check"
        )
    return subject if folder is None else moved(subject, folder)


def check_all(
    scenarios: Sequence[ScenarioFile],
    engines: Mapping[str, Engine],
    properties: Sequence[Property],
    *,
    allow_code: bool = False,
    folders: Mapping[str, Path] | None = None,
    complaints: Sequence[Complaint] = (),
    on_start: Callable[[str], None] = lambda name: None,
    on_end: Callable[[SubjectReport], None] = lambda report: None,
) -> CheckReport:
    """Ask each property of each scenario's model; `folders` by key, see `key_of`."""
    started, found = time.perf_counter(), []
    for scenario in scenarios:
        engine = engines[scenario.engine]
        folder = (folders or {}).get(key_of(scenario))
        report = check(
            scenario,
            engine,
            properties,
            allow_code=allow_code,
            folder=folder,
            on_start=on_start,
        )
        on_end(report)
        found.append(report)
    made_with = environment(list(engines.values()))
    seconds = time.perf_counter() - started
    return CheckReport(made_with, tuple(found), tuple(complaints), seconds)


def key_of(scenario: ScenarioFile | SubjectReport) -> str:
    """Name a subject: its id, and the engine it is checked on."""
    return f"{scenario.id}@{scenario.engine}"


def _asked(one: Property, subject: Subject, engine: Engine, *, allow_code: bool) -> CheckVerdict:
    """Ask one property; a fault of the probe in one answer takes no other with it."""
    found = caught(lambda: _ask(one, subject, engine, allow_code=allow_code))
    if isinstance(found, ProbeError):
        return replace(_verdict(one, NOT_DONE, str(found)), fault=found.traceback)
    return found


def _ask(one: Property, subject: Subject, engine: Engine, *, allow_code: bool) -> CheckVerdict:
    drawn = scenario_for(one, subject)
    if isinstance(drawn, NotApplicable):
        return _verdict(one, NOT_APPLICABLE, drawn.why)
    path = subject.file.path.with_name(f"{one.name}.yaml")
    try:
        (scenario,) = scenarios_in(drawn.text, path, shown=path.name, engine=engine.name)
    except ProbeError as error:  # what is true of the subject as a whole, such as its memory
        return _verdict(one, NOT_DONE, str(error).splitlines()[0], (), drawn.text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of Keras; the verdict tells what matters
        report = run_scenario(scenario, engine, Wishes(allow_code=allow_code))
    return judged(drawn, report)


def judged(drawn: Drawn, report: ScenarioReport) -> CheckVerdict:
    """Sum up the run of a property's scenario: it holds if every expectation was met."""
    one, seconds = drawn.property, report.seconds
    trouble = list(_trouble(report))
    if trouble:
        found = _verdict(one, NOT_DONE, trouble[0], trouble[1:], drawn.text, seconds)
        return replace(found, fault=report.fault)
    broken = [verdict for verdict in report.verdicts if not verdict.passed]
    evidence = [part for v in broken or report.verdicts for part in _quantities(v.message)]
    why = _brief(evidence[0] if broken else evidence[-1])
    return _verdict(one, BROKEN if broken else HOLDS, why, evidence, drawn.text, seconds)


def _quantities(message: str) -> list[str]:
    """Split what a verdict says into what it says of each quantity: 'lstm/h: …', 'lstm/c: …'."""
    return re.split(r"; (?=[^\s;]+: )", message)


def _brief(message: str) -> str:
    """Shorten what is said of a quantity to what was found."""
    return re.sub(r"expected .*?, but (it )?", "", message.split("; ")[0], count=1)


def _trouble(report: ScenarioReport) -> Iterator[str]:
    """Yield why a scenario could not be carried out, if so."""
    if report.error is not None:
        yield report.error.splitlines()[0]
    for operation in report.operations:
        if operation.status == "error":
            yield f"{operation.operation} raised {operation.outcome.failure}"


def _verdict(
    one: Property,
    word: Word,
    why: str,
    evidence: Sequence[str] = (),
    scenario: str | None = None,
    seconds: float = 0.0,
) -> CheckVerdict:
    return CheckVerdict(
        one.name,
        one.severity,
        one.question,
        one.meaning,
        word,
        why,
        tuple(evidence),
        scenario,
        seconds,
    )
