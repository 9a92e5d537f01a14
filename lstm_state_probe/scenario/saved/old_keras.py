"""Architectures of Keras 0.3 and 1, told by their words where no version stands in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstm_state_probe.errors import listed
from lstm_state_probe.scenario.saved.saved_json import mappings

_CHAINS = ("Sequential", "Graph")
_KERAS_1 = {
    *("inner_init", "inner_activation", "forget_bias_init", "consume_less", "W_regularizer"),
    *("dropout_W", "init", "input_dtype", "nb_filter", "border_mode"),
}
_CLASSES = (
    *("LSTM", "GRU", "SimpleRNN", "Dense", "Embedding", "TimeDistributedDense", "InputLayer"),
    *("Convolution1D", "Convolution2D"),
)


def old_version(config: Mapping[str, Any]) -> str | None:
    """Return '0.3' or '1' for an architecture of that Keras, None for any other."""
    if "class_name" not in config:
        parts = config.get("layers")
        plain = isinstance(parts, list) and not any("class_name" in p for p in _dicts(parts))
        named = config.get("name") in _CHAINS
        return "0.3" if named and (plain or "node_config" in config) else None
    if any(_KERAS_1 & inner.keys() for name, inner in _layers(config) if name in _CLASSES):
        return "1"
    return None


def what_to_do(config: Mapping[str, Any], version: str) -> str:
    """Say how a model of Keras 0 or 1 can be had, and which layers it has."""
    held = f"its layers: {listed(_told(config))}"
    if version.startswith("0"):
        return (
            "which no later Keras reads; write its layers anew in code or in a scenario, or load"
            f" it with that Keras ({held})"
        )
    return (
        "which neither Keras 3 nor tf_keras reads; load it with Keras 2.2, which does (pip install"
        f" 'keras<2.3'), save it as .h5 there, and give that ({held})"
    )


def _told(config: Mapping[str, Any]) -> Iterator[str]:
    if "class_name" not in config:
        parts = [part for part in mappings(config) if "output_dim" in part and "name" in part]
        yield from (f"{part['name']} of {part['output_dim']}" for part in parts)
    for name, inner in _layers(config):
        size = inner.get("output_dim")
        if name not in ("InputLayer", *_CHAINS):
            yield f"{name} of {size}" if isinstance(size, int) else name


def _layers(config: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the class and the arguments of each layer, below the model itself."""
    for part in mappings(dict(config)):
        name, inner = part.get("class_name"), part.get("config")
        if isinstance(name, str) and isinstance(inner, dict) and "layers" not in inner:
            yield name, inner


def _dicts(parts: list[Any]) -> list[dict[str, Any]]:
    return [part for part in parts if isinstance(part, dict)]
