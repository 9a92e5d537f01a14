"""`probe check`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lstm_state_probe.cli.options.common import ENGINES, color_option, make_console, paths_argument
from lstm_state_probe.cli.options.selecting import inputs_of, nothing_selected
from lstm_state_probe.errors import UsageError, listed, nearest
from lstm_state_probe.safe import encodable, one_line, say, say_json
from lstm_state_probe.whole import not_inputs, write_whole

if TYPE_CHECKING:
    from lstm_state_probe.checks import Property
    from lstm_state_probe.checks.report.data import CheckReport, SubjectReport
    from lstm_state_probe.scenario.read import ScenarioFile
    from lstm_state_probe.suite.run import Selection

FORMATS = ("table", "json")


@click.command()
@paths_argument
@click.option(
    "--engine",
    "engines",
    type=click.Choice(ENGINES),
    multiple=True,
    help="Check on this engine, whatever the scenario says; twice for both.",
)
@click.option(
    "--select",
    "selected",
    metavar="NAME",
    multiple=True,
    help="Ask this property; may be repeated.",
)
@click.option("--skip", "skipped", metavar="NAME", multiple=True, help="Leave this property out.")
@click.option("--list", "list_", is_flag=True, help="List the properties and their questions.")
@click.option(
    "--write-scenarios",
    metavar="DIR",
    help="Write the scenario of each property that was asked, for probe run.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="What stdout shows.",
)
@click.option(
    "--report", "reports", metavar="PATH", multiple=True, help="Write the JSON report too (.json)."
)
@click.option("--strict", is_flag=True, help="Let warnings fail too: exit 1.")
@click.option(
    "--allow-code", is_flag=True, help="Let scenarios and models run Python code of their own."
)
@click.option(
    "--custom-objects",
    metavar="FILE",
    multiple=True,
    help="A Python file with the classes of a saved model; needs --allow-code.",
)
@click.option("--weights", metavar="FILE", help="Load these weights into the saved model.")
@click.option("-v", "--verbose", is_flag=True, help="Show what was seen of what holds, too.")
@color_option
def check(
    paths: tuple[str, ...],
    engines: tuple[str, ...],
    selected: tuple[str, ...],
    skipped: tuple[str, ...],
    list_: bool,
    write_scenarios: str | None,
    format_: str,
    reports: tuple[str, ...],
    strict: bool,
    allow_code: bool,
    custom_objects: tuple[str, ...],
    weights: str | None,
    verbose: bool,
    color: str,
) -> int:
    """Ask a battery of questions about how a model handles its states: a verdict a line.

    PATH is a scenario file, a folder of them, or a saved model (.keras, .h5, a SavedModel folder, a
    .json architecture with --weights).
    Exits with 1 if a property does not hold that is no mere warning.
    """
    from lstm_state_probe.checks import PROPERTIES

    properties = chosen(PROPERTIES, selected, skipped)
    if list_:
        for one in properties:
            say(f"{one.name:<22}{one.severity:<7}{one.question}")
        return 0
    writers = [_json_path(path) for path in reports]
    from lstm_state_probe.host.process import lean_imports

    with lean_imports():
        from lstm_state_probe.checks.battery import check_all, key_of
        from lstm_state_probe.checks.report.document import text
        from lstm_state_probe.checks.report.lines import Lines
        from lstm_state_probe.engines import load_engine

        selection = _selected(paths, engines, custom_objects, weights)
        for complaint in selection.complaints:
            say(str(complaint), err=True)
        if not selection.scenarios:
            return nothing_selected(selection)
        folders = _folders(write_scenarios, selection.scenarios)
        drawn = (folder / f"{p.name}.yaml" for folder in folders.values() for p in properties)
        not_inputs([*writers, *drawn], inputs_of(selection, custom_objects))
        names = dict.fromkeys(scenario.engine for scenario in selection.scenarios)
        loaded = {name: load_engine(name) for name in names}
    lines = Lines(make_console(color), verbose=verbose, strict=strict)
    progress = _Progress()
    table = format_ == "table"

    def done(one: SubjectReport) -> None:
        progress.clear()
        if table:
            lines.subject(one, folders.get(key_of(one)))

    report = check_all(
        selection.scenarios,
        loaded,
        properties,
        allow_code=allow_code,
        folders=folders,
        complaints=selection.complaints,
        on_start=progress.show,
        on_end=done,
    )
    _write(report, folders)
    if table:
        lines.end(report)
    else:
        say_json(text(report, strict=strict))
    for path in writers:
        try:
            write_whole(path, text(report, strict=strict) + "\n")
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"the report {str(path)!r} cannot be written: {reason}") from error
    return report.exit_code(strict=strict)


def _selected(
    paths: Sequence[str],
    engines: Sequence[str],
    custom_objects: Sequence[str],
    weights: str | None,
) -> Selection:
    """Read the scenarios below the paths, and write one for each saved model."""
    from lstm_state_probe.checks.select import is_model, models
    from lstm_state_probe.suite.run import Selection, select

    saved = [Path(path) for path in paths if is_model(Path(path))]
    others = [path for path in paths if not is_model(Path(path))]
    if custom_objects and not saved:
        raise UsageError("--custom-objects goes with a saved model; a scenario names its own")
    if weights is not None and len(saved) != 1:
        raise UsageError("--weights goes with one saved model; a scenario names its own")
    read = select(others, engines) if others else Selection((), (), 0)
    written, complaints = models(saved, engines, custom_objects, weights)
    return Selection(
        (*read.scenarios, *written), (*read.complaints, *complaints), read.files + len(saved)
    )


def chosen(
    properties: Mapping[str, Property], selected: Sequence[str], skipped: Sequence[str]
) -> list[Property]:
    """Return the properties to ask, in their order.

    Raises:
        UsageError: for a name that is none, or where nothing is left.
    """
    for name in (*selected, *skipped):
        if name not in properties:
            known = listed(properties)
            raise UsageError(
                f"no property is named {name!r}; known: {known}{nearest(name, properties)}"
            )
    names = [n for n in properties if n in (selected or properties) and n not in skipped]
    if not names:
        raise UsageError("nothing was selected: --skip leaves no property")
    return [properties[name] for name in names]


def _json_path(path: str) -> Path:
    file = Path(path)
    if file.suffix != ".json":
        raise UsageError(f"no report writer for {path!r}; allowed suffixes: .json")
    if not file.parent.is_dir():
        raise UsageError(f"the report {path!r} cannot be written: no folder {str(file.parent)!r}")
    return file


def _folders(target: str | None, scenarios: Sequence[ScenarioFile]) -> dict[str, Path]:
    """Return where the scenarios of each subject go: the folder itself if there is one subject."""
    from lstm_state_probe.checks.battery import key_of

    if target is None:
        return {}
    several = len(scenarios) > 1
    folders = {
        key_of(one): Path(target) / _folder_name(one) if several else Path(target)
        for one in scenarios
    }
    for folder in folders.values():  # what is run stands there: its `..` must lead somewhere
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"--write-scenarios: {str(folder)!r}: {reason}") from error
    return folders


def _folder_name(scenario: ScenarioFile) -> str:
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in scenario.name)
    return f"{scenario.path.stem}-{name}-{scenario.engine}"


def _write(report: CheckReport, folders: Mapping[str, Path]) -> None:
    from lstm_state_probe.checks.battery import key_of

    for subject in report.subjects if folders else ():
        folder = folders[key_of(subject)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for verdict in subject.verdicts:
                if verdict.scenario is not None:
                    file = folder / f"{verdict.name}.yaml"
                    write_whole(file, verdict.scenario)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"the folder {str(folder)!r} cannot be written: {reason}") from error


class _Progress:
    """One line on stderr that is overwritten; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self.on = sys.stderr is not None and sys.stderr.isatty()

    def show(self, name: str) -> None:
        if self.on:
            self._write(f"\r\x1b[2Kchecking {one_line(name)} …")

    def clear(self) -> None:
        if self.on:
            self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        sys.stderr.write(encodable(text, sys.stderr.encoding))
        sys.stderr.flush()
