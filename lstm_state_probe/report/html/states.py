"""The states of an operation as tables of HTML: the same stories as those of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.report.html.tags import Html, tag
from lstm_state_probe.report.words.layout import choose, flat, left_out, unit
from lstm_state_probe.report.words.moments import LayerStory, Moment, StateStory
from lstm_state_probe.report.words.numbers import digits, largest_change, summarise
from lstm_state_probe.report.words.outcomes import change_words, kind_words

SAMPLES, UNITS = 6, 12
"""Rows and columns that are shown; the summary below them is of all."""
PRECISION = 4


def layers(stories: Iterable[LayerStory]) -> Iterator[Html]:
    """Make a heading and a table for each layer."""
    for story in stories:
        layer = story.layer
        words = "; ".join(filter(None, (layer.kind + ", stateful" * layer.stateful, story.words)))
        yield tag("h4", tag("code", layer.address), f" {words}")
        for state in story.states:
            yield _state(state)


def _state(state: StateStory) -> Html:
    arrays = [moment.array for moment in state.moments if moment.array is not None]
    kinds = ", then ".join(dict.fromkeys(map(kind_words, arrays)))
    change = ""
    if state.before is not None and state.after is not None:
        change = f"; {change_words(largest_change(state.before, state.after), PRECISION)}"
    caption = tag("caption", tag("b", state.name), f" {kinds}{change}")
    rows = [row for moment in state.moments for row in _moment(moment)]
    notes = dict.fromkeys(note for array in arrays if (note := _note(array)))
    return tag(
        "div",
        tag("table", caption, tag("thead", _head(arrays)), tag("tbody", rows)),
        (tag("p", note, class_="faint") for note in notes),
        class_="wide",
    )


def _head(arrays: list[Array]) -> Html:
    widest = max(arrays, key=lambda array: flat(array).shape[1], default=None)
    names = [] if widest is None else [unit(widest.shape, k) for k in _columns(widest)]
    cells = ("", "sample", *names)
    return tag("tr", (tag("th", cell, scope="col") for cell in cells))


def _columns(array: Array) -> tuple[int, ...]:
    return choose(flat(array).shape[1], UNITS).shown


def _moment(moment: Moment) -> Iterator[Html]:
    words = tag("span", moment.words, class_="faint")
    if moment.array is None or moment.words:
        yield tag(
            "tr", tag("th", moment.name), tag("td", words, colspan=str(UNITS + 1), class_="said")
        )
    if moment.array is None:
        return
    rows, name = flat(widened(moment.array)), "" if moment.words else moment.name
    for sample in choose(len(rows), SAMPLES).shown:
        numbers = [digits(float(rows[sample, k]), PRECISION) for k in _columns(moment.array)]
        cells = (tag("td", number, class_=_tone(number)) for number in numbers)
        yield tag("tr", tag("th", name), tag("td", str(sample)), cells)
        name = ""
    yield tag(
        "tr",
        tag("th"),
        tag("td", "all"),
        tag("td", _summary(moment.array), colspan=str(UNITS), class_="said faint"),
    )


def _tone(number: str) -> str:
    return "failed" if number in ("NaN", "Inf", "-Inf") else "faint" if number == "0" else ""


def _summary(array: Array) -> str:
    found = summarise(array)
    if not found.count:
        return "empty: no elements"
    named = {"min": found.low, "max": found.high, "mean": found.mean, "std": found.deviation}
    figures = " ".join(f"{name}={digits(value, PRECISION)}" for name, value in named.items())
    return f"{figures} NaN={found.nans} Inf={found.infs}"


def _note(array: Array) -> str:
    rows = flat(array)
    note = left_out(choose(len(rows), SAMPLES), choose(rows.shape[1], UNITS))
    return note.partition(" (--")[0]
