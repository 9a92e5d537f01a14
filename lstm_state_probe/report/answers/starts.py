"""Where a layer starts: on its first call, and on those that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lstm_state_probe.recording.call import Call, Origin
from lstm_state_probe.report.answers.base import listed
from lstm_state_probe.report.answers.history import Event, History

_FROM: Mapping[str, str] = {
    "zeros": "at zeros",
    "carried": "where the last call ended",
    "reset": "at zeros after a reset",
    "random": "at a random draw, another each time",
    "set": "at what set_states assigned",
}
"""Origin to the words after 'starts'; the others name what their own words name."""


def starts(history: History) -> Iterator[str]:
    """Say where the first call started, and the later ones; states that differ apart."""
    calls = history.calls
    if not calls:
        return
    names = [name for name in history.layer.states if name in calls[0][1].states]
    told = {
        name: _start(history, [call.states[name].origin for _, call in calls]) for name in names
    }
    if len(set(told.values())) == 1:
        yield f"{history.layer.address} starts {told[names[0]]}."
        return
    for name in names:
        yield f"{history.layer.address}/{name} starts {told[name]}."


def _start(history: History, origins: Sequence[Origin]) -> str:
    first, later = _words(origins[0]), [_words(origin) for origin in origins[1:]]
    others = [words for words in dict.fromkeys(later) if words != first]
    if not history.layer.stateful and not others:
        every = "its one call" if not later else "every call"
        return f"{every} {first}: it is not stateful, and keeps nothing for the next"
    if not later:
        return f"{first} on its one call"
    if not others:
        return f"{first} on each of its {len(origins)} calls"
    return f"{first} on its first call, then {listed(others)}"


def _words(origin: Origin) -> str:
    """Say where a start came from; a history that is not as usual keeps its own words."""
    if origin.word in _FROM:
        return _FROM[origin.word]
    detail = origin.words.removeprefix(f"{origin.word}: ")
    if origin.word == "given":
        return f"from what it is given ({detail})"
    # the path of a weight differs between a model and its layer: its own name is enough
    return (
        f"at a learned weight ({detail.rpartition('/')[2]})"
        if origin.word == "learned"
        else f"at {detail}"
    )


def carries(history: History) -> Iterator[str]:
    """Say what one operation carries over: batches, epochs, into its validation."""
    told: dict[str, list[str]] = {}
    for event in history.events:
        told.setdefault(event.name, []).extend(_carried(event))
    for name, over in told.items():
        never = ": fit never resets" if "from epoch to epoch" in over else ""
        if over:
            yield f"{name} carries {history.layer.address} {listed(over)}{never}."


def _carried(event: Event) -> Iterator[str]:
    pairs = list(zip(event.calls, event.calls[1:], strict=False))
    kept = [(before, after) for before, after in pairs if _is_carried(after)]
    if any(_stretch(before) == _stretch(after) for before, after in kept):
        yield "from batch to batch"
    if any(before.epoch != after.epoch for before, after in kept):
        yield "from epoch to epoch"
    if any(before.phase == "train" and after.phase == "test" for before, after in kept):
        yield "into its validation, which moves it"


def _stretch(call: Call) -> tuple[int, str]:
    return call.epoch, call.phase


def _is_carried(call: Call) -> bool:
    return any(state.origin.word == "carried" for state in call.states.values())
