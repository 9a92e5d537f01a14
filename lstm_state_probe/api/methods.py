"""Puts the recording in front of the methods that a user calls, on the one model alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from lstm_state_probe.api.place import Place
from lstm_state_probe.api.session import Session
from lstm_state_probe.engines.tap.boundary import CannotRecord
from lstm_state_probe.engines.wrapping import Release, override, plain
from lstm_state_probe.recording.progress import batch_marker

NOWHERE = Place("<unknown>", 0)
LISTED = "record cannot mark the batches of a CallbackList; give a plain list"
Method = Callable[..., Any]
PHASES = {
    "fit": "train",
    "evaluate": "test",
    "predict": "predict",
    "train_on_batch": "train",
    "test_on_batch": "test",
    "predict_on_batch": "predict",
}


def observed(session: Session, *, built: bool) -> Release:
    """Override the methods of the session's model; the result takes it back."""
    model = session.recorder.model
    methods: dict[str, Method] = {"call": _call(session, model.call, built=built)}
    for name, wrap in WRAPS.items():
        original = getattr(model, name, None)
        if callable(original):  # a layer has few of them
            methods[name] = wrap(session, original, name)
    return override(model, methods)


def _looping(session: Session, original: Method, name: str) -> Method:
    fitting, phase = name == "fit", PHASES[name]

    @wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        aside = session.recorder.aside
        bound = _bound(original, args, kwargs)
        if bound is None:
            with session.operation(name, phase):
                return original(*args, **kwargs)
        marked = aside.run(_marked, session, bound, fitting)
        if marked is None:  # the batches cannot be told apart
            with session.operation(name, phase), session.unheard():
                return original(*args, **kwargs)
        with session.operation(name, phase) as result:
            value = original(*marked.args, **marked.kwargs)
            if name != "predict":  # the predictions are the user's, and may be large
                result.append(getattr(value, "history", value) if fitting else value)
            return value

    return method


def _bound(original: Any, args: Any, kwargs: Any) -> inspect.BoundArguments | None:
    """Bind arguments; None for wrong ones, of which the method itself will say so."""
    try:
        return inspect.signature(original).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return None


def _marked(session: Session, bound: inspect.BoundArguments, fitting: bool) -> Any:
    """Put the batch marker before the callbacks, unless Keras hands on those of an outer loop."""
    into = _keywords(bound)
    given = into.get("callbacks")
    engine = session.recorder.engine
    if isinstance(given, engine.keras.callbacks.CallbackList):
        if session.inside:
            return bound
        raise CannotRecord(LISTED)
    marker = batch_marker(engine, session.recorder, fitting=fitting)
    callbacks = list(given) if isinstance(given, (list, tuple)) else [given] if given else []
    into["callbacks"] = [marker, *callbacks]
    return bound


def _keywords(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Return where `callbacks` stands: with the arguments, or in the `**kwargs` of an override."""
    parameters = bound.signature.parameters
    if "callbacks" in parameters:
        return bound.arguments
    names = [p.name for p in parameters.values() if p.kind is p.VAR_KEYWORD]
    return bound.arguments.setdefault(names[0], {}) if names else bound.arguments


def _on_batch(session: Session, original: Method, name: str) -> Method:
    phase = PHASES[name]

    @wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        if session.inside:  # a callback of the user's does it in the middle of `fit`
            session.recorder.aside.run(session.recorder.batch, phase, -1, 0)
        with session.operation(name, phase) as result:
            value = original(*args, **kwargs)
            if phase != "predict":
                result.append(value)
            return value

    return method


def _resetting(session: Session, original: Method, name: str) -> Method:
    @wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        with session.operation(name):
            return original(*args, **kwargs)

    return method


def _saving(session: Session, original: Method, name: str) -> Method:
    @wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        with session.unobserved():
            return original(*args, **kwargs)

    return method


def _call(session: Session, original: Method, *, built: bool) -> Method:
    complete = built

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal complete
        import tensorflow as tf

        if not complete:  # layers may be made as late as now
            session.recorder.aside.run(session.recorder.find_more)
            complete = bool(getattr(session.recorder.model, "built", True))
        if session.inside:
            return original(*args, **kwargs)
        phase = "train" if kwargs.get("training") is True else "predict"
        if tf.executing_eagerly():
            with session.operation("call", phase):
                return original(*args, **kwargs)
        with session.run_of_function(phase, session.recorder.aside.run(Place.of_caller) or NOWHERE):
            return original(*args, **kwargs)

    return plain(call)


WRAPS: dict[str, Callable[[Session, Method, str], Method]] = {
    "fit": _looping,
    "evaluate": _looping,
    "predict": _looping,
    "train_on_batch": _on_batch,
    "test_on_batch": _on_batch,
    "predict_on_batch": _on_batch,
    "reset_states": _resetting,
    "save": _saving,
    "export": _saving,
}
"""`reset_states` has a model of tf_keras alone, and a recurrent layer."""
