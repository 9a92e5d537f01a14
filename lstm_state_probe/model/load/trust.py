"""What in the configuration of a saved model would run code, told without running any.

Keras's own safe mode is not relied on: Keras 2 imports whatever module a file names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ModelError, listed, nearest
from lstm_state_probe.model.load.base import How
from lstm_state_probe.scenario.saved.saved_json import mappings

Node = Mapping[str, Any]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODE_CLASSES = {
    "Lambda": "a Lambda layer, which is Python code",
    "__lambda__": "a lambda, which is marshalled Python code",
    "TFSMLayer": "a TFSMLayer, which runs a graph from another file",
    "TensorFlowOpLayer": "a TensorFlowOpLayer, which runs any operation of a graph",
    "ClassMethod": "a call of any method of TensorFlow",
    "InstanceMethod": "a call of any method of TensorFlow",
    "InstanceProperty": "a call of any property of TensorFlow",
    "JaxLayer": "a layer of another framework's code",
    "FlaxLayer": "a layer of another framework's code",
    "TorchModuleWrapper": "a layer of another framework's code",
}
_TF_FUNCTIONS = ("TFOpLambda", "SlicingOpLambda")
_HARMLESS = ("math", "__operators__", "nn", "linalg", "compat.v1.nn", "compat.v1.math")
_ARRAY_FUNCTIONS = _names(
    "reshape transpose concat stack unstack split squeeze expand_dims cast shape compat.v1.shape"
    " size rank tile zeros_like ones_like gather where identity stop_gradient slice strided_slice"
    " pad reverse reverse_sequence broadcast_to fill one_hot clip_by_value repeat range zeros ones"
    " convert_to_tensor compat.v1.gather compat.v1.squeeze sequence_mask boolean_mask"
)
_KERAS_PARTS = _names(
    "layers models engine initializers regularizers constraints optimizers losses metrics"
    " activations ops random dtype_policies mixed_precision quantizers"
)
_FUNCTION_PARTS = ("activations", "losses", "metrics", "ops", "initializers", "regularizers")
_LEGACY = (
    *("layers", "models", "initializers", "regularizers", "constraints", "optimizers"),
    *("optimizers.schedules", "optimizers.legacy", "losses", "metrics", "mixed_precision"),
)
_INTERNAL = _names(
    "Functional Model Sequential Policy PolicyV1 DTypePolicy MeanMetricWrapper LossFunctionWrapper"
    " SumOverBatchSizeMetricWrapper TFOpLambda SlicingOpLambda LossScaleOptimizer KerasTensor"
)
_THEIR_PACKAGES = ("keras_hub", "keras_cv", "keras_nlp")


@dataclass(frozen=True)
class Trust:
    """What one engine, and the user's own objects, can stand for."""

    engine: Engine
    how: How

    def examine(self, config: Any, name: str) -> None:
        """Refuse a configuration that would run code.

        Raises:
            ModelError: with everything that stands in the way, and what would let it pass.
        """
        nodes = [part for part in mappings(config) if isinstance(part.get("class_name"), str)]
        if not self.how.allow_code:
            held = [what for node in nodes for what in self._code(node)]
            held += [what for part in mappings(config) for what in _read_files(part)]
            if held:
                what = "; ".join(dict.fromkeys(held))
                raise ModelError(f"{name} holds {what}; if you trust it, give --allow-code")
        custom = dict.fromkeys(found for node in nodes if (found := self._custom(node)))
        if custom:
            raise ModelError(self._needs(name, list(custom)))

    def _needs(self, name: str, custom: list[str]) -> str:
        many = "s" * (len(custom) > 1)
        given = " and give --allow-code" * (not self.how.allow_code)
        near = nearest(custom[0], self.how.custom)
        return (
            f"{name} needs the custom object{many} {listed(map(repr, custom))}, which Python code"
            " must define: give --custom-objects FILE, or in a scenario"
            f" list the file under custom_objects{given}{near}"
        )

    def _code(self, node: Node) -> Iterator[str]:
        """Yield what would run code, custom objects apart."""
        kind, config = node["class_name"], node.get("config")
        for name in (kind, node.get("registered_name")):  # tf_keras 2.21 looks for either
            if isinstance(name, str) and name in _CODE_CLASSES:
                yield _CODE_CLASSES[name]
        if kind in _TF_FUNCTIONS and isinstance(config, dict):
            function = str(config.get("function", ""))
            if function.rpartition(".")[0] not in _HARMLESS and function not in _ARRAY_FUNCTIONS:
                yield f"a call of the TensorFlow function {function!r}"

    def _custom(self, node: Node) -> str | None:
        """Return the name of an object that is not Keras's own and that nobody gave."""
        kind, module = node["class_name"], node.get("module")
        if kind == "function":
            kind, known = str(node.get("config")), self._is_function(node)
        elif kind in _CODE_CLASSES or (kind != "__typespec__" and kind.startswith("__")):
            known = True
        elif kind == "__typespec__":
            known = str(module).startswith("tensorflow.") and _ends_in_spec(node)
        elif isinstance(module, str):
            known = kind.isidentifier() and _part(module) in _KERAS_PARTS | {""}
        else:
            known = "config" not in node or self._is_class(kind)
        registered = node.get("registered_name")
        given = self._given(kind) or (isinstance(registered, str) and self._given(registered))
        if known or given or self._left_to_keras(module):
            return None
        return registered if isinstance(registered, str) and ">" in registered else kind

    def _left_to_keras(self, module: Any) -> bool:
        """Tell whether Keras may import the module itself, now that code may run."""
        theirs = self.engine.name == "tf_keras" or str(module).split(".")[0] in _THEIR_PACKAGES
        return self.how.allow_code and isinstance(module, str) and theirs and module != "builtins"

    def _given(self, name: str) -> bool:
        return name in self.how.custom or name in self.engine.keras.saving.get_custom_objects()

    def _is_function(self, node: Node) -> bool:
        module, name = str(node.get("module")), str(node.get("config"))
        if module == "builtins":
            owners = (getattr(self.engine.keras, part, None) for part in _FUNCTION_PARTS)
            return any(callable(getattr(owner, name, None)) for owner in owners)
        return _part(module) in _FUNCTION_PARTS

    def _is_class(self, name: str) -> bool:
        if name in _INTERNAL:
            return True
        for path in _LEGACY:
            owner: Any = self.engine.keras
            for part in path.split("."):
                owner = getattr(owner, part, None)
            if isinstance(getattr(owner, name, None), type):
                return True
        return False


def _ends_in_spec(node: Node) -> bool:
    return str(node.get("spec_name", "")).endswith("Spec")


def _part(module: str) -> str | None:
    """Return the first folder of a module inside Keras, '' for Keras itself, None outside."""
    names = module.split(".")
    if names[0] not in ("keras", "tf_keras"):
        return None
    inner = [name for name in names[1:] if name not in ("src", "_tf_keras", "keras", "legacy")]
    return inner[0] if inner else ""


def _read_files(part: Node) -> Iterator[str]:
    """Yield the files outside the model that a layer would read."""
    for key in ("vocabulary", "idf_weights"):
        if isinstance(part.get(key), str):
            yield f"a layer that reads the file {part[key]!r}"
