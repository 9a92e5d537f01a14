"""Keeps what a call of a model may move, and puts it back bit for bit.

That is more than weights and states: the seed generators of Keras 3, the counters from which
tf_keras derives its seeds, the generators of Python, NumPy and TensorFlow, the traced functions,
and the losses that layers remember of their last call.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lstm_state_probe.engines.base import to_numpy
from lstm_state_probe.engines.wrapping import Release

_OF_A_MODEL = ("train_function", "test_function", "predict_function")
_OF_A_LAYER = ("_dropout_mask", "_recurrent_dropout_mask", "supports_jit")
_FIRST_CALL = ("_saved_model_inputs_spec", "_saved_model_arg_spec")
_FILLED = ("_losses", "_loss_ids", "_eager_losses", "_updates")


def preserve(model: Any, *others: Release) -> Release:
    """Note everything; the result puts it back, and then runs `others`."""
    layers = list(model._flatten_layers())
    releases = [
        _attributes(model, _OF_A_MODEL),
        *(_attributes(layer, (*_OF_A_LAYER, *_FIRST_CALL)) for layer in layers),
        *(_filled_anew(layer) for layer in layers),
        *(_counters(layer) for layer in layers),
        _variables(model, layers),
        _generators(),
        *others,
    ]

    def release() -> None:
        for put_back in releases:
            put_back()

    return release


def _attributes(owner: Any, names: tuple[str, ...]) -> Release:
    """Keep attributes of an instance; one that it did not have goes again."""
    kept = {name: vars(owner)[name] for name in names if name in vars(owner)}

    def release() -> None:
        for name in names:
            if name not in kept and name in vars(owner):
                object.__delattr__(owner, name)
            elif name in kept and vars(owner).get(name) is not kept[name]:
                object.__setattr__(owner, name, kept[name])

    return release


def _filled_anew(layer: Any) -> Release:
    """Keep what stands in the lists and sets that every call empties and fills."""
    found: list[Any] = [getattr(layer, name, None) for name in _FILLED]
    kept = [(value, value.copy()) for value in found if type(value) in (list, set)]

    def release() -> None:
        for value, before in kept:
            value.clear()
            (value.extend if isinstance(value, list) else value.update)(before)

    return release


def _counters(layer: Any) -> Release:
    """Keep the counter of seeds that a layer of tf_keras has, or its generator."""
    counter = vars(layer).get("_random_generator")
    if counter is None:
        return lambda: None
    kept, generator = dict(vars(counter)), vars(counter).get("_generator")
    numbers = to_numpy(generator.state) if generator is not None else None

    def release() -> None:
        vars(counter).update(kept)
        if generator is not None:
            generator.state.assign(numbers)

    return release


def _variables(model: Any, layers: list[Any]) -> Release:
    """Keep every variable that the model or one of its layers holds, also outside its weights."""
    found = [*model.variables]
    for layer in layers:
        found += list(_held(vars(layer)))
    kept = [(variable, to_numpy(variable)) for variable in {id(v): v for v in found}.values()]

    def release() -> None:
        for variable, before in kept:
            if to_numpy(variable).tobytes() != before.tobytes():
                variable.assign(before)

    return release


def _held(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the numeric variables in attributes, also inside lists and mappings."""
    if hasattr(value, "assign") and hasattr(value, "numpy") and hasattr(value, "shape"):
        if "string" not in str(value.dtype):
            yield value
    elif isinstance(value, dict) and depth < 4:
        for item in list(value.values()):
            yield from _held(item, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < 4:
        for item in value:
            yield from _held(item, depth + 1)


def _generators() -> Release:
    """Keep the generators of random numbers of this process."""
    python, numpy, tensorflow = random.getstate(), np.random.get_state(), _tensorflow()

    def release() -> None:
        random.setstate(python)
        np.random.set_state(numpy)
        tensorflow()

    return release


def _tensorflow() -> Release:
    """Keep the seeds of eager ops, and the global generator.

    The kernels of ops that were given a seed since go with it: they would go on where they are.
    """
    from tensorflow.python.eager import context
    from tensorflow.python.ops import stateful_random_ops

    eager = context.context()
    eager.ensure_initialized()
    seed, drawn = eager._seed, getattr(eager, "_rng", None)
    state = drawn.getstate() if drawn is not None else None
    generator = stateful_random_ops.global_generator
    numbers = to_numpy(generator.state) if generator is not None else None

    def release() -> None:
        eager._seed = seed
        if drawn is not None:
            moved = eager._rng is not drawn or drawn.getstate() != state
            drawn.setstate(state)
            eager._rng = drawn
            if moved:
                eager.clear_kernel_cache()
        stateful_random_ops.global_generator = generator
        if generator is not None:
            generator.state.assign(numbers)

    return release


def keep_generator(generator: random.Random | None, put: Callable[[Any], None]) -> Release:
    """Keep a generator of Python's that an engine has for itself; `put` sets it in its place."""
    state = generator.getstate() if generator is not None else None

    def release() -> None:
        if generator is not None and state is not None:
            generator.setstate(state)
        put(generator)

    return release
