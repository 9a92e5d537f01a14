"""What an answer is: one sentence about one layer, of a kind that has a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lstm_state_probe.report.answers.history import History


@dataclass(frozen=True)
class Answer:
    """One sentence that says what was seen.

    `word` is its kind, a key of `ANSWERS`; `layer` is the address of the layer that it is about,
    and "" where it is about the whole scenario.
    """

    word: str
    layer: str
    sentence: str


Tell = Callable[[History], Iterator[str]]
"""What makes the sentences of one kind about one layer: as many as were seen, often none."""


def listed(words: list[str]) -> str:
    """Join words as a sentence does: 'a', 'a and b', 'a, b and c'; each once, in their order."""
    once = list(dict.fromkeys(words))
    if len(once) < 2:
        return "".join(once)
    return f"{', '.join(once[:-1])} and {once[-1]}"
