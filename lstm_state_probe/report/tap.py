"""TAP 14: a test point a scenario and engine, with what went wrong in a YAML block below it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from lstm_state_probe.report.data import NO_EXPECTATIONS, ScenarioReport, SuiteReport
from lstm_state_probe.report.told import Told, told, unread, what
from lstm_state_probe.safe import one_line, printable
from lstm_state_probe.whole import write_whole


def write(report: SuiteReport, path: Path) -> None:
    """Write the report to a file."""
    write_whole(path, text(report))


def text(report: SuiteReport) -> str:
    """Render the report as one TAP document."""
    files = unread(report)
    points = [_point(scenario) for scenario in report.scenarios]
    points += [("not ok", _escaped(file), _block([wrong])) for file, wrong in files.items()]
    lines = ["TAP version 14", f"1..{len(points)}"]
    for number, (result, description, block) in enumerate(points, 1):
        lines += [f"{result} {number} - {description}", *block]
    return "\n".join([*lines, ""])


def _point(report: ScenarioReport) -> tuple[str, str, list[str]]:
    skip = f" # SKIP {NO_EXPECTATIONS}" if report.status == NO_EXPECTATIONS else ""
    good = report.status in ("passed", NO_EXPECTATIONS)
    block = _block(list(told(report)), duration_ms=round(report.seconds * 1000, 3))
    return "ok" if good else "not ok", f"{_escaped(what(report))}{skip}", block


def _block(wrong: list[Told], **more: Any) -> list[str]:
    found: dict[str, Any] = {}
    if wrong:
        found["message"] = printable(wrong[0].title)
        found["severity"] = "error" if any(part.error for part in wrong) else "fail"
        found["found"] = _Lines(printable("\n".join(map(str, wrong))))
    dumped = yaml.dump(
        found | more, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
    )
    return ["  ---", *(f"  {line}" for line in dumped.split("\n")[:-1]), "  ..."]


class _Lines(str):
    """Text of several lines, which is easier to read as it is."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes `_Lines` as a block."""


_Dumper.add_representer(
    _Lines,
    lambda dumper, lines: dumper.represent_scalar("tag:yaml.org,2002:str", lines, style="|"),
)


def _escaped(text: str) -> str:
    r"""Escape what would begin a directive: '\#', and the backslash itself."""
    return re.sub(r"([\\#])", r"\\\1", one_line(" ".join(text.split())))
