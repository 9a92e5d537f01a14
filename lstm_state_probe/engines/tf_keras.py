"""Keras 2, which lives on as the package `tf_keras`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors, Kernel, Watch, to_numpy
from lstm_state_probe.engines.keras3 import _ended, _refused, _reset_apis
from lstm_state_probe.engines.preserving import keep_generator, preserve
from lstm_state_probe.engines.quiet import importing
from lstm_state_probe.engines.starts.starting import Starting, Starts, noting_builds
from lstm_state_probe.engines.starts.writes import Writes
from lstm_state_probe.engines.tap.boundary import Aside, CannotRecord
from lstm_state_probe.engines.tap.dropout import Masks, in_cache, masks_of
from lstm_state_probe.engines.tap.frames import Frame, Frames
from lstm_state_probe.engines.tap.inside import handed_out
from lstm_state_probe.engines.tap.kernel import tf_keras_kernel
from lstm_state_probe.engines.tap.loop import LoopParts, LoopWatch, cells_of
from lstm_state_probe.engines.wrapping import Release, all_of, override, reading, resetting

OWN_STATES = "{} settles its initial states in its own way, past Keras's"
OWN_END = "{} computes its timesteps in its own way, past Keras's loop, and returns no states"


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
        found = getattr(model, "_steps_per_execution", None)  # a variable
        with self._tf.init_scope():  # it is asked for while a function is traced too
            return 1 if found is None else int(to_numpy(found))  # a strategy has one of its own

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

        The final ones are those with which the loop, or the fused kernel, ends.
        """
        frames, aside = Frames(), Aside(watch.missed)
        start, writes = (
            Starting(layer, frames),
            Writes(lambda: self._variables(layer), watch.written),
        )
        process_inputs, call = layer._process_inputs, layer.call
        read, read_inputs = reading(call), reading(process_inputs)

        def observed_inputs(*args: Any, **kwargs: Any) -> Any:
            result = process_inputs(*args, **kwargs)
            frame, given = frames.top, partial(read_inputs, args, kwargs)
            if frame is not None:
                Aside(frame.miss).run(self._settle, layer, frame, given, result)
            return result

        def observed_call(*args: Any, **kwargs: Any) -> Any:
            refused = _refused(watch, aside)
            converted = aside.run(self._converted, call) or call
            if refused:
                with aside.around(writes.own):
                    return converted(*args, **kwargs)
            with frames.one() as frame:
                within = Aside(frame.miss)
                within.run(self._begin, frame, partial(read, args, kwargs))
                kernel_of = partial(self._kernel, layer, frame, generic=watch.generic)
                with (
                    Aside(frame.lose).around(partial(self._watching, layer, watch, frame)),
                    within.around(kernel_of) as kernel,
                    aside.around(writes.own),
                ):
                    result = converted(*args, **kwargs)
                if kernel is not None and not frame.missed:
                    within.run(self._tell, layer, watch, frame, kernel, start.of(frame), result)
                aside.run(_ended, layer, watch, frame)
            return result

        methods = {"_process_inputs": observed_inputs, "call": observed_call}
        return all_of(
            start.attach,
            lambda: override(layer, methods | resetting(layer, watch.reset)),
            writes.follow,
        )

    def _begin(self, frame: Frame, given: Callable[[str], Any]) -> None:
        training = given("training")
        frame.training = bool(training) if isinstance(training, (bool, int)) else None
        masks = self._tf.nest.flatten(given("mask"))
        frame.mask, frame.inputs = masks[0] if masks else None, given("inputs")

    def _settle(self, layer: Any, frame: Frame, given: Callable[[str], Any], result: Any) -> None:
        inputs, flat = given("inputs"), self._tf.nest.flatten
        given_alone = given("initial_state") is not None
        frame.given = self._takes_given(layer, given_alone or self._listed(layer, inputs) > 0)
        frame.sequences, frame.loop = result[0], flat(result[1])
        # read now: the variables of a stateful layer are assigned before `call` returns
        frame.initial = [self._tf.identity(state) for state in frame.loop]

    @staticmethod
    def _listed(layer: Any, inputs: Any) -> int:
        """Count the states that are listed after the sequences and before the constants."""
        constants = layer._num_constants or 0
        return len(inputs) - 1 - constants if isinstance(inputs, list) else 0

    def _takes_given(self, layer: Any, given: bool) -> Any:
        """Tell whether a call starts from what it is given.

        A stateful layer prefers what it stored, in silence, unless every element of it is zero
        (tf_keras 2.16 to 2.21): known as the call runs, before the states are assigned.
        """
        if not (given and layer.stateful):
            return given
        count = self._tf.math.count_nonzero
        return self._tf.add_n([count(state) for state in self._tf.nest.flatten(layer.states)]) == 0

    def _kernel(self, layer: Any, frame: Frame, *, generic: bool) -> AbstractContextManager[Kernel]:
        return tf_keras_kernel(
            self._fused(layer), layer, frame, generic=generic, convert=self._converted
        )

    def _tell(
        self, layer: Any, watch: Watch, frame: Frame, kernel: Kernel, start: Starts, result: Any
    ) -> None:
        """Hand on what is known of a call that has come to its end."""
        if frame.initial is None:
            raise CannotRecord(OWN_STATES.format(type(layer).__name__))
        if frame.final is None and layer.return_state and isinstance(result, (list, tuple)):
            frame.final = self._tf.nest.flatten(list(result)[1:])
        if frame.final is None:
            raise CannotRecord(frame.lost or OWN_END.format(type(layer).__name__))
        watch.call(
            CallTensors(
                frame.sequences,
                frame.initial,
                frame.final,
                self._rows(frame.inputs) if frame.mask is None else frame.mask,
                frame.given,
                frame.training,
                kernel,
                start,
                {} if frame.training is False else self._dropout(layer),
                frame,
                frame.lost or frame.no_gates,
                bool(getattr(layer, "time_major", False)),
            )
        )
        frame.told = True

    @contextmanager
    def _watching(self, layer: Any, watch: Watch, frame: Frame) -> Iterator[None]:
        from tf_keras.src import backend

        masks = None if frame.training is False else in_cache
        fused = self._fused(layer)
        path = "tf.compat.v1.while_loop"
        parts = LoopParts(backend, backend, path, fused, self._converted, masks)
        with ExitStack() as stack:
            inside = fused is not None and watch.steps is not None and watch.compiled()
            if fused is not None and inside:
                watch = stack.enter_context(handed_out(fused, watch, Aside(frame.lose)))
            stack.enter_context(LoopWatch(parts, layer, watch, frame).watching())
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

    def _rows(self, inputs: Any) -> Any | None:
        """Return the lengths of ragged rows as a mask: the layer hands them to its loop apart.

        It pads the rows to the longest one, also of those that are read backwards (2.16 to 2.21).
        """
        first = self._tf.nest.flatten(inputs)[0]
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
