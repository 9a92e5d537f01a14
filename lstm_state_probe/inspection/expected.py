"""What a scenario may expect of a model, by what an inspection saw: {selector: condition}."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lstm_state_probe.inspection.data import Inspection, LayerInspection

Expected = Mapping[str, Any]


def first_call(found: Inspection) -> Expected:
    """Expect the origins of the first call, and numbers that are numbers."""
    expected: dict[str, Any] = dict(_origins_of_call(found, 0))
    expected.update({f"{layer.address}/*": "finite" for layer in _called(found) if _finite(layer)})
    return expected


def second_call(found: Inspection) -> Expected:
    """Expect the origins of the second call, and the same end where the first ended the same."""
    expected: dict[str, Any] = dict(_origins_of_call(found, 1))
    for layer in _called(found):
        for state, change in layer.calls[1].states.items():
            if change.final.tobytes() == layer.calls[0].states[state].final.tobytes():
                address = f"{layer.address}/{state}"
                expected[address] = {"same_as": f"first call: {address}"}
    return expected


def reset_raises(found: Inspection) -> str | None:
    """Name what Keras's reset raises; None if it does not."""
    for layer in found.layers:
        told = layer.reset.why if _layer_by_layer(found) else layer.reset.model_why
        match = re.search(r"raises (\w+)", told)
        if match and layer.stateful:
            return match[1]
    return None


def reset_expected(found: Inspection) -> Expected:
    """Expect zeros where the reset reaches, and what was there before where it does not."""
    if reset_raises(found) is not None:
        return {}
    return {
        f"{layer.address}/*": "zeros" if _reached(found, layer) else "unchanged"
        for layer in found.layers
        if layer.stateful
    }


def after_reset(found: Inspection) -> Expected:
    """Expect the origins of a call after the reset."""
    expected: dict[str, Any] = {}
    for layer in _called(found):
        first = {change.origin.word for change in layer.calls[0].states.values()}
        if layer.stateful and first != {"given"}:
            word = "reset" if _reached(found, layer) else "carried"
            expected[_selector(layer, "*")] = {"origin": word}
    return expected


def _layer_by_layer(found: Inspection) -> bool:
    """Tell whether the engine has no reset of the model, so that the probe goes through layers."""
    return all(layer.reset.by_model is None for layer in found.layers)


def _reached(found: Inspection, layer: LayerInspection) -> bool:
    return bool(layer.reset.works if _layer_by_layer(found) else layer.reset.by_model)


def _called(found: Inspection) -> list[LayerInspection]:
    return [layer for layer in found.layers if len(layer.calls) > 1]


def _finite(layer: LayerInspection) -> bool:
    return all(change.change is not None for change in layer.calls[0].states.values())


def _origins_of_call(found: Inspection, index: int) -> Iterator[tuple[str, Any]]:
    for layer in _called(found):
        words = {name: c.origin.word for name, c in layer.calls[index].states.items()}
        if len(set(words.values())) == 1:
            words = {"*": next(iter(words.values()))}
        for name, word in words.items():
            yield _selector(layer, name), {"origin": word}


def _selector(layer: LayerInspection, state: str) -> str:
    """Select what the first use of the layer started from."""
    use = "[0]" if layer.calls[0].uses > 1 else ""
    return f"{layer.address}/{state}{use}@initial"
