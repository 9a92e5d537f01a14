"""What the words of the reports mean: one Markdown file each, in a folder a kind.

`probe explain` shows them, and `docs/words.md` is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_state_probe.errors import UsageError, brief, nearest

FOLDER = Path(__file__).parent
KINDS = (
    "origins",
    "answers",
    "findings",
    "statuses",
    "conditions",
    "checks",
    "operations",
    "errors",
)
"""The folders, in the order in which the page has them."""
_MATCHES = re.compile(r"<!-- matches: (.*) -->\n\n")


@dataclass(frozen=True)
class Explanation:
    """One word: its kind, and its text in Markdown; `matches` is a pattern of Keras's messages."""

    word: str
    kind: str
    text: str
    matches: str | None = None


def explanations() -> list[Explanation]:
    """Read all of them, kind by kind."""
    return [_read(file, kind) for kind in KINDS for file in sorted((FOLDER / kind).glob("*.md"))]


def _read(file: Path, kind: str) -> Explanation:
    text = file.read_text(encoding="utf-8")
    matches = _MATCHES.search(text)
    word = text.partition("\n")[0].removeprefix("# ")
    return Explanation(word, kind, _MATCHES.sub("", text), matches[1] if matches else None)


def explain(name: str) -> Sequence[Explanation]:
    """Find a word, or Keras's message in which it is recognised; a word may have several kinds.

    Raises:
        UsageError: for what is no word of the reports.
    """
    known = explanations()
    named = [one for one in known if name in (one.word, f"{one.kind}/{one.word}")]
    found = named or [one for one in known if one.matches and re.search(one.matches, name)]
    if not found:
        words = list(dict.fromkeys(one.word for one in known))
        raise UsageError(
            f"nothing to explain for {brief(name)}{nearest(name, words)};"
            " `probe explain` lists the words"
        )
    return found


def page() -> str:
    """Put all explanations on one page of Markdown."""
    lines = [
        "# The words of the reports",
        "",
        "What each word means, why it happens, the scenario that shows it, and what to write.",
        "`probe explain NAME` shows one of them. This page is made by `probe explain --all`.",
        "",
    ]
    kind = ""
    for one in explanations():
        if one.kind != kind:
            kind = one.kind
            lines += [f"## {kind.capitalize()}", ""]
        lines += [f"##{one.text}"]
    return "\n".join(lines).rstrip() + "\n"
