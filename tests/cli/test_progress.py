"""Progress on stderr: where, in which form, and never on stdout."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from lstm_state_probe.cli.options import progress as module
from lstm_state_probe.cli.options.progress import Bar, Lines, kind, progress


def report(name: str, status: str = "passed", *, cached: str | None = None) -> Any:
    code = 0 if status == "passed" else 1
    return SimpleNamespace(
        id=name, status=status, engine="keras3", seconds=1.25, cached=cached, exit_code=code
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("wanted", "total", "terminal", "ci", "chosen"),
    [
        ("auto", 5, True, False, "bar"),
        ("auto", 1, True, False, "none"),
        ("auto", 5, False, False, "none"),
        ("auto", 5, False, True, "plain"),
        ("auto", 1, False, True, "none"),
        ("plain", 1, True, False, "plain"),
        ("none", 5, True, True, "none"),
    ],
)
def test_the_form_follows_the_wish_then_the_terminal_then_ci(
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    total: int,
    terminal: bool,
    ci: bool,
    chosen: str,
) -> None:
    monkeypatch.setattr(module.sys, "stderr", Terminal() if terminal else io.StringIO())
    monkeypatch.setenv("CI", "true" if ci else "")
    assert kind(wanted, total) == chosen


def test_lines_tell_the_number_the_status_and_the_time_once_the_report_was_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = Lines(2).beside(lambda shown: print("report of", shown.id))
    told(report("a"))
    told(report("b", "failed", cached=None))
    seen = capsys.readouterr()
    assert seen.out == "report of a\nreport of b\n"
    assert seen.err == "[1/2] passed a keras3 1.2 s\n[2/2] failed b keras3 1.2 s\n"


def test_a_cached_scenario_has_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    Lines(1).beside(lambda shown: None)(report("a", cached="2026"))
    assert capsys.readouterr().err == "[1/1] passed a keras3 cached\n"


def test_a_bar_counts_names_what_was_done_last_and_is_gone_while_the_report_is_shown() -> None:
    drawn = Terminal()
    console = Console(file=drawn, force_terminal=True, width=80)
    live = []
    with Bar(2, console) as bar:
        told = bar.beside(lambda shown: live.append(bar.bar.live.is_started))
        told(report("a"))
        told(report("b", "failed"))
        bar.bar.refresh()
    assert live == [False, False]
    text = drawn.getvalue()
    assert "2/2" in text
    assert "1 not passed, last: b" in text


def test_nothing_is_wrapped_where_nothing_is_told() -> None:
    def show(shown: Any) -> None: ...

    with progress("none", 3, "auto") as beside:
        assert beside(show) is show
