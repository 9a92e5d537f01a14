"""Keras 3, which is `tf.keras` since TensorFlow 2.16."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors, Kernel, Watch, to_numpy
from lstm_state_probe.engines.preserving import preserve
from lstm_state_probe.engines.quiet import importing
from lstm_state_probe.engines.starts.starting import Starting, Starts, noting_builds
from lstm_state_probe.engines.starts.writes import Writes
from lstm_state_probe.engines.tap.boundary import Aside
from lstm_state_probe.engines.tap.dropout import in_attribute, masks_of
from lstm_state_probe.engines.tap.frames import Frame, Frames
from lstm_state_probe.engines.tap.kernel import keras3_kernel
from lstm_state_probe.engines.tap.loop import LoopParts, LoopWatch, cells_of
from lstm_state_probe.engines.wrapping import Release, all_of, override, reading, resetting
from lstm_state_probe.errors import EngineMissing

OWN_CALL = "{} computes in its own way, past Keras's loop, so that nothing of the call can be seen"


class Keras3:
    """The verbs of Keras 3 on TensorFlow."""

    name = "keras3"
    package = "keras"

    def __init__(self) -> None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        with importing("keras", "pip install lstm-state-probe"):
            import keras
        if keras.backend.backend() != "tensorflow":
            backend = keras.backend.backend()
            raise EngineMissing(
                f"Keras runs on {backend} in this process; set KERAS_BACKEND=tensorflow"
            )
        self.keras = keras

    def version(self) -> str:
        return str(self.keras.__version__)

    def seed(self, seed: int) -> None:
        self.keras.utils.set_random_seed(seed)

    def clear(self) -> None:
        self.keras.utils.clear_session(free_memory=False)  # the suite collects, now and then

    @contextmanager
    def policy(self, name: str | None) -> Iterator[None]:
        before = self.keras.config.dtype_policy()
        try:
            if name is not None:
                self.keras.config.set_dtype_policy(name)
            yield
        finally:
            self.keras.config.set_dtype_policy(before)

    def build_optimizer(self, model: Any) -> None:
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(model.trainable_variables)

    def jit_compiled(self, model: Any) -> bool:
        return bool(getattr(model, "jit_compile", False))

    def steps_per_execution(self, model: Any) -> int:
        return int(getattr(model, "steps_per_execution", 1) or 1)

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
        states = self.keras.tree.flatten(getattr(layer, "states", None))
        return [state for state in states if state is not None]

    def streams(self, model: Any) -> list[Any]:
        layers = model._flatten_layers()
        found = [g.state for layer in layers for g in getattr(layer, "_seed_generators", ())]
        return list({id(state): state for state in found}.values())

    def reset_states(self, model: Any, layers: Sequence[Any]) -> None:
        """Reset layer by layer: a Keras 3 model has no `reset_states` (seen in 3.12 to 3.15)."""
        for layer in layers:
            if layer.stateful:
                self.reset_layer(layer)

    def reset_layer(self, layer: Any) -> None:
        layer.reset_states()

    def reset_apis(self) -> dict[str, str]:
        return _reset_apis(self.keras)

    def noting_builds(self) -> AbstractContextManager[None]:
        return noting_builds(self.keras.layers.RNN, "_create_state_variables")

    def preserve(self, model: Any) -> Release:
        """Keep also the seed generator that everything without a seed of its own shares."""
        from keras.src.backend.common import global_state

        name = "global_seed_generator"
        generator = global_state.get_global_attribute(name)
        numbers = to_numpy(generator.state) if generator is not None else None

        def shared() -> None:
            global_state.set_global_attribute(name, generator)
            if generator is not None:
                generator.state.assign(numbers)

        return preserve(model, shared)

    def intercept(self, layer: Any, watch: Watch) -> Release:
        """Observe in `inner_loop`, which is given the initial states and returns the final ones."""
        frames, aside = Frames(), Aside(watch.missed)
        start, writes = (
            Starting(layer, frames),
            Writes(lambda: self._variables(layer), watch.written),
        )
        call, inner_loop = layer.call, layer.inner_loop
        read, read_loop = reading(call), reading(inner_loop)

        def observed_call(*args: Any, **kwargs: Any) -> Any:
            with aside.around(writes.own):
                if _refused(watch, aside):
                    return call(*args, **kwargs)
                with frames.one() as frame:
                    frame.given = read(args, kwargs, "initial_state") is not None
                    result = call(*args, **kwargs)
                    aside.run(_ended, layer, watch, frame)
                    return result

        def observed_loop(*args: Any, **kwargs: Any) -> Any:
            frame = frames.top
            if frame is None:  # refused, or called by somebody else than the layer
                return inner_loop(*args, **kwargs)
            within = Aside(frame.miss)
            within.run(self._settle, frame, partial(read_loop, args, kwargs))
            kernel_of = partial(self._kernel, layer, generic=watch.generic)
            with (
                within.around(kernel_of) as kernel,
                Aside(frame.lose).around(partial(self._watching, layer, watch, frame)),
            ):
                result = inner_loop(*args, **kwargs)
            if kernel is not None and not frame.missed:
                within.run(self._tell, layer, watch, frame, kernel, start.of(frame), result)
            return result

        methods = {"call": observed_call, "inner_loop": observed_loop}
        return all_of(
            start.attach,
            lambda: override(layer, methods | resetting(layer, watch.reset)),
            writes.follow,
        )

    def _settle(self, frame: Frame, given: Callable[[str], Any]) -> None:
        frame.sequences, frame.training = given("sequences"), given("training")
        masks = self.keras.tree.flatten(given("mask"))
        frame.mask = masks[0] if masks else None
        frame.initial = frame.loop = self.keras.tree.flatten(given("initial_state"))

    def _kernel(self, layer: Any, *, generic: bool) -> AbstractContextManager[Kernel]:
        fuses = isinstance(layer, (self.keras.layers.LSTM, self.keras.layers.GRU))
        return keras3_kernel(self._backend(), layer, fuses=fuses, generic=generic)

    def _tell(
        self, layer: Any, watch: Watch, frame: Frame, kernel: Kernel, start: Starts, result: Any
    ) -> None:
        """Hand on what is known of a call that has come to its end."""
        mode = bool(frame.training)
        watch.call(
            CallTensors(
                frame.sequences,
                frame.initial or (),
                self.keras.tree.flatten(result[2]),
                frame.mask,
                frame.given,
                mode,
                kernel,
                start,
                masks_of(cells_of(layer), in_attribute) if mode else {},
                frame,
                frame.lost or frame.no_gates,
            )
        )
        frame.told = True

    def _watching(self, layer: Any, watch: Watch, frame: Frame) -> AbstractContextManager[None]:
        if watch.steps is None:
            return nullcontext()
        rnn = import_module("keras.src.backend.tensorflow.rnn")
        parts = LoopParts(self._backend(), rnn, "tf.while_loop", None, lambda function: function)
        return LoopWatch(parts, layer, watch, frame).watching()

    @staticmethod
    def _backend() -> ModuleType:
        return import_module("keras.src.backend")


def _refused(watch: Watch, aside: Aside) -> bool:
    """Tell whether a call cannot be observed; then that is told."""
    why = aside.run(watch.refusal)
    if why:
        aside.run(watch.missed, why)
    return why != ""


def _ended(layer: Any, watch: Watch, frame: Frame) -> None:
    """Tell of a call that has come to its end why it is not recorded, if it is not."""
    if frame.missed or not frame.told:
        watch.missed(frame.missed or OWN_CALL.format(type(layer).__name__))


def _reset_apis(keras: Any) -> dict[str, str]:
    """List the public reset methods of layers and models."""
    found = {}
    for label, owner in (("layer", keras.layers.LSTM), ("model", keras.Model)):
        names = [name for name in ("reset_state", "reset_states") if hasattr(owner, name)]
        found[label] = ", ".join(f"{name}()" for name in names) or "none"
    return found
