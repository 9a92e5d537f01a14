"""What an operation did to each layer, in short: a head, a few rows, one line where that is all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport
from lstm_state_probe.report.terminal.brief import BriefTable
from lstm_state_probe.report.terminal.over_time import noted, over_time
from lstm_state_probe.report.terminal.page import Page, Part
from lstm_state_probe.report.words.brief import brief
from lstm_state_probe.report.words.ledger import size
from lstm_state_probe.report.words.moments import calls_in_words
from lstm_state_probe.report.words.numbers import digits, identical


def built(page: Page, report: ScenarioReport) -> None:
    """Write a line a layer: its class, and what it held once the model was built."""
    for layer in report.layers:
        held = _of(layer, report.initialised)
        words = f"; built with {_sizes(page, held)}" if held else ""
        page.say((layer.address, "label"), _kind(layer), (words, "faint"), hang=2)
    page.line()


def _kind(layer: LayerReport) -> str:
    return f"  {layer.kind}{', stateful' if layer.stateful else ''}"


def _of(layer: LayerReport, held: Mapping[str, Array]) -> dict[str, Array]:
    pairs = {name: f"{layer.address}/{name}" for name in layer.states}
    return {name: held[address] for name, address in pairs.items() if address in held}


def _sizes(page: Page, held: Mapping[str, Array]) -> str:
    return ", ".join(f"{n} {_size(page, array)}" for n, array in held.items())


def _size(page: Page, array: Array) -> str:
    return digits(size(array), page.options.precision)


def happened_in_short(page: Page, report: ScenarioReport, done: OperationReport) -> None:
    """Write what an operation did to each layer."""
    for layer in report.layers:
        calls = [call for call in done.outcome.calls if call.layer == layer.address]
        if calls:
            _called(page, layer, calls, done)
        else:
            _not_called(page, layer, done)


def _called(page: Page, layer: LayerReport, calls: Sequence[Call], done: OperationReport) -> None:
    words = calls_in_words(calls, page.symbols["to"])
    start = "; ".join(_starts(calls[0]))
    page.say((layer.address, "label"), f"  {words}", indent=2, hang=2)
    page.say(("initial  ", "faint"), start, indent=4, hang=2)
    held = _of(layer, done.outcome.held)
    states = brief(calls, held, page.options)
    for state in states:
        if state.words:
            page.say((state.name, "label"), f"  {state.words}", indent=4)
    if any(state.rows for state in states):
        table = BriefTable(page, states)
        page.table(table.table(), indent=2)
        for note in table.notes():
            page.say((note, "faint"), indent=4)
    if page.options.over_time:
        over_time(page, calls)
    else:
        noted(page, calls)


def _starts(call: Call) -> Iterator[str]:
    """Yield where the states started, once where all have the same."""
    words = {name: state.origin.words for name, state in call.states.items()}
    if len(set(words.values())) == 1:
        yield next(iter(words.values()))
        return
    yield from (f"{name}: {told}" for name, told in words.items())


def _not_called(page: Page, layer: LayerReport, done: OperationReport) -> None:
    before, after = (_of(layer, held) for held in (done.outcome.before, done.outcome.held))
    parts: list[Part] = [(layer.address, "label"), "  "]
    page.say(*parts, ", ".join(_moved(page, before, after)) or "not called", indent=2, hang=2)


def _moved(page: Page, before: Mapping[str, Array], after: Mapping[str, Array]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old is not None and new is not None and identical(old, new):
            yield f"{name} held as before, max|.| {_size(page, new)}"
        else:
            ends = ("none" if x is None else _size(page, x) for x in (old, new))
            yield f"{name} max|.| {page.symbols['arrow'].join(ends)}"
