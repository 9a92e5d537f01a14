"""The one writer of scenario YAML: what a person can read, and what reads back as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from lstm_state_probe.scenario.text.yaml12 import scalar

WIDTH = 96
IN_ONE_LINE = 72
"""Characters up to which a mapping or a list stands in one line."""


_NO_FOLD = 1 << 30


class _Dumper(yaml.SafeDumper):
    """PyYAML writes YAML 1.1; what YAML 1.2 would read as something else gets quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: no anchors."""
        return True


def as_text(written: Mapping[str, Any]) -> str:
    """Write a scenario as YAML 1.2."""
    return str(
        yaml.dump(dict(written), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
    )


def inline(value: Any) -> str:
    """Write one value, or a key, for a place within a line; `${` in it stays what it is."""
    listed = yaml.dump(
        [value],
        Dumper=_Dumper,
        default_flow_style=True,
        sort_keys=False,
        width=_NO_FOLD,
        allow_unicode=True,
    )
    return str(listed).strip()[1:-1]


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    value = value.replace("${", "$${")  # what is written was filled in already
    # PyYAML 6.0 writes U+0085 as it is, and reads it as the end of a line
    quoted = not value.isprintable() or _reads_as_another_type(value)
    style = '"' if quoted else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _reads_as_another_type(value: str) -> bool:
    for kind in ("null", "bool", "int", "float"):
        try:
            scalar(value, kind)
        except ValueError:
            continue
        return True
    return False


def _mapping(dumper: yaml.SafeDumper, value: Mapping[Any, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=_fits(value))


def _sequence(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_fits(value))


def _fits(value: Any) -> bool:
    numbers = isinstance(value, list) and not any(isinstance(v, (dict, list)) for v in value)
    return numbers or len(str(value)) <= IN_ONE_LINE


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
