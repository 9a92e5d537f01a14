"""Keep the states of a model, put them back, reset them: every layer kind, both engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from lstm_state_probe.api.subject import Subject
from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import Mismatch, listed, nearest
from lstm_state_probe.recording.call import frozen


class Snapshot(Mapping[str, Array]):
    """What the stateful layers of a model held at one moment.

    A mapping that nobody can change: address, such as `lstm/h`, to a read-only array (batch,
    units), in the order of the layers. It holds no Keras object and outlives the model.
    """

    __slots__ = ("_states", "engine")

    def __init__(self, states: Mapping[str, Array], engine: str) -> None:
        self._states = {name: frozen(np.array(value)) for name, value in states.items()}
        self.engine = engine

    def __getitem__(self, address: str) -> Array:
        return self._states[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def __eq__(self, other: object) -> bool:
        """Tell whether another snapshot has the same addresses with the same bits."""
        if not isinstance(other, Snapshot):
            return NotImplemented
        return _bits(self) == _bits(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shapes = (f"{a}: {v.shape} {v.dtype.name}" for a, v in self._states.items())
        return f"<Snapshot {self.engine}: {', '.join(shapes) or 'no states'}>"


def _bits(states: Snapshot) -> list[tuple[str, str, tuple[int, ...], bytes]]:
    return [(a, v.dtype.name, v.shape, v.tobytes()) for a, v in states.items()]


def snapshot(model: Any) -> Snapshot:
    """Copy what the stateful layers of a model (or of a layer) hold now.

    A stateless layer holds nothing and is not in it; nor is a layer that is not built yet.

    Raises:
        TypeError: if `model` is neither a model nor a layer of a Keras.
    """
    subject = Subject.of(model)
    return Snapshot(subject.held(), subject.engine.name)


def restore(model: Any, states: Mapping[str, Any], *, strict: bool = True) -> None:
    """Put states back, in place, so that traced functions see them.

    `states` is a snapshot, or any mapping from address to values (batch, units); a number fills
    the state. Everything is checked before the first value is assigned. With `strict`, states
    and model must have the same addresses; without it, those that both have are put.

    Raises:
        ValueError: if addresses, shapes or dtypes do not fit; every one that does not is named.
        TypeError: if `model` is neither a model nor a layer of a Keras.
    """
    subject = Subject.of(model)
    subject.put(fitting(subject, states, strict=strict), doing="restore")


def reset(model: Any, *, layers: str | Iterable[str] = "*") -> None:
    """Set the states to zero, in place: of every stateful layer, also where Keras's reset fails.

    `layers` chooses by address, by the name of an outer layer, or by glob: `"lstm"`,
    `"encoder/*"`. Zeros are what Keras's own reset gives, also to a cell with a
    `get_initial_state` of its own. Stateless layers hold nothing; for them nothing is done.

    Raises:
        KeyError: if a name in `layers` is that of no recurrent layer.
        TypeError: if `model` is neither a model nor a layer of a Keras.
    """
    subject = Subject.of(model)
    subject.put(subject.zeros(subject.chosen(layers)), doing="reset")


@contextmanager
def preserved(model: Any) -> Iterator[Snapshot]:
    """Put the states back when the block ends, also when it raises; yields the snapshot.

    So are, on Keras 3, the seed generators of the layers, which `predict` of a model with dropout
    moves on. Weights, optimizer and metrics are not. States that did not exist before, because
    the model was built in the block, become zeros.

    Raises:
        TypeError: if `model` is neither a model nor a layer of a Keras.
    """
    before = Subject.of(model)
    states = Snapshot(before.held(), before.engine.name)
    streams = [(stream, np.array(stream.numpy())) for stream in before.engine.streams(model)]
    origins = []
    for recorder in before.recorders():
        recorder.collect()
        origins.append((recorder, dict(recorder.origins.held)))
    try:
        yield states
    finally:
        for recorder, _ in origins:
            recorder.collect()
        after = Subject.of(model)
        after.assign({**after.zeros(after.parts), **states})
        for stream, value in streams:
            stream.assign(value)
        for recorder, held in origins:  # the values are back, and with them their history
            recorder.origins.held = held


def fitting(subject: Subject, states: Mapping[str, Any], *, strict: bool) -> dict[str, Array]:
    """Return the values that are to be assigned, each with the shape and dtype that is held.

    Raises:
        Mismatch: a ValueError with a line for everything that does not fit.
    """
    held = subject.held()
    wrong = list(_unknown(states, held)) if strict else []
    values: dict[str, Array] = {}
    for address in (a for a in held if a in states):
        try:
            values[address] = _fitting(address, states[address], held[address])
        except Mismatch as error:
            wrong.append(str(error))
    if wrong:
        raise Mismatch("nothing was assigned:\n" + "\n".join(f"  {line}" for line in wrong))
    return values


def _unknown(states: Mapping[str, Any], held: Mapping[str, Array]) -> Iterator[str]:
    known = listed(held, none="no state: no layer is stateful and built")
    for address in states:
        if address not in held:
            yield f"{address!r} is held by no layer; known: {known}{nearest(address, held)}"
    for address in held:
        if address not in states:
            yield f"{address!r} has no value; strict=False leaves it as it is"


def _fitting(address: str, value: Any, held: Array) -> Array:
    typed = hasattr(value, "dtype")
    array = np.asarray(value) if typed else np.asarray(value, dtype=held.dtype)
    if array.ndim == 0:
        array = np.broadcast_to(array, held.shape)
    if array.shape != held.shape:
        raise Mismatch(f"{address!r}: found the shape {array.shape}, allowed is {held.shape}")
    if typed and not _is_safe(array, held):
        raise Mismatch(
            f"{address!r}: found {array.dtype.name}, allowed is {held.dtype.name}; to lose"
            f" precision on purpose, give .astype({held.dtype.name!r})"
        )
    return array.astype(held.dtype)


def _is_safe(array: Array, held: Array) -> bool:
    """Tell whether the dtype loses nothing; whole numbers are taken as what is written."""
    if array.dtype == held.dtype or array.dtype.kind in "biu":
        return True
    return bool(np.can_cast(array.dtype, held.dtype, "safe"))
