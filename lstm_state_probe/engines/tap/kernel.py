"""Which kernel computed a call: Keras's own loop, or a fused one of a GPU (cuDNN).

A fused kernel has no loop, so that nothing per timestep can be seen of it. `--kernel generic` keeps
it away; else what it was given is kept, so that the call can be replayed from the equations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from lstm_state_probe.engines.base import CUDNN, GENERIC, Kernel
from lstm_state_probe.engines.tap.frames import Frame
from lstm_state_probe.engines.tap.swapping import forced, original_of, swapped

_RUNTIME_GPU = 2
"""What a layer of tf_keras calls its fused kernel (`RUNTIME_GPU`, 2.16 to 2.21)."""
Convert = Callable[[Callable[..., Any]], Callable[..., Any]]


def kernel_name(runtime: Any) -> str:
    """Name the kernel by the code that a layer of tf_keras returns at run time."""
    return CUDNN if int(runtime) == _RUNTIME_GPU else GENERIC


@contextmanager
def keras3_kernel(
    backend: ModuleType, layer: Any, *, fuses: bool, generic: bool
) -> Iterator[Kernel]:
    """Watch which kernel a layer of Keras 3 takes, or keep the fused one away.

    `fuses` says that the class of the layer has a fused kernel: others may have the same attributes
    (`Bidirectional` sets `use_cudnn` on whatever it wraps, seen in 3.15).
    """
    kernel = Kernel()
    if not fuses or not _keras3_fuses(backend, layer):
        yield kernel
    elif generic:
        kernel.forced = True
        with forced(layer, "use_cudnn", value=False):
            yield kernel
    else:

        def fused(original: Callable[..., Any], inputs: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(inputs, *args, **kwargs)  # NotImplementedError: Keras takes the loop
            kernel.name, kernel.inputs = CUDNN, inputs
            return result

        with swapped(backend, "lstm", fused), swapped(backend, "gru", fused):
            yield kernel


def _keras3_fuses(backend: ModuleType, layer: Any) -> bool:
    """Tell whether Keras 3 will try its fused kernel: on a GPU, for the arguments it takes."""
    if layer.use_cudnn not in ("auto", True) or layer.recurrent_dropout:
        return False
    names = ("activation", "recurrent_activation", "unroll", "use_bias", "reset_after")
    arguments = {name: getattr(layer, name) for name in names if hasattr(layer, name)}
    return bool(backend.cudnn_ok(**arguments))


@contextmanager
def tf_keras_kernel(
    module: ModuleType | None, layer: Any, frame: Frame, *, generic: bool, convert: Convert
) -> Iterator[Kernel]:
    """Watch which function of its module a default LSTM or GRU of tf_keras runs, and its end.

    In a graph TensorFlow chooses between two as it runs; on a GPU the generic one is called in
    their place where the fused one is to be kept away.
    """
    kernel = Kernel()
    if module is None:
        yield kernel
        return
    import tensorflow as tf

    gpu = has_gpu()
    kind = module.__name__.rpartition(".")[2]
    standard = original_of(getattr(module, f"standard_{kind}"))

    def ended(result: Any) -> Any:
        frame.final = list(result[2:-1])
        return result

    def selection(original: Callable[..., Any], **kwargs: Any) -> Any:
        if gpu:
            kernel.inputs = kwargs["inputs"]
        if gpu and generic:
            kernel.forced = True
            return ended(convert(standard)(**kwargs))
        result = ended(convert(original)(**kwargs))
        if gpu:
            kernel.runtime = result[-1]
        return result

    def fused(original: Callable[..., Any], **kwargs: Any) -> Any:
        if not tf.executing_eagerly():  # the alternative in a graph, which is traced beside it
            return convert(original)(**kwargs)
        kernel.inputs = kwargs["inputs"]
        if generic:
            kernel.forced = True
            zeros = layer.zero_output_for_mask
            return ended(standard(zero_output_for_mask=zeros, **kwargs))
        kernel.name = CUDNN
        return ended(original(**kwargs))

    with ExitStack() as stack:
        stack.enter_context(swapped(module, f"{kind}_with_backend_selection", selection))
        if gpu:
            stack.enter_context(swapped(module, f"gpu_{kind}", fused))
        if tf.executing_eagerly():  # in a graph it is looked up to be traced, and not called

            def generic_kernel(original: Callable[..., Any], **kwargs: Any) -> Any:
                return ended(original(**kwargs))

            stack.enter_context(swapped(module, f"standard_{kind}", generic_kernel))
        yield kernel


def has_gpu() -> bool:
    """Tell whether TensorFlow sees a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def computes_tf32() -> bool:
    """Tell whether products of float32 are computed as TensorFloat-32."""
    import tensorflow as tf

    return has_gpu() and bool(tf.config.experimental.tensor_float_32_execution_enabled())
