"""The kernel: what computes a layer here and on a GPU, which argument or mask leaves cuDNN.

The conditions are those of the sources of Keras 3.12 to 3.15 and tf_keras 2.16 to 2.21; tests
compare them with Keras's own functions. What a GPU would do is read there, not run here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.inspection.data import KernelInspection, MaskInspection
from lstm_state_probe.inspection.mask import OTHER, ROW
from lstm_state_probe.layers.families import class_names, is_a

FUSED = ("LSTM", "GRU")
_MASKS = "a mask that hides a whole row, or other timesteps than its end"
REFUSES: Mapping[str, str] = {
    "keras3": f"{_MASKS}: predict and fit raise InvalidArgumentError, an eager call goes on"
    " with the loop",
    "tf_keras": f"{_MASKS}: the standard kernel runs then",
}


def inspect_kernel(engine: Engine, layer: Any, mask: MaskInspection) -> KernelInspection:
    """Tell what computes a layer, and why."""
    leaves = tuple(leaving(engine, layer))
    cudnn = not leaves
    here, why = _HERE[engine.name](layer, cudnn, _has_gpu())
    return KernelInspection(
        here=here,
        why=why or "; ".join(leaves),
        cudnn=cudnn,
        leaves=leaves,
        refuses=REFUSES[engine.name] if cudnn else "",
        refused=mask.hides in (ROW, OTHER) if cudnn and mask.hides is not None else None,
    )


def leaving(engine: Engine, layer: Any) -> Iterator[str]:
    """Yield each argument that keeps a layer from cuDNN; or its class, which has no such kernel."""
    kind = stock(layer)
    if kind is None:
        yield f"{type(layer).__name__} has no cuDNN kernel"
        return
    tanh, sigmoid = _functions(engine, "tanh"), _functions(engine, "sigmoid")
    if layer.activation not in tanh:
        yield f"activation={_name(layer.activation)}, not tanh"
    if layer.recurrent_activation not in sigmoid:
        yield f"recurrent_activation={_name(layer.recurrent_activation)}, not sigmoid"
    if layer.recurrent_dropout:
        yield f"recurrent_dropout={layer.recurrent_dropout}"
    if layer.unroll:
        yield "unroll=True"
    if not layer.use_bias:
        yield "use_bias=False"
    if kind == "GRU" and not layer.cell.reset_after:
        yield "reset_after=False"
    if getattr(layer, "use_cudnn", "auto") is False:
        yield "use_cudnn=False"


def stock(layer: Any) -> str | None:
    """Return the class of Keras's own, LSTM or GRU, that a layer is or is derived from."""
    if is_a(layer, "RNN") and any(name in FUSED for name in class_names(layer)):
        return next(name for name in class_names(layer) if name in FUSED)
    return None


def _functions(engine: Engine, name: str) -> tuple[Any, ...]:
    """List the functions that Keras takes for tanh, or for sigmoid."""
    import tensorflow as tf

    modules = [engine.keras.activations, tf, tf.math, getattr(engine.keras, "ops", tf)]
    return tuple(getattr(module, name) for module in modules)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _has_gpu() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def _loop(layer: Any) -> str:
    return "unrolled, step after step" if getattr(layer, "unroll", False) else "loop over the cell"


def _keras3(layer: Any, cudnn: bool, gpu: bool) -> tuple[str, str]:
    if cudnn and gpu:
        return "cuDNN", "a GPU is there, and nothing leaves cuDNN"
    return _loop(layer), "no GPU" if cudnn else ""


def _tf_keras(layer: Any, cudnn: bool, gpu: bool) -> tuple[str, str]:
    if not cudnn:
        return _loop(layer), ""
    name = f"standard_{(stock(layer) or '').lower()}"
    if gpu:
        return "cuDNN", f"a GPU is there; {name} for the masks that cuDNN refuses"
    return f"fused function {name}", "no GPU; in a graph TensorFlow chooses as it runs"


_HERE: Mapping[str, Callable[[Any, bool, bool], tuple[str, str]]] = {
    "keras3": _keras3,
    "tf_keras": _tf_keras,
}
