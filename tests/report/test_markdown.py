"""The summary in Markdown: a reader of GitHub's dialect finds the table and what went wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt

from lstm_state_probe.report import markdown
from lstm_state_probe.report.markdown import append_summary, text


def tokens(source: str) -> list:
    return MarkdownIt("commonmark").enable("table").parse(source)


def cells(source: str) -> list[list[str]]:
    """Read the table as it is rendered: a row is its cells, without markup."""
    rows: list[list[str]] = []
    for token in tokens(source):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline" and rows and token.level >= 4:
            rows[-1].append("".join(child.content for child in token.children))
    return rows


def test_there_is_a_row_a_scenario(made) -> None:
    head, *rows = cells(text(made.everything()))
    assert head == ["status", "scenario", "engine", "expectations", "time"]
    assert [row[0] for row in rows] == [
        "✓ passed", "✗ failed", "! error", "! error", "○ no expectations",
    ]  # fmt: skip
    assert rows[1][1:] == ["a.yaml::x", "keras3", "3 held, 1 failed", "1.00 s"]
    assert rows[4][3] == "nothing was expected"


def test_what_a_user_wrote_is_text_and_no_markup(made) -> None:
    name = "*a* | `b` <img src=x> [c](d) ~e~ _f_ \\ &amp;"
    report = made.suite(made.scenario(made.operation(), id=f"a.yaml::{name}", status="failed"))
    _, row = cells(text(report))
    assert row[1] == f"a.yaml::{name}"
    assert "<img" not in MarkdownIt("commonmark").enable("table").render(text(report))


def test_failures_stand_in_fences_as_a_compiler_tells_them(made) -> None:
    fences = [token.content for token in tokens(text(made.everything())) if token.type == "fence"]
    assert len(fences) == 5, "one more for a scenario that passed, with a NaN"
    assert fences.pop(0).startswith("first NaN or Inf: lstm/h is NaN at call 1 of 2")
    assert "\na.yaml:18:7: error: lstm/h: expected zeros, found 2 of 8" in fences[0]
    assert fences[0].endswith("^\n")
    assert "unknown key 'modl'" in fences[3]


def test_a_fence_is_longer_than_any_in_what_it_holds(made) -> None:
    failed = made.broken(source="````text")
    report = made.suite(made.scenario(made.operation(verdicts=(failed,)), status="failed"))
    (fence,) = [token for token in tokens(text(report)) if token.type == "fence"]
    assert "````text" in fence.content


def test_nothing_to_tell_leaves_the_table_alone(made) -> None:
    report = made.suite(made.scenario(made.operation(verdicts=(made.verdict(),))))
    assert not [token for token in tokens(text(report)) if token.type == "fence"]


def test_a_summary_keeps_to_its_limit_and_is_whole_markdown(made) -> None:
    report = made.everything()
    whole = text(report)
    for limit in range(0, len(whole.encode()), 3):
        cut = text(report, limit=limit)
        assert len(cut.encode()) <= limit
        if limit > 100:
            assert cut.endswith(f"\n{markdown._CUT}\n")
            assert tokens(cut)[-2].content == markdown._CUT, "no fence swallows the note"
    for limit in (len(whole.encode()), 10_000):
        assert text(report, limit=limit) == whole


def test_a_steps_summary_is_added_to_and_counts_what_is_there(
    made, tmp_path: Path, monkeypatch
) -> None:
    path, report = tmp_path / "summary.md", made.everything()
    append_summary(report, path)
    append_summary(report, path)
    assert path.read_text(encoding="utf-8") == text(report) * 2
    monkeypatch.setattr(markdown, "STEP_LIMIT", path.stat().st_size + 300)
    append_summary(report, path)
    assert path.stat().st_size <= markdown.STEP_LIMIT
    assert path.read_text(encoding="utf-8").endswith(f"{markdown._CUT}\n")


def test_a_table_of_more_scenarios_than_fit_is_cut_between_rows(made) -> None:
    one = made.scenario(made.operation())
    report = made.suite(*(replace(one, id=f"a.yaml::{k}") for k in range(500)))
    rows = cells(text(report, limit=4000))
    assert 10 < len(rows) < 500
    assert all(len(row) == 5 for row in rows)
