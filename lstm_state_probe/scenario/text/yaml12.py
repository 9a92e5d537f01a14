"""The scalars of YAML 1.2, and a parser that knows them.

PyYAML follows YAML 1.1, where `on` is true, `012` is ten and `1e-3` is a text. Here `on` is a
text, `012` is twelve and `1e-3` is a number (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from lstm_state_probe.errors import brief

TAGS = ("null", "bool", "int", "float", "str", "seq", "map")
INT_LIMITS = (-(2**63), 2**64 - 1)

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CORE = (("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("float", _SPECIAL))
_PREFIX = "tag:yaml.org,2002:"
_MOST_DIGITS = 400


class Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """PyYAML's parser with the core schema of YAML 1.2 in place of YAML 1.1's."""


for _name, _pattern in _CORE:
    Loader.add_implicit_resolver(_PREFIX + _name, re.compile(rf"(?:{_pattern.pattern})\Z"), None)


def core_type(node: yaml.Node) -> str | None:
    """Return the core type of a node, such as 'int'; None for a tag that is not of the schema."""
    name = "str" if node.tag == "!" else str(node.tag).removeprefix(_PREFIX)
    shapes = {"seq": yaml.SequenceNode, "map": yaml.MappingNode}
    fits = isinstance(node, shapes.get(name, yaml.ScalarNode))
    return name if name in TAGS and fits else None


def scalar(text: str, kind: str) -> Any:
    """Turn the text of a scalar into a value.

    Raises:
        ValueError: with the sentence for the user.
    """
    if kind == "str":
        return text
    pattern = {"null": _NULL, "bool": _BOOL, "int": _INT}.get(kind)
    if pattern and not pattern.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a valid {kind}")
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    return parse_int(text) if kind == "int" else parse_float(text)


def parse_int(text: str) -> int:
    """Read an integer: 012 is 12, and so are 0o14 and 0xC.

    Raises:
        ValueError: if it does not fit into 64 bits.
    """
    low, high = INT_LIMITS
    base = 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10
    if len(text) > _MOST_DIGITS or not low <= (value := int(text, base)) <= high:
        shown = text if len(text) <= 40 else f"{text[:40]}… ({len(text)} digits)"
        raise ValueError(f"{shown} does not fit into 64 bits; allowed: -2^63 to 2^64 - 1")
    return value


def parse_float(text: str) -> float:
    """Read a float: 1e-3 is a number, .inf and .nan are too.

    Raises:
        ValueError: if it is no number, or too large for a float of 64 bits.
    """
    special = _SPECIAL.fullmatch(text)
    if special:
        return math.nan if special[3] else float(f"{special[1]}inf")
    if not _FLOAT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a valid float")
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is too large for a float; infinity is written .inf")
    return value


def typed(text: str) -> Any:
    """Read a text as the scalar that it would be in a file: `4` is a number, `"4"` a text.

    Raises:
        ValueError: with the sentence for the user.
    """
    if text[:1] in ("'", '"'):
        return _quoted(text)
    kind = next((name for name, pattern in _CORE if pattern.fullmatch(text)), "str")
    return scalar(text, kind)


def _quoted(text: str) -> str:
    try:
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError:
        node = None
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"{text[:40]} is not a text in quotes")
    return str(node.value)


def written(value: Any) -> str:
    """Write a value in one line, without blanks, as a person would: `4`, `true`, `[2,3]`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{written(item)}' for key, item in value.items())}}}"
    return "null" if value is None else brief(value)
