"""What one table tells: from a report to states and moments, still without a word of layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lstm_state_probe.amounts import plural
from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call, Held
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport
from lstm_state_probe.report.words.numbers import identical

_CALLS: dict[str, Callable[[int], Sequence[int]]] = {
    "first": lambda count: range(min(count, 1)),
    "last": lambda count: range(max(0, count - 1), count),
    "all": range,
}
"""Which of `count` calls have a table."""


@dataclass(frozen=True)
class Moment:
    """A state at one moment: (batch, units); an array of None leaves the words alone."""

    name: str
    array: Array | None
    words: str = ""


@dataclass(frozen=True)
class StateStory:
    """The moments of one state, in time; `before` and `after` are compared, `apart` calls apart."""

    name: str
    moments: tuple[Moment, ...]
    before: Array | None = None
    after: Array | None = None
    apart: int = 1


@dataclass(frozen=True)
class LayerStory:
    """One table: a layer, what happened to it in words, its states; no states, no table.

    `calls` are those that the table tells of.
    """

    layer: LayerReport
    words: str
    states: tuple[StateStory, ...] = ()
    calls: tuple[Call, ...] = ()


def initialised(report: ScenarioReport) -> list[LayerStory]:
    """Tell what the layers held once the model was built."""
    return [_built(layer, report.initialised) for layer in report.layers]


def _built(layer: LayerReport, held: Held) -> LayerStory:
    states = [
        StateStory(name, (Moment("held", held[f"{layer.address}/{name}"]),))
        for name in layer.states
        if f"{layer.address}/{name}" in held
    ]
    words = "" if states else "not stateful: nothing is held until a call makes it"
    return LayerStory(layer, words, tuple(states))


def happened(
    report: ScenarioReport, done: OperationReport, *, each: str | None, to: str
) -> list[LayerStory]:
    """Tell what an operation did to each layer: over all its calls, or a table a call.

    `each` is None, or which calls have a table: 'first', 'last', 'all'.
    """
    stories: list[LayerStory] = []
    for layer in report.layers:
        calls = [call for call in done.outcome.calls if call.layer == layer.address]
        if not calls:
            stories.append(_without_call(layer, done))
        elif each is not None:
            for k in _CALLS[each](len(calls)):
                call = calls[k]
                words = f"call {k + 1} of {len(calls)}: {call.where}, {_length(call)}"
                stories.append(_called(layer, [call], done, words, last=call is calls[-1]))
        else:
            stories.append(_called(layer, calls, done, calls_in_words(calls, to), last=True))
    return stories


def _without_call(layer: LayerReport, done: OperationReport) -> LayerStory:
    states = []
    for name in layer.states:
        address = f"{layer.address}/{name}"
        before, after = done.outcome.before.get(address), done.outcome.held.get(address)
        moments = [Moment("before", before)] if before is not None else []
        if after is not None:
            same = before is not None and identical(before, after)
            moments.append(Moment("", None, "held = before") if same else Moment("held", after))
        if moments:
            states.append(StateStory(name, tuple(moments), before, after))
    words = "not called" if states else "not stateful and not called: nothing to show"
    return LayerStory(layer, words, tuple(states))


def _called(
    layer: LayerReport, calls: Sequence[Call], done: OperationReport, words: str, *, last: bool
) -> LayerStory:
    states = []
    for name, final in calls[-1].states.items():
        first = calls[0].states.get(name, final)
        moments = [
            Moment("initial", first.initial, first.origin.words),
            Moment("final", final.final),
        ]
        if last:
            held = done.outcome.held.get(f"{layer.address}/{name}")
            moments.append(_held(layer, held, final.final))
        apart = (first.initial, final.final, len(calls))
        states.append(StateStory(name, tuple(moments), *apart))
    return LayerStory(layer, words, tuple(states), tuple(calls))


def _held(layer: LayerReport, held: Array | None, final: Array) -> Moment:
    if held is None:
        words = "nothing" if layer.stateful else "not stateful: nothing is held"
        return Moment("held", None, words)
    if identical(held, final):
        return Moment("", None, "held = final")
    if held.shape == final.shape and identical(held, final.astype(held.dtype)):
        return Moment("", None, f"held = final, as {held.dtype.name}")
    return Moment("held", held)


def calls_in_words(calls: Sequence[Call], to: str) -> str:
    """Say how many calls there were, of which batches."""
    if len(calls) == 1:
        return f"1 call: {calls[0].where}, {_length(calls[0])}"
    first, last = calls[0].where, calls[-1].where
    return f"calls {len(calls)}: {first} {to} {last}; initial is the first's, final the last's"


def _length(call: Call) -> str:
    return plural(call.timesteps, "timestep")
