"""The answers on a page: a paragraph a layer, where the eye rests in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from lstm_state_probe.report.answers import Answer, answers
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.report.terminal.page import Page


def show_answers(page: Page, report: ScenarioReport) -> None:
    """Write what was seen, layer by layer; nothing where nothing was."""
    show_told(page, answers(report))


def show_told(page: Page, told: Sequence[Answer]) -> None:
    """Write sentences as a paragraph a layer."""
    if not told:
        return
    page.say(("What was seen", "heading"))
    for _, of_layer in groupby(told, lambda answer: answer.layer):
        page.say(" ".join(answer.sentence for answer in of_layer), indent=2)
    page.line()
