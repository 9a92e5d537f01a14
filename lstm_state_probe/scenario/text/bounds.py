"""How much a YAML text expands to, told from its events before anything is built."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from lstm_state_probe.scenario.text.yaml12 import Loader

MAX_DEPTH = 64
MAX_NODES = 250_000
Position = tuple[int, int]
Trouble = tuple[Position, str]

_UNREADABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_TOO_MANY = (
    f"more than {MAX_NODES:,} values, those that aliases repeat included; put large arrays"
    " into a .npy or .csv file"
)


def split_lines(text: str) -> list[str]:
    """Split a text where YAML 1.1's parsers count a new line, so that their marks fit."""
    return _BREAK.split(text)


def find_trouble(text: str) -> Trouble | None:
    """Return the first reason not to build a text: what YAML forbids, or would not end.

    Nesting that is too deep for the composer's recursion, an anchor that contains itself, and
    aliases that multiply ("a billion laughs") are found in one flat pass.
    """
    unreadable = _UNREADABLE.search(text)
    if unreadable:
        before = split_lines(text[: unreadable.start()])
        message = f"not valid YAML: the character U+{ord(unreadable[0]):04X} is not allowed"
        return (len(before), len(before[-1]) + 1), message
    pass_ = _Pass()
    try:
        for event in yaml.parse(text, Loader=Loader):
            too_much, mark = pass_.see(event), event.start_mark
            if too_much and mark:
                return (mark.line + 1, mark.column + 1), too_much
    except yaml.YAMLError:
        return None  # the composer finds it too, and its complaint says more
    return None


@dataclass
class _Open:
    """A collection that has begun: its anchor, its size and its height so far."""

    anchor: str | None = None
    size: int = 1
    height: int = 1


@dataclass
class _Pass:
    open: list[_Open] = field(default_factory=list)
    done: dict[str, _Open] = field(default_factory=dict)

    def see(self, event: yaml.Event) -> str | None:
        """Take an event into account; return the complaint, if it is one too many."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.open, self.done = [_Open()], {}
        elif isinstance(event, yaml.AliasEvent):
            if any(part.anchor == event.anchor for part in self.open):
                return f"the anchor {event.anchor!r} contains itself"
            self.add(self.done.get(str(event.anchor), _Open()))
        elif isinstance(event, yaml.CollectionStartEvent):
            self.open.append(_Open(event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.add(self.open.pop())
        elif isinstance(event, yaml.ScalarEvent):
            self.add(_Open(event.anchor))
        return self.too_much()

    def add(self, part: _Open) -> None:
        """Add a finished node to the collection that it stands in."""
        if part.anchor is not None:
            self.done[part.anchor] = part
        parent = self.open[-1]
        parent.size += part.size
        parent.height = max(parent.height, part.height + 1)

    def too_much(self) -> str | None:
        if self.open and self.open[-1].size > MAX_NODES:
            return _TOO_MANY
        if self.open and len(self.open) + self.open[-1].height - 2 > MAX_DEPTH:
            return f"nested more than {MAX_DEPTH} levels deep"
        return None
