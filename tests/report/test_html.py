"""The page of HTML: well formed, whole by itself, and nothing of a user's text is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from lstm_state_probe.report.html.page import text

VOID = {"meta"}


class Page(HTMLParser):
    """Reads a page; complains about a tag that is not closed in its turn."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def page(made) -> Page:
    return Page(text(made.everything()))


def test_the_page_needs_no_other_file_and_no_script(made, page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object"}
    for _, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name == "src"}
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\(|@import|https?:", text(made.everything()))


def test_every_scenario_is_linked_and_told(page: Page) -> None:
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert links == [f"#{a['id']}" for tag, a in page.tags if tag == "section"]
    for words in (
        "5 scenarios: 1 passed, 1 failed, 2 errors, 1 without expectations",
        "learned: cell/<start>",
        "lstm/h: expected zeros, found 2 of 8 not zero; worst: sample 0, u3, timestep 5: 0.4361",
        "d.yaml:1:2: error: unknown key 'modl'",
        "2 further operations were not done",
        "three | four",
        "started from",
        "tensorflow 2",
    ):
        assert words in page.said, words


def test_what_failed_is_open_and_what_passed_is_folded(page: Page) -> None:
    states = ["open" in a for tag, a in page.tags if tag == "details"]
    initialised, good, bad, raised = False, False, True, True
    assert states == [
        *(initialised, good),
        *(initialised, good, bad),
        *(initialised, good, bad, raised),
        initialised,
        *(initialised, good),
    ]


def test_what_a_user_wrote_is_no_markup(made) -> None:
    evil = '</pre><script>alert("1")</script>&amp;'
    scenario = made.scenario(
        made.operation(verdicts=(made.broken(source=evil, selector=evil),), label=evil),
        made.operation(failure=("ValueError", evil), index=1),
        name=evil, id=evil, description=evil, file=evil, error=evil, status="error",
    )  # fmt: skip
    page = Page(text(made.suite(scenario, environment={"python": evil})))
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.said.count(evil) >= 8


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (1, 100), (40, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_states_of_any_shape_are_shown_and_what_is_left_out_is_told(made, shape) -> None:
    value = np.full(shape, 0.5, np.float32)
    report = made.suite(
        made.scenario(made.operation(made.call(value * 0, value), held={"lstm/h": value}))
    )
    page = Page(text(report))
    columns = int(np.prod(shape[1:]))
    assert ("showing" in page.said) == (value.size > 0 and (shape[0] > 6 or columns > 12))


def test_the_numbers_are_those_of_the_states(made) -> None:
    value = np.array([[0.125, -3.0]], np.float32)
    report = made.suite(made.scenario(made.operation(made.call(value * 0, value))))
    assert "final 0 0.1250 -3.000" in Page(text(report)).said
