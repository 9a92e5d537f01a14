"""The answers: sentences that say what was seen of each layer, from what was recorded alone.

The vocabulary is closed: a kind of sentence is a function in a file here and a row in `ANSWERS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lstm_state_probe.report.answers.base import Answer, Tell
from lstm_state_probe.report.answers.history import histories
from lstm_state_probe.report.answers.moves import moves, reloads, resets, sets
from lstm_state_probe.report.answers.repeats import repeats
from lstm_state_probe.report.answers.starts import carries, starts
from lstm_state_probe.report.answers.troubles import masked, not_finite, raised
from lstm_state_probe.report.data import ScenarioReport

ANSWERS: Mapping[str, Tell] = {
    "starts": starts,
    "carries": carries,
    "moves": moves,
    "sets": sets,
    "resets": resets,
    "reloads": reloads,
    "repeats": repeats,
    "masked": masked,
    "not finite": not_finite,
    "raised": raised,
}
"""Kind of sentence to what makes it, in the order in which they are told of a layer."""


def answers(report: ScenarioReport) -> tuple[Answer, ...]:
    """Tell what was seen, layer by layer; what was not seen has no sentence."""
    return tuple(
        Answer(word, history.layer.address, sentence)
        for history in histories(report)
        for word, tell in ANSWERS.items()
        for sentence in tell(history)
    )


__all__ = ["ANSWERS", "Answer", "answers"]
