"""YAML with a position for every node.

PyYAML parses; this module refuses what would surprise (duplicate keys, foreign tags, keys that
are no names) and remembers where every key and value stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from lstm_state_probe.errors import Complaint, ScenarioError, brief
from lstm_state_probe.safe import one_line
from lstm_state_probe.scenario.text.bounds import MAX_DEPTH, Position, find_trouble, split_lines
from lstm_state_probe.scenario.text.yaml12 import TAGS, Loader, core_type, scalar

Path = tuple[str | int, ...]

_HINTS = (
    (
        "mapping values are not allowed",
        "a second ': ' in one line? put quotes around the text; keys below a word? it needs a"
        " colon, as in '- reset_states:'",
    ),
    ("while scanning an alias", "a leading * is YAML's alias; put quotes around a selector"),
    ("undefined alias", "a leading * is YAML's alias; put quotes around a selector"),
    ("did not find expected key", "is the indentation that of the lines above?"),
    ("did not find expected '-'", "is the indentation that of the lines above?"),
)


@dataclass
class Document:
    """One YAML document: plain data, and the position of each key and value by its path.

    `flaws` are the complaints about the YAML itself; `flawed` the paths that lost their value.
    `filled` says for each path (and whether it is the key there) at which a `${name}` stood
    which values it has; `variables` are the names that the document asks for.
    """

    file: str
    lines: list[str]
    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    flaws: list[Complaint] = field(default_factory=list)
    flawed: set[Path] = field(default_factory=set)
    filled: dict[tuple[Path, bool], str] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()

    def complaint(self, path: Path, message: str, *, at_key: bool = False) -> Complaint:
        """Place a message at the value (or the key) of a path, or of the nearest parent."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        for end in range(len(path), -1, -1):
            position = first.get(path[:end]) or second.get(path[:end])
            if position:
                return self.at(position, message + self.having(path, at_key=at_key))
        return self.at((1, 1), message)

    def having(self, path: Path, *, at_key: bool = False) -> str:
        """Say which values were filled in above a path, at its key, and (if meant) at its value."""
        if not self.filled:
            return ""
        places = [(path[:end], key) for end in range(len(path) + 1) for key in (True, False)]
        if at_key:
            places.pop()
        said = dict.fromkeys(self.filled[place] for place in places if place in self.filled)
        return f" ({', '.join(said)})" if said else ""

    def at(self, position: Position, message: str) -> Complaint:
        """Place a message at a line and column that count from 1, inside the file."""
        line = max(1, min(position[0], len(self.lines)))
        source = self.lines[line - 1] if self.lines else ""
        column = len(source) + 1 if position[0] > line else min(position[1], len(source) + 1)
        return Complaint(self.file, line, column, one_line(message), source)


def read_documents(text: str, *, file: str) -> list[Document]:
    """Parse every document of a file.

    Raises:
        ScenarioError: with every complaint that could be found.
    """
    documents, complaints = parse_documents(text, file=file)
    complaints += [flaw for document in documents for flaw in document.flaws]
    if complaints:
        raise ScenarioError(complaints)
    return documents


def parse_documents(text: str, *, file: str) -> tuple[list[Document], list[Complaint]]:
    """Parse the documents that can be parsed; return them and what kept the rest from it.

    Documents without content are left out.
    """
    lines = split_lines(text)
    source = Document(file, lines)
    trouble = find_trouble(text)
    if trouble:
        return [], [source.at(*trouble)]
    documents: list[Document] = []
    complaints: list[Complaint] = []
    try:
        for node in yaml.compose_all(text, Loader=Loader):
            if not _is_empty(node):
                documents.append(_Builder(Document(file, lines)).build(node))
    except yaml.MarkedYAMLError as error:
        complaints.append(_syntax(error, source))
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", None) or "it cannot be read"
        complaints.append(source.at((1, 1), f"not valid YAML: {reason}"))
    if not documents and not complaints:
        message = "the file is empty; a scenario needs at least 'model' and 'operations'"
        complaints.append(source.at((1, 1), message))
    return documents, complaints


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and not node.style


@dataclass
class _Builder:
    """Turns nodes into plain data, noting positions and complaints on the way."""

    document: Document

    def build(self, node: yaml.Node) -> Document:
        self.document.data = self.value(node, ())
        return self.document

    def complain(self, node: yaml.Node, message: str, path: Path) -> None:
        self.document.flaws.append(self.document.at(_start(node), message))
        self.document.flawed.add(path)

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.document.values[path] = _start(node)
        kind = core_type(node)
        if kind is None:
            allowed = ", ".join(f"!!{name}" for name in TAGS)
            self.complain(
                node, f"the tag {brief(node.tag)} is not allowed; allowed: {allowed}", path
            )
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, i)) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        try:
            return scalar(str(node.value), kind)
        except ValueError as error:
            self.complain(node, str(error), path)
            return None

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str | int, Any]:
        result: dict[str | int, Any] = {}
        for key, key_node, value_node in self.pairs(node, path):
            here = (*path, key)
            self.document.keys[here] = _start(key_node)
            result[key] = self.value(value_node, here)
        return result

    def pairs(
        self, node: yaml.MappingNode, path: Path
    ) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
        """Yield the entries of a mapping, its own first, then those that '<<' merges into it."""
        seen: dict[str | int, Position] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                merged += self.mergeable(value_node, path)
                continue
            key = self.key(key_node, path)
            if key in seen:
                message = f"duplicate key {brief(key)}; it stands first in line {seen[key][0]}"
                self.complain(key_node, message, (*path, key))
            elif key is not None:
                seen[key] = _start(key_node)
                yield key, key_node, value_node
        for part in merged:
            assert isinstance(part, yaml.MappingNode)
            for key, key_node, value_node in self.pairs(part, path):
                if key not in seen:
                    seen[key] = _start(key_node)
                    yield key, key_node, value_node

    def mergeable(self, node: yaml.Node, path: Path) -> list[yaml.Node]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                self.complain(part, "'<<' merges a mapping, or a list of mappings", path)
        return [part for part in parts if isinstance(part, yaml.MappingNode)]

    def key(self, node: yaml.Node, path: Path) -> str | int | None:
        """Read a key; a whole number may be one (`class_weight: {0: 1.5}`), nothing else may."""
        kind = core_type(node)
        if isinstance(node, yaml.ScalarNode) and kind in ("str", "int"):
            try:
                key: str | int = scalar(str(node.value), kind)
            except ValueError as error:
                self.complain(node, str(error), path)
            else:
                return key
        elif isinstance(node, yaml.ScalarNode) and node.value:
            text = str(node.value)
            found = f"{text[:40]!r} ({kind}); put quotes around it if it is one"
            self.complain(node, f"a key must be a name, found {found}", path)
        else:
            found = "nothing" if isinstance(node, yaml.ScalarNode) else "a list or a mapping"
            self.complain(node, f"a key must be a name, found {found}", path)
        return None


def _is_merge(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and not node.style


def _start(node: yaml.Node) -> Position:
    mark = node.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _syntax(error: yaml.MarkedYAMLError, source: Document) -> Complaint:
    """Say what libyaml found, where, and what is most likely meant by it."""
    mark = error.problem_mark or error.context_mark
    position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    line = source.lines[position[0] - 1] if position[0] <= len(source.lines) else ""
    char = line[position[1] - 1 : position[1]]
    problem, context = str(error.problem or "it cannot be read"), str(error.context or "")
    if char == "\t" or "tab character" in problem:
        return source.at(position, "a tab cannot indent or start a value in YAML; use spaces")
    if "nesting depth" in problem:  # libyaml 0.2.6 has a limit of its own, and reads ahead
        return source.at(position, f"nested more than {MAX_DEPTH} levels deep")
    if "cannot start any token" in problem:
        return source.at(position, f"not valid YAML: a value cannot start with {char!r}; quote it")
    hint = next((hint for words, hint in _HINTS if words in f"{context} {problem}"), "")
    if "flow" in context and "${" in line[: position[1] + 1]:
        hint = 'inside { } and [ ], put quotes around it: "${name}"'
    told = f"{problem} {context}".strip()
    return source.at(position, f"not valid YAML: {told}{hint and f' ({hint})'}")
