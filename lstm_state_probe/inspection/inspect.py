"""Puts the answers together: what a model is, and what calls do to its states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import UsageError, listed
from lstm_state_probe.inspection.calls import Made, first_bad, layer_calls, make_calls
from lstm_state_probe.inspection.data import (
    Inspection,
    LayerInspection,
    ResetInspection,
    UsedInput,
)
from lstm_state_probe.inspection.kernel import inspect_kernel
from lstm_state_probe.inspection.mask import inspect_mask
from lstm_state_probe.inspection.reset import try_resets
from lstm_state_probe.inspection.states import built_for, inspect_states, units_of
from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.model.takes.given_inputs import checked
from lstm_state_probe.model.takes.inputs import InputSpec, example_inputs, input_specs, structured
from lstm_state_probe.recording.plan import Plan


def inspect_model(
    engine: Engine,
    model: Any,
    *,
    inputs: Mapping[str, Array] | Array | None = None,
    batch: int | None = None,
    timesteps: int | None = None,
    seed: int = 0,
    loaded: bool = False,
    notes: Sequence[str] = (),
) -> Inspection:
    """Inspect a built model of an engine, in memory; it is left as it was, bit for bit.

    `inputs` are arrays by name, or the array of the only input; without them they are generated,
    with `batch` samples and `timesteps` timesteps where the model leaves that open. `loaded` says
    that the model comes from a file and was not called yet; `notes` are handed on.

    Raises:
        UsageError: if the model has no recurrent layer, is not built, or does not take the inputs.
    """
    parts = _parts(model)
    arrays, used = _inputs(model, inputs, batch=batch, timesteps=timesteps, seed=seed)
    put_back = engine.preserve(model)
    try:
        feed = structured(model, arrays)
        made = make_calls(engine, model, feed, loaded=loaded)
        bad = first_bad(made)
        if bad is not None:  # once more, from the same start, to see the timestep
            put_back()
            every = make_calls(engine, model, feed, loaded=loaded, plan=Plan(timesteps="all"))
            bad = first_bad(every) or bad
        resets = try_resets(engine, model, parts)
    finally:
        put_back()
    return Inspection(
        model=str(model.name),
        kind=type(model).__name__,
        engine=engine.name,
        version=engine.version(),
        devices=_devices(),
        inputs=used,
        outputs=made[0].outputs,
        layers=tuple(
            _layer(engine, model, part, made=made, reset=resets[part.address]) for part in parts
        ),
        failure=next((one.failure for one in made if one.failure), None),
        unrecorded=sum(one.unrecorded for one in made),
        first_bad=bad,
        notes=tuple(notes),
    )


def _parts(model: Any) -> Sequence[Recurrent]:
    parts = find_recurrent(model)
    if not parts:
        kinds = listed(dict.fromkeys(type(layer).__name__ for layer in model.layers))
        raise UsageError(
            f"the model {model.name!r} has no recurrent layers: its layers are {kinds}"
        )
    if not model.built:
        raise UsageError(
            f"the model {model.name!r} is not built: call it once, or load a saved one"
        )
    return parts


def _inputs(
    model: Any,
    given: Mapping[str, Array] | Array | None,
    *,
    batch: int | None,
    timesteps: int | None,
    seed: int,
) -> tuple[Mapping[str, Array], tuple[UsedInput, ...]]:
    """Return the arrays of the calls, by name, and what is said of them."""
    if given is not None:
        arrays = checked(model, given)
        return arrays, tuple(_used(name, array, None) for name, array in arrays.items())
    specs = {spec.name: spec for spec in input_specs(model)}
    arrays = example_inputs(model, batch=batch, timesteps=timesteps, seed=seed)
    return arrays, tuple(_used(name, array, specs[name]) for name, array in arrays.items())


def _used(name: str, array: Array, spec: InputSpec | None) -> UsedInput:
    low, high = (spec.low, spec.high) if spec else (0, None)
    return UsedInput(name, array.shape, array.dtype.name, spec is not None, low, high)


def _layer(
    engine: Engine, model: Any, part: Recurrent, *, made: Sequence[Made], reset: ResetInspection
) -> LayerInspection:
    layer, batch = part.layer, built_for(engine, part, model)
    mask = inspect_mask(part, model, made)
    size, units = units_of(layer)
    return LayerInspection(
        address=part.address,
        kind=part.kind,
        inside=None if part.top is layer else f"{type(part.top).__name__} {part.top.name!r}",
        size=size,
        units=units,
        states=inspect_states(engine, part, made, batch=batch),
        gates=part.gates,
        stateful=part.stateful,
        batch=batch,
        return_sequences=bool(layer.return_sequences),
        return_state=bool(layer.return_state),
        backwards=bool(layer.go_backwards),
        mask=mask,
        reset=reset,
        kernel=inspect_kernel(engine, layer, mask),
        calls=layer_calls(part, made),
    )


def _devices() -> tuple[str, ...]:
    import tensorflow as tf

    return tuple(device.device_type for device in tf.config.list_physical_devices())
