"""Keras 2, which lives on as the package `tf_keras`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from types import ModuleType
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors, Release, Watch, to_numpy
from lstm_state_probe.engines.keras3 import _reset_apis
from lstm_state_probe.engines.loop import LoopParts, LoopWatch
from lstm_state_probe.engines.quiet import importing
from lstm_state_probe.engines.wrapping import override, plain, resetting


class TfKeras:
    """The verbs of Keras 2."""

    name = "tf_keras"
    package = "tf_keras"

    def __init__(self) -> None:
        with importing("tf_keras", "pip install 'lstm-state-probe[tf_keras]'"):
            import tensorflow as tf
            import tf_keras
        self.keras = tf_keras
        self._tf = tf

    def version(self) -> str:
        return str(self.keras.__version__)

    def seed(self, seed: int) -> None:
        self.keras.utils.set_random_seed(seed)

    def clear(self) -> None:
        self.keras.backend.clear_session()

    @contextmanager
    def policy(self, name: str | None) -> Iterator[None]:
        precision = self.keras.mixed_precision
        before = precision.global_policy()
        try:
            if name is not None:
                precision.set_global_policy(name)
            yield
        finally:
            precision.set_global_policy(before)

    def build_optimizer(self, model: Any) -> None:
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and hasattr(optimizer, "build"):
            optimizer.build(model.trainable_variables)

    def jit_compiled(self, model: Any) -> bool:
        return bool(getattr(model, "_jit_compile", False))

    def steps_per_execution(self, model: Any) -> int:
        return int(getattr(model, "_steps_per_execution", 1) or 1)

    def retrace(self, model: Any) -> None:
        for name in ("train_function", "test_function", "predict_function"):
            if hasattr(model, name):  # a layer alone has none
                setattr(model, name, None)

    def held(self, layer: Any) -> list[Array]:
        return [to_numpy(variable) for variable in self._variables(layer)]

    def assign(self, layer: Any, values: dict[int, Array]) -> None:
        variables = self._variables(layer)
        if not variables:
            raise ValueError("the layer is not stateful: it holds no states to set")
        for index, value in values.items():
            variables[index].assign(value)

    def _variables(self, layer: Any) -> list[Any]:
        if not layer.stateful:
            return []
        states = self._tf.nest.flatten(layer.states)
        return [state for state in states if state is not None]

    def streams(self, model: Any) -> list[Any]:
        return []  # inference draws nothing, and training draws from the stream of TensorFlow

    def reset_states(self, model: Any, layers: Sequence[Any]) -> None:
        """Leave it to the model, which misses an RNN inside TimeDistributed (seen in 2.21)."""
        model.reset_states()

    def reset_layer(self, layer: Any) -> None:
        layer.reset_states()

    def reset_apis(self) -> dict[str, str]:
        return _reset_apis(self.keras)

    def intercept(self, layer: Any, watch: Watch) -> Release:
        """Observe in `call`, with the initial states that `_process_inputs` settles on.

        While the layer's own `call` runs, `return_state` is on, so that it gives its final states.
        """
        process_inputs, call = layer._process_inputs, layer.call
        settled: list[tuple[Any, Any, bool]] = []

        def observed_inputs(inputs: Any, initial_state: Any, constants: Any) -> Any:
            explicit = initial_state is not None or (isinstance(inputs, list) and len(inputs) > 1)
            result = process_inputs(inputs, initial_state, constants)
            # read now: the variables of a stateful layer are assigned before `call` returns
            read = self._tf.nest.map_structure(self._tf.identity, result[1])
            settled.append((result[0], read, explicit))
            return result

        def observed_call(*args: Any, **kwargs: Any) -> Any:
            status = self._tf.__internal__.autograph.control_status_ctx()
            convert = self._tf.__internal__.autograph.tf_convert
            wanted = layer.return_state
            object.__setattr__(layer, "return_state", True)
            try:
                with self._watching(layer, watch):
                    result = convert(call, status)(*args, **kwargs)
            finally:
                object.__setattr__(layer, "return_state", wanted)
            if not settled:  # a subclass that goes its own way past the initial states
                return result
            sequences, initial, explicit = settled.pop()
            settled.clear()
            output, final = list(result[: -len(initial)]), result[-len(initial) :]
            flat = self._tf.nest.flatten
            mask = kwargs.get("mask", args[1] if len(args) > 1 else None)
            training = kwargs.get("training", args[2] if len(args) > 2 else None)
            mode = bool(training) if isinstance(training, (bool, int)) else None
            watch.call(CallTensors(sequences, flat(initial), flat(final), mask, explicit, mode))
            if wanted:
                return result
            return output[0] if len(output) == 1 else output

        methods = {"_process_inputs": plain(observed_inputs), "call": plain(observed_call)}
        return override(layer, methods | resetting(layer, watch.reset))

    def _watching(self, layer: Any, watch: Watch) -> AbstractContextManager[None]:
        if watch.steps is None or (watch.compiled and self._fused(layer)):
            return nullcontext()  # XLA lets nothing out of the function of the fused kernel
        from tf_keras.src import backend

        path = ("compat", "v1", "while_loop")
        parts = LoopParts(backend, backend, path, self._fused(layer), self._converted)
        return LoopWatch(
            parts, layer, gates=watch.gates, compiled=watch.compiled, observe=watch.steps
        ).watching()

    def _converted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        autograph = self._tf.__internal__.autograph
        converted: Callable[..., Any] = autograph.tf_convert(
            function, autograph.control_status_ctx()
        )
        return converted

    @staticmethod
    def _fused(layer: Any) -> ModuleType | None:
        """Return the module of the kernel that a default LSTM or GRU uses in the cell's place."""
        if not getattr(layer, "_could_use_gpu_kernel", False):
            return None
        names = (kind.__module__ for kind in type(layer).__mro__)
        found = (name for name in names if name.endswith(("rnn.lstm", "rnn.gru")))
        return import_module(next(found))
