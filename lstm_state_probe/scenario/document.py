"""YAML with a position for every node.

PyYAML parses; this module gives its nodes the scalars of YAML 1.2, refuses what would surprise
(duplicate keys, tabs, anchors that expand without bound, foreign tags) and remembers where
every key and value stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from lstm_state_probe.errors import Complaint, ScenarioError

Path = tuple[str | int, ...]
Position = tuple[int, int]

MAX_DEPTH = 64
MAX_NODES = 1_000_000
_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CORE = (("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("float", _SPECIAL))
_PREFIX = "tag:yaml.org,2002:"


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """PyYAML's parser with the core schema of YAML 1.2 in place of YAML 1.1's."""


for _name, _pattern in _CORE:
    _Loader.add_implicit_resolver(_PREFIX + _name, re.compile(rf"(?:{_pattern.pattern})\Z"), None)


@dataclass
class Document:
    """One YAML document: plain data, and the position of each key and value by its path."""

    file: str
    lines: list[str]
    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)

    def complaint(self, path: Path, message: str, *, at_key: bool = False) -> Complaint:
        """Place a message at the value (or the key) of a path, or of the nearest parent."""
        for end in range(len(path), -1, -1):
            here = path[:end]
            table = self.keys if (at_key or here not in self.values) else self.values
            if here in table:
                return self.at(table[here], message)
        return self.at((1, 1), message)

    def at(self, position: Position, message: str) -> Complaint:
        """Place a message at a line and column that count from 1."""
        line, column = position
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Complaint(self.file, line, column, message, source)


def read_documents(text: str, *, file: str) -> list[Document]:
    """Parse every document of a file.

    Raises:
        ScenarioError: with every complaint that could be found.
    """
    lines = text.splitlines()
    source = Document(file, lines)
    try:
        _refuse_depth(text, source)
        nodes = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise ScenarioError([_syntax(error, source)]) from error
    except yaml.YAMLError as error:
        raise ScenarioError([source.at(_reader_position(error, text), _plain(error))]) from error
    if not any(node is not None and node.value != "" for node in nodes):
        raise ScenarioError(
            [source.at((1, 1), "the file is empty; a scenario needs at least 'model'")]
        )
    complaints: list[Complaint] = []
    documents = [_convert(node, Document(file, lines), complaints) for node in nodes]
    if complaints:
        raise ScenarioError(complaints)
    return documents


def _convert(node: yaml.Node, document: Document, complaints: list[Complaint]) -> Document:
    builder = _Builder(document, complaints)
    document.data = builder.value(node, ())
    return document


@dataclass
class _Builder:
    """Turns nodes into plain data, noting positions and complaints on the way."""

    document: Document
    complaints: list[Complaint]
    nodes: int = 0
    full: bool = False
    open: set[int] = field(default_factory=set)

    def complain(self, node: yaml.Node, message: str) -> None:
        self.complaints.append(self.document.at(_start(node), message))

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.document.values[path] = _start(node)
        self.nodes += 1
        if self.nodes > MAX_NODES or id(node) in self.open:
            if not self.full:
                self.full = True
                self.complain(node, f"the anchors expand to more than {MAX_NODES:,} values")
            return None
        kind = _tag(node)
        if kind is None:
            self.complain(node, f"the tag {node.tag} is not allowed; {_allowed_tags()}")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, kind)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(child, (*path, i)) for i, child in enumerate(node.value)]
            return self.mapping(node, path)
        finally:
            self.open.discard(id(node))

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, "a key must be a plain name, not a list or a mapping")
                continue
            key = self.scalar(key_node, _tag(key_node) or "str")
            here = (*path, key)
            if key == "<<" and not key_node.style:
                merged.update(self.merge(value_node, here))
                continue
            if key in result:
                first = self.document.keys[here][0]
                self.complain(key_node, f"duplicate key {key!r}; it stands first in line {first}")
                continue
            self.document.keys[here] = _start(key_node)
            result[key] = self.value(value_node, here)
        return {**merged, **result}

    def merge(self, node: yaml.Node, path: Path) -> dict[Any, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        result: dict[Any, Any] = {}
        for part in reversed(parts):
            value = self.value(part, path)
            if isinstance(value, dict):
                result.update(value)
            else:
                self.complain(part, "'<<' merges a mapping, or a list of mappings")
        for key in result:
            self.document.keys.setdefault((*path[:-1], key), _start(node))
        return result

    def scalar(self, node: yaml.ScalarNode, kind: str) -> Any:
        text = node.value
        if kind == "str":
            return text
        if kind == "null":
            return None
        try:
            if kind == "bool":
                return {"true": True, "false": False}[text.lower()]
            return parse_int(text) if kind == "int" else parse_float(text)
        except (KeyError, ValueError) as error:
            reason = f" ({error})" if len(text) > 40 else ""
            self.complain(node, f"{text[:40]!r} is not a valid {kind}{reason}")
            return None


def parse_int(text: str) -> int:
    """Read an integer as YAML 1.2 does: 012 is 12, 0o14 and 0xC are 12 too."""
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


def parse_float(text: str) -> float:
    """Read a float as YAML 1.2 does: 1e-3 is a number, .inf and .nan are too."""
    special = _SPECIAL.fullmatch(text)
    if special:
        return float("nan") if special[3] else float(f"{special[1]}inf")
    return float(text)


def _tag(node: yaml.Node) -> str | None:
    """Return the YAML 1.2 core type of a node; None for a tag that is not of that schema."""
    name = "str" if node.tag == "!" else str(node.tag).removeprefix(_PREFIX)
    shapes = {"seq": yaml.SequenceNode, "map": yaml.MappingNode}
    fits = isinstance(node, shapes.get(name, yaml.ScalarNode))
    return name if name in _TAGS and fits else None


def _refuse_depth(text: str, source: Document) -> None:
    """Refuse nesting that would overflow the stack of the composer, in one flat pass."""
    depth = 0
    for event in _events(text):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > MAX_DEPTH:
            mark = event.start_mark
            message = f"nested more than {MAX_DEPTH} levels deep"
            raise ScenarioError([source.at((mark.line + 1, mark.column + 1), message)])


def _events(text: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text, Loader=_Loader))


def _start(node: yaml.Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _allowed_tags() -> str:
    return "allowed: " + ", ".join(f"!!{name}" for name in _TAGS)


def _syntax(error: yaml.MarkedYAMLError, source: Document) -> Complaint:
    mark = error.problem_mark or error.context_mark
    position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    complaint = source.at(position, "")
    problem = error.problem or "not valid YAML"
    if "\t" in complaint.source[: position[1]] and "token" in problem:
        problem = "a tab cannot indent or start a value in YAML; use spaces"
    context = f" ({error.context})" if error.context and "tab" not in problem else ""
    return source.at(position, f"not valid YAML: {problem}{context}")


def _reader_position(error: yaml.YAMLError, text: str) -> Position:
    offset = getattr(error, "position", 0) or 0
    before = text[:offset] if isinstance(offset, int) else ""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _plain(error: yaml.YAMLError) -> str:
    reason = getattr(error, "reason", None) or "it cannot be read"
    return f"not valid YAML: {reason}"
