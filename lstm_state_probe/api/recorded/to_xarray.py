"""A recording as an `xarray.Dataset`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.data import LayerReport

if TYPE_CHECKING:
    import xarray

    from lstm_state_probe.api.recorded.recording import Recording

Variable = tuple[tuple[str, ...], Array]


def dataset(recording: Recording) -> xarray.Dataset:
    """Return the states and gates of every layer that was called.

    Raises:
        ImportError: if xarray is not installed.
        Mismatch: a ValueError, if the calls of a layer differ in size.
    """
    try:
        import xarray
    except ImportError as error:
        message = "to_xarray needs xarray: pip install 'lstm-state-probe[xarray]'"
        raise ImportError(message) from error
    called = {call.layer for call in recording.calls}
    layers = [layer for layer in recording.layers if layer.address in called]
    of_layers = {layer.address: _variables(recording, layer) for layer in layers}
    whole = [variable for found in of_layers.values() for variable in found.values()]
    own = _dimensions_that_differ(whole)
    data: dict[str, Any] = {}
    coords: dict[str, Any] = {}
    for layer, found in of_layers.items():
        names = {name: f"{name}_{plain(layer)}" if name in own else name for name in own | _ALL}
        for selector, (dims, array) in found.items():
            address = selector.partition("@")[0]
            written = tuple(_own(dim, address, found) or names.get(dim, dim) for dim in dims)
            data[plain(selector)] = (written, array, {"address": address})
        calls = [
            (k, call)
            for k, operation in enumerate(recording.operations)
            for call in operation.calls
            if call.layer == layer
        ]
        coords |= _coordinates(calls, names, {dim for dims, *_ in data.values() for dim in dims})
    return xarray.Dataset(data, coords, {"engine": recording.engine})


_ALL = {"call", "timestep", "batch", "unit"}


def plain(selector: str) -> str:
    """Name a variable: `lstm.h@initial`; netCDF and Zarr take a slash for a group of their own."""
    return selector.replace("/", ".")


def _variables(recording: Recording, layer: LayerReport) -> Mapping[str, Variable]:
    found: dict[str, Variable] = {}
    for address in recording.addresses:
        if address not in _of(layer, recording):
            continue
        state = address in recording.states
        steps = [address] if _has_timesteps(recording, layer, address) else []
        ends = [f"{address}@initial", f"{address}@final"] if state else []
        for selector in (*steps, *ends):
            array = widened(recording[selector])
            found[selector] = (_dims(array, timesteps=selector == address), array)
    return found


def _of(layer: LayerReport, recording: Recording) -> set[str]:
    names = {name for call in recording.calls if call.layer == layer.address for name in call.gates}
    return {f"{layer.address}/{name}" for name in (*layer.states, *names)}


def _has_timesteps(recording: Recording, layer: LayerReport, address: str) -> bool:
    name = address[len(layer.address) + 1 :]
    calls = [call for call in recording.calls if call.layer == layer.address]
    return all(name in call.gates or call.states[name].recorded for call in calls)


def _dims(array: Array, *, timesteps: bool) -> tuple[str, ...]:
    """Name the axes; those between batch and unit are the places of a ConvLSTM."""
    first = ("call", "timestep", "batch") if timesteps else ("call", "batch")
    places = tuple(f"place{k}" for k in range(array.ndim - len(first) - 1))
    return (*first, *places, "unit")


def _dimensions_that_differ(variables: Sequence[Variable]) -> set[str]:
    """Return the dimensions that have another size in another layer: each gets its own."""
    sizes: dict[str, set[int]] = {}
    for dims, array in variables:
        for dim, size in zip(dims, array.shape, strict=True):
            sizes.setdefault(dim, set()).add(size)
    return {dim for dim, found in sizes.items() if len(found) > 1}


def _own(dim: str, address: str, layer: Mapping[str, Variable]) -> str | None:
    """Name a dimension after a cell, or a state, where those of one layer differ in size."""
    if dim not in _dimensions_that_differ(list(layer.values())):
        return None
    cell = address.rpartition("/")[0]
    same = [v for selector, v in layer.items() if selector.rpartition("/")[0] == cell]
    return f"{dim}_{plain(address if dim in _dimensions_that_differ(same) else cell)}"


def _coordinates(
    calls: Sequence[tuple[int, Call]], names: Mapping[str, str], present: set[str]
) -> dict[str, Any]:
    """Say of each call when it was, with the index of the operation, and name the timesteps."""
    call, timestep = names["call"], names["timestep"]
    end = call.removeprefix("call")
    found: dict[str, Any] = {f"operation{end}": (call, np.array([k for k, _ in calls]))}
    for name, field in (("phase", "phase"), ("epoch", "epoch"), ("batch_number", "batch")):
        found[f"{name}{end}"] = (call, np.array([getattr(one, field) for _, one in calls]))
    kept = calls[0][1].kept
    if timestep in present and kept:
        found[timestep] = (timestep, np.array(kept))
    return found
