"""Keras 2, which lives on as the package `tf_keras`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors, Watch, to_numpy
from lstm_state_probe.engines.dropout import Masks, in_cache, masks_of
from lstm_state_probe.engines.inside import handed_out
from lstm_state_probe.engines.keras3 import _reset_apis
from lstm_state_probe.engines.kernel import tf_keras_kernel
from lstm_state_probe.engines.loop import LoopParts, LoopWatch, cells_of
from lstm_state_probe.engines.preserving import keep_generator, preserve
from lstm_state_probe.engines.quiet import importing
from lstm_state_probe.engines.starting import Starting, noting_builds
from lstm_state_probe.engines.wrapping import Release, all_of, override, plain, resetting
from lstm_state_probe.engines.writes import Writes


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

    def noting_builds(self) -> AbstractContextManager[None]:
        return noting_builds(self.keras.layers.RNN, "reset_states")

    def preserve(self, model: Any) -> Release:
        """Keep also the generator of seeds that `set_random_seed` makes."""
        shared = import_module("tf_keras.src.backend")._SEED_GENERATOR

        def put(generator: Any) -> None:
            shared.generator = generator

        return preserve(model, keep_generator(getattr(shared, "generator", None), put))

    def intercept(self, layer: Any, watch: Watch) -> Release:
        """Observe in `call`, with the initial states that `_process_inputs` settles on.

        While the layer's own `call` runs, `return_state` is on, so that it gives its final states.
        """
        process_inputs, call = layer._process_inputs, layer.call
        settled: list[tuple[Any, Any, Any]] = []
        start, writes = Starting(layer), Writes(lambda: self._variables(layer), watch.written)
        writes.follow()

        def observed_inputs(inputs: Any, initial_state: Any, constants: Any) -> Any:
            listed = (
                len(inputs) - 1 - (layer._num_constants or 0) if isinstance(inputs, list) else 0
            )
            given = self._takes_given(layer, initial_state is not None or listed > 0)
            result = process_inputs(inputs, initial_state, constants)
            # read now: the variables of a stateful layer are assigned before `call` returns
            read = self._tf.nest.map_structure(self._tf.identity, result[1])
            settled.append((result[0], read, given))
            return result

        def observed_call(*args: Any, **kwargs: Any) -> Any:
            status = self._tf.__internal__.autograph.control_status_ctx()
            convert = self._tf.__internal__.autograph.tf_convert
            wanted = layer.return_state
            training = kwargs.get("training", args[2] if len(args) > 2 else None)
            mode = bool(training) if isinstance(training, (bool, int)) else None
            object.__setattr__(layer, "return_state", True)
            chosen = tf_keras_kernel(
                self._fused(layer), layer, generic=watch.generic, convert=self._converted
            )
            try:
                with self._watching(layer, watch, mode), chosen as kernel, writes.own():
                    result = convert(call, status)(*args, **kwargs)
            finally:
                object.__setattr__(layer, "return_state", wanted)
            if not settled:  # a subclass that goes its own way past the initial states
                return result
            sequences, initial, given = settled.pop()
            settled.clear()
            output, final = list(result[: -len(initial)]), result[-len(initial) :]
            flat = self._tf.nest.flatten
            mask = kwargs.get("mask", args[1] if len(args) > 1 else None)
            mask = self._rows(args, kwargs) if mask is None else mask
            states = flat(initial), flat(final)
            made = start.take()
            dropout = {} if mode is False else self._dropout(layer)
            watch.call(CallTensors(sequences, *states, mask, given, mode, kernel, made, dropout))
            if wanted:
                return result
            return output[0] if len(output) == 1 else output

        methods = {"_process_inputs": plain(observed_inputs), "call": plain(observed_call)}
        observed = override(layer, methods | resetting(layer, watch.reset))
        return all_of(start.attach(), observed, writes.release)

    def _takes_given(self, layer: Any, given: bool) -> Any:
        """Tell whether a call starts from what it is given.

        A stateful layer prefers what it stored, in silence, unless every element of it is zero
        (tf_keras 2.16 to 2.21): known as the call runs, before the states are assigned.
        """
        if not (given and layer.stateful):
            return given
        count = self._tf.math.count_nonzero
        return self._tf.add_n([count(state) for state in self._tf.nest.flatten(layer.states)]) == 0

    @contextmanager
    def _watching(self, layer: Any, watch: Watch, training: bool | None) -> Iterator[None]:
        if watch.steps is None:
            yield
            return
        from tf_keras.src import backend

        path = ("compat", "v1", "while_loop")
        masks = None if training is False else in_cache
        fused = self._fused(layer)
        parts = LoopParts(backend, backend, path, fused, self._converted, masks)
        with ExitStack() as stack:
            if fused is not None and watch.compiled and not self._tf.executing_eagerly():
                watch = stack.enter_context(handed_out(fused, watch))
            stack.enter_context(LoopWatch(parts, layer, watch).watching())
            yield

    def _dropout(self, layer: Any) -> Masks:
        """Find the masks that stay for a call; in the loop of a graph each timestep draws its own.

        The fused kernel masks the whole inputs before the loop, with the first mask of the layer.
        """
        if self._fused(layer):
            first = in_cache(layer, "dropout_mask")[:1]
            return {(0, "dropout_mask", number): mask for number, mask in enumerate(first)}
        stay = layer.unroll or self._tf.executing_eagerly()
        return masks_of(cells_of(layer), in_cache) if stay else {}

    def _rows(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any | None:
        """Return the lengths of ragged rows as a mask: the layer hands them to its loop apart.

        It pads the rows to the longest one, also of those that are read backwards (2.16 to 2.21).
        """
        first = self._tf.nest.flatten(args[0] if args else kwargs.get("inputs"))[0]
        if not isinstance(first, self._tf.RaggedTensor):
            return None
        lengths = first.nested_row_lengths()[0]
        return self._tf.sequence_mask(lengths, self._tf.reduce_max(lengths))

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
