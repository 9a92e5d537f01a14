"""What an initial state was made from, asked inside the `get_initial_state` that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from lstm_state_probe.engines.starts.drawing import NOTHING, PYTHON, Drawing, Kinds
from lstm_state_probe.engines.tap.boundary import Aside
from lstm_state_probe.engines.tap.frames import Frame, Frames
from lstm_state_probe.engines.wrapping import Release, override, plain

KERAS = ("keras.", "tf_keras.")
SNAPSHOT = "_lstm_state_probe_start"


@dataclass(frozen=True)
class Start:
    """What one initial state was made from.

    `weights` are the trainable ones that it depends on: their path, and a tensor (or, of what a
    layer was built with, a NumPy array). `kinds` tells what else stands in it.
    """

    weights: Mapping[str, Any] = field(default_factory=dict)
    kinds: Kinds = NOTHING


NOT_SEEN = Start({}, frozenset({PYTHON}))
Starts = Mapping[int, Start]
"""By the flat index of a state; empty where Keras's own zeros were made, or nothing at all."""


@dataclass
class Starting:
    """Watches a layer's own `get_initial_state`, and tells the call in which it runs.

    The stock ones of Keras return zeros and are left alone. What is told outside of any call was
    told when the layer was built.
    """

    layer: Any
    frames: Frames = field(default_factory=Frames)
    built: Starts = field(default_factory=dict)

    def attach(self) -> Release:
        """Put a method before the layer's, or before its cell's, if that makes its own start."""
        owner = makes_its_start(self.layer)
        if owner is None:
            return lambda: None
        return override(
            owner, {"get_initial_state": plain(self._observed(owner.get_initial_state))}
        )

    def of(self, frame: Frame) -> Starts:
        """Return what a call was told; else, once, what the layer was told when it was built."""
        if frame.start:
            return frame.start
        built, self.built = self.built, {}
        return built

    def _observed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        aside = Aside(lambda why: None)  # told as not seen

        @wraps(original)
        def get_initial_state(*args: Any, **kwargs: Any) -> Any:
            with aside.around(_followed) as followed:
                result = original(*args, **kwargs)
            starts = aside.run(self._starts, *followed, result) if followed else None
            aside.run(self._note, starts, result)
            return result

        return get_initial_state

    def _starts(self, drawing: Drawing, tape: Any, result: Any) -> Starts:
        import tensorflow as tf

        starts = {}
        named = {_path(weight): weight for weight in self.layer.trainable_weights}
        for index, state in enumerate(tf.nest.flatten(result)):
            weights = {
                path: tf.convert_to_tensor(weight)
                for path, weight in named.items()
                if tape.gradient(state, _variable(weight)) is not None
            }
            starts[index] = Start(weights, drawing.kinds(state))
        return starts

    def _note(self, starts: Starts | None, result: Any) -> None:
        import tensorflow as tf

        if starts is None:
            starts = dict.fromkeys(range(len(tf.nest.flatten(result))), NOT_SEEN)
        if self.frames.top is not None:
            self.frames.top.start = starts
        elif tf.executing_eagerly():  # a tensor of one graph is of no use in another
            self.built = starts


@contextmanager
def _followed() -> Iterator[tuple[Drawing, Any]]:
    import tensorflow as tf

    with Drawing() as drawing, _heard(), tf.GradientTape(persistent=True) as tape:
        yield drawing, tape


@contextmanager
def _heard() -> Iterator[None]:
    """Have tapes record in `init_scope` too, which stops them; tf_keras builds in it (2.21)."""
    from tensorflow.python import pywrap_tfe

    stopped = pywrap_tfe.TFE_Py_TapeSetIsStopped()
    if stopped:
        pywrap_tfe.TFE_Py_TapeSetRestartOnThread()
    try:
        yield
    finally:
        if stopped:
            pywrap_tfe.TFE_Py_TapeSetStopOnThread()


def makes_its_start(layer: Any) -> Any | None:
    """Return the layer, or its cell, if its `get_initial_state` is not Keras's; None if it is."""
    if _own(layer):
        return layer
    cells = getattr(layer.cell, "cells", None) or ()
    own = any(map(_own, (layer.cell, *cells))) and hasattr(layer.cell, "__dict__")
    return layer.cell if own else None


def _own(part: Any) -> bool:
    method = getattr(type(part), "get_initial_state", None)
    module = getattr(method, "__module__", None) or ""
    return method is not None and not module.startswith(KERAS)


@contextmanager
def noting_builds(kind: type, makes_states: str) -> Iterator[None]:
    """Note in the block what stateful layers are built with, which Keras asks of them but once.

    `kind` is Keras's class of recurrent layers, whose method of the name `makes_states` makes
    the states. It is replaced while models are built, when no layer is there yet.
    """
    original = vars(kind).get(makes_states)
    if original is None:  # another version of Keras
        yield
        return

    @wraps(original)
    def instead(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if not layer.stateful:
            return original(layer, *args, **kwargs)
        starting = Starting(layer)
        release = Aside(lambda why: None).run(starting.attach) or (lambda: None)
        try:
            return original(layer, *args, **kwargs)
        finally:
            release()
            if starting.built:
                object.__setattr__(layer, SNAPSHOT, _kept(starting.built))

    setattr(kind, makes_states, plain(instead))
    try:
        yield
    finally:
        setattr(kind, makes_states, original)


def built_with(layer: Any) -> Starts:
    """Return what a stateful layer was built with, if that was noted."""
    found: Starts = vars(layer).get(SNAPSHOT, {})
    return found


def _kept(starts: Starts) -> Starts:
    """Keep the weights as they are now: they will be trained, or loaded."""
    return {
        index: Start({path: _array(weight) for path, weight in start.weights.items()}, start.kinds)
        for index, start in starts.items()
    }


def _array(weight: Any) -> Any:
    return weight.numpy() if hasattr(weight, "numpy") else None  # None in a graph


def _path(weight: Any) -> str:
    return str(getattr(weight, "path", weight.name)).removesuffix(":0")


def _variable(weight: Any) -> Any:
    """Return TensorFlow's variable of a weight; Keras 3 has one of its own around it."""
    return getattr(weight, "_value", weight)
