"""Layers as older Keras 2 wrote them, put into the words of `tf_keras` of today.

`CuDNNLSTM` and `CuDNNGRU` run on a GPU alone. They compute what LSTM and GRU do with the default
activations (GRU with `reset_after`), and the HDF5 loader of `tf_keras` converts their weights for
these: kernels are transposed gate by gate, the two biases of an LSTM added, those of a GRU put
into two rows. A GRU of Keras 2.0 knows no `reset_after`, which is on where nothing is said.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from lstm_state_probe.errors import listed
from lstm_state_probe.scenario.saved.saved_json import mappings

_FUSED: Mapping[str, str] = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"}
_SAME = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
_MORE: Mapping[str, dict[str, Any]] = {"LSTM": _SAME, "GRU": {**_SAME, "reset_after": True}}
_BIASES = {
    "LSTM": "the two halves of its bias added",
    "GRU": "its bias in two rows (reset_after)",
}


def of_today(config: Any) -> Any:
    """Return a configuration without layers that only a GPU can run, and with what was implied."""
    changed = copy.deepcopy(config)
    for node in _recurrent(changed):
        kind, inner = node["class_name"], node["config"]
        if kind in _FUSED:
            node["class_name"] = _FUSED[kind]
            inner.update(_MORE[_FUSED[kind]])
        elif kind == "GRU":
            inner.setdefault("reset_after", False)
    return changed


def fused_layers(config: Any) -> dict[str, list[str]]:
    """Return the names of the layers that only a GPU can run, by their class."""
    found: dict[str, list[str]] = {}
    for node in _recurrent(config):
        if node["class_name"] in _FUSED:
            name = str(node["config"].get("name", node["class_name"]))
            found.setdefault(node["class_name"], []).append(name)
    return found


def notes_of(config: Any) -> Iterator[str]:
    """Say which layers are loaded as others."""
    for kind, names in fused_layers(config).items():
        other = _FUSED[kind]
        yield (
            f"{listed(map(repr, names))}: {kind}, which runs on a GPU alone, is loaded as {other},"
            f" which computes the same: its kernels transposed gate by gate, {_BIASES[other]}"
        )


def _recurrent(config: Any) -> Iterator[dict[str, Any]]:
    for node in mappings(config):
        if node.get("class_name") in (*_FUSED, "GRU") and isinstance(node.get("config"), dict):
            yield node
