"""Another dtype policy for the layers of a saved model."""

from __future__ import annotations

import copy
from typing import Any

from lstm_state_probe.scenario.saved.saved_json import mappings

_NOT_LAYERS = ("InputLayer",)


def with_policy(config: dict[str, Any], policy: str) -> dict[str, Any]:
    """Return a configuration whose layers have the policy; inputs keep their dtypes."""
    changed = copy.deepcopy(config)
    apart = {"compile_config": changed.pop("compile_config", None)}
    for node in mappings(changed):
        kind, inner = node.get("class_name"), node.get("config")
        layer = isinstance(kind, str) and not kind.startswith("__") and kind not in _NOT_LAYERS
        if layer and isinstance(inner, dict) and "dtype" in inner:
            inner["dtype"] = policy
    return changed | {key: value for key, value in apart.items() if value is not None}
