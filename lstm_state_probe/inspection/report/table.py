"""An inspection on a page: tables where it is wide, one layer a block where it is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.text import Text

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.inspection.data import (
    CallInspection,
    Inspection,
    LayerInspection,
    StateChange,
)
from lstm_state_probe.inspection.report.answers import inspected
from lstm_state_probe.inspection.report.words import (
    UNTRAINED,
    facts,
    first_bad_words,
    input_words,
    model_words,
)
from lstm_state_probe.report.terminal.answers import show_told
from lstm_state_probe.report.terminal.layer import lined_table
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.words.layout import GAP, share_out
from lstm_state_probe.report.words.numbers import digits

WIDE = 130
"""Columns from which the layers stand in one table."""
_WORD = 14
_LABEL = 13
_CALLS = ("state", "call", "starts from", "started, max|.|", "ended, max|.|", "largest change")


def show_inspection(page: Page, found: Inspection) -> None:
    """Write what is known of a model: its inputs, its layers, what the calls did."""
    page.say((model_words(found), "heading"), hang=2)
    if found.untrained:
        page.say((UNTRAINED, "unsure"), hang=2)
    for used in found.inputs:
        page.say(("input  ", "faint"), input_words(used), hang=2)
    for note in found.notes:
        page.say(("note  ", "unsure"), note, hang=2)
    page.line()
    if page.width >= WIDE:
        _layers(page, found.layers)
        _notes(page, found.layers)
        _calls(page, found.layers)
    else:
        for layer in found.layers:
            _block(page, layer)
    _warnings(page, found)
    page.line()
    show_told(page, inspected(found))


def _warnings(page: Page, found: Inspection) -> None:
    if found.failure is not None:
        page.say((f"{page.symbols['error']} {found.failure}", "bad"), hang=2)
    if words := first_bad_words(found):
        page.say((words, "bad"), hang=2)
    if found.unrecorded:
        page.say((f"{found.unrecorded} uses of layers ran unseen under XLA", "unsure"), hang=2)
    page.say(("the model is as it was: states, weights, seeds", "faint"), hang=2)


def _block(page: Page, layer: LayerInspection) -> None:
    page.say((layer.address, "label"))
    for fact in facts(layer):
        _line(page, fact.head, fact.long)
    for held in _held(page, layer):
        _line(page, "holds", held)
    for call in layer.calls:
        page.say((_call_name(call), "heading"), indent=2)
        for name, change in call.states.items():
            words = f" {_change(page, change)}; {change.origin.words}"
            page.say((name, "label"), words, indent=4, hang=2)
    page.line()


def _line(page: Page, head: str, text: str) -> None:
    """Write a fact beside its head; where there is little room, without columns."""
    roomy = page.width >= 4 * _LABEL
    label = f"{head:<{_LABEL}}" if roomy else f"{head}: "
    page.say((label, "faint"), text, indent=2, hang=_LABEL if roomy else 2)


def _change(page: Page, change: StateChange) -> str:
    start, end = _most(page, change.initial), _most(page, change.final)
    if change.change == 0:
        return f"unchanged, max|.| {end}"
    size = "NaN or Inf" if change.change is None else _digits(page, change.change)
    return f"max|.| {start} {_to(page)} {end}, largest change {size}"


def _to(page: Page) -> str:
    return "→" if page.unicode else "->"


def _call_name(call: CallInspection) -> str:
    steps = f"{call.name}, {call.timesteps} timestep{'' if call.timesteps == 1 else 's'}"
    return f"{steps}, {call.uses} uses of the layer" if call.uses > 1 else steps


def _held(page: Page, layer: LayerInspection) -> Iterator[str]:
    """Say what a stateful layer holds now, where that is not zeros alone."""
    for state in layer.states:
        if state.held is not None and np.any(state.held):
            yield f"{state.name}: max|.| {_most(page, state.held)}"


def _most(page: Page, array: Array) -> str:
    return _digits(page, float(np.abs(widened(array)).max())) if array.size else "nothing"


def _digits(page: Page, value: float) -> str:
    return digits(value, page.options.precision)


def _layers(page: Page, layers: Sequence[LayerInspection]) -> None:
    rows = [[fact.short for fact in facts(layer)] for layer in layers]
    heads = ["layer", *(fact.head for fact in facts(layers[0]))]
    _table(page, heads, [[layer.address, *row] for layer, row in zip(layers, rows, strict=True)])
    page.line()


def _notes(page: Page, layers: Sequence[LayerInspection]) -> None:
    """Say the whole of what the table has in short, once for all layers that share it."""
    told: dict[tuple[str, str], list[str]] = {}
    for layer in layers:
        for fact in facts(layer):
            if fact.long != fact.short:
                told.setdefault((fact.head, fact.long), []).append(layer.address)
        for held in _held(page, layer):
            told.setdefault(("holds", held), []).append(layer.address)
    heads = list(dict.fromkeys(head for head, _ in told))
    for head in heads:
        page.say((head, "heading"))
        for (other, words), names in told.items():
            if other == head:
                page.say((", ".join(names), "label"), f"  {words}", indent=2, hang=2)
    page.line()


def _calls(page: Page, layers: Sequence[LayerInspection]) -> None:
    rows = []
    for layer in layers:
        for name in (state.name for state in layer.states):
            label = f"{layer.address}/{name}"
            for call in layer.calls:
                change = call.states[name]
                moved = "NaN or Inf" if change.change is None else _digits(page, change.change)
                ends = (_most(page, change.initial), _most(page, change.final))
                rows.append([label, _call_name(call), change.origin.words, *ends, moved])
                label = ""
    if rows:
        _table(page, _CALLS, rows)
        page.line()


def _table(page: Page, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [list(heads), *([page.visible(cell) for cell in row] for row in rows)]
    columns = [list(column) for column in zip(*lines, strict=True)]
    widths = share_out(
        [max(map(len, column)) for column in columns],
        [min(_WORD, max(map(_longest, column))) for column in columns],
        page.width - GAP * (len(heads) - 1),
    )
    table = lined_table(page)
    for k, head in enumerate(heads):
        table.add_column(head, width=widths[k] if widths else None, overflow="fold")
    for line in lines[1:]:
        table.add_row(*map(Text, line))
    page.table(table)


def _longest(cell: str) -> int:
    return max(map(len, cell.split()), default=0)
