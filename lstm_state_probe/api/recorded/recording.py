"""What was recorded, as a user reads it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_state_probe.api.place import Place
from lstm_state_probe.api.recorded.select import Pieces, find_pieces
from lstm_state_probe.api.session import Operation, Session
from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import NoSuchState, UsageError, nearest, one_of
from lstm_state_probe.recording.call import Call, Held, Missed, Origin, frozen
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.report.data import LayerReport

if TYPE_CHECKING:
    import xarray
    from rich.console import Console

    from lstm_state_probe.report.answers import Answer

Done = Callable[[], Sequence[Operation]]

PHASES = ("train", "test", "predict")


class Recording(Mapping[str, Array]):
    """A mapping from address to what was recorded there, over all operations.

    `recording["lstm/h"]` is (call, timestep, batch, unit), a read-only copy. An address may be
    followed by `[k]`, the k-th call alone, and by `@when`: `@initial` and `@final` are (call,
    batch, unit), so is a timestep such as `@0` or `@-1`; `@held`, what a stateful layer held
    after each operation, is (operation, batch, unit). Gates are addressed likewise: `lstm/f`.

    It may be read while the block of `record` is still open, and holds no Keras object after it.
    """

    def __init__(
        self,
        engine: str,
        place: Place,
        *,
        layers: Callable[[], tuple[LayerReport, ...]],
        gates: Callable[[], tuple[str, ...]],
        before: Held,
        done: Done,
        made_with: Mapping[str, object] | None = None,
    ) -> None:
        self.engine = engine
        self.made_with = made_with
        self.place = place
        self.before = before
        self._layers, self._gates, self._done = layers, gates, done

    @classmethod
    def live(cls, session: Session, place: Place) -> Recording:
        """Make a recording that grows as long as a session is open."""

        def done() -> Sequence[Operation]:
            if not session.inside:
                session.loose()
            return session.done

        return cls.of(session.recorder, place, done)

    @classmethod
    def of(cls, recorder: Recorder, place: Place, done: Done) -> Recording:
        """Make a recording of what a recorder took; `done` tells the operations so far."""
        return cls(
            recorder.engine.name,
            place,
            layers=lambda: _layers(recorder),
            gates=lambda: _gates(recorder),
            before=recorder.held(),
            done=done,
        )

    def close(self) -> None:
        """Let go of the model; what was recorded stays."""
        layers, gates, operations = self.layers, self._gates(), tuple(self._done())
        self._layers, self._gates, self._done = lambda: layers, lambda: gates, lambda: operations

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What was done, in order: each call of a method of the model, with its outcome."""
        return tuple(self._done())

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call of a recurrent layer, in order, with its place, states, origins and gates."""
        return tuple(call for operation in self.operations for call in operation.calls)

    @property
    def missed(self) -> tuple[Missed, ...]:
        """What happened and could not be recorded: each call with its layer and the reason."""
        return tuple(one for operation in self.operations for one in operation.outcome.missed)

    @property
    def layers(self) -> tuple[LayerReport, ...]:
        """The recurrent layers of the model: address, class, names of the states."""
        return self._layers()

    @property
    def states(self) -> tuple[str, ...]:
        """The addresses of the states: `lstm/h`, `lstm/c`, …"""
        return tuple(f"{layer.address}/{name}" for layer in self.layers for name in layer.states)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the states and of the gates that were recorded."""
        recorded = {f"{call.layer}/{gate}" for call in self.calls for gate in call.gates}
        return (*self.states, *(gate for gate in self._gates() if gate in recorded))

    @property
    def verified(self) -> bool | None:
        """Whether the calls agree with the equations: False if any does not, None if none was
        compared. `record(verify=True)` compares all for which there are equations.
        """  # noqa: D205
        found = {call.verified.agrees for call in self.calls if call.verified} - {None}
        return all(found) if found else None

    def __getitem__(self, selector: str) -> Array:
        """Return an array; see the class for its axes.

        Raises:
            KeyError: if the selector names nothing that was recorded.
            ValueError: if it names several calls that have not all the same shape.
        """
        return self.pieces(selector).stacked()

    def __iter__(self) -> Iterator[str]:
        return iter(self.addresses)

    def __len__(self) -> int:
        return len(self.addresses)

    def __bool__(self) -> bool:
        """Tell whether anything was done."""
        return bool(self.operations)

    def pieces(self, selector: str) -> Pieces:
        """Return what a selector names, an array a call, with the calls.

        Raises:
            KeyError: if the selector names nothing that was recorded.
        """
        if not isinstance(selector, str):
            raise NoSuchState(f"a selector is a text such as 'lstm/h', found {selector!r}")
        return find_pieces(selector, self.operations, self.states, self.addresses)

    def arrays(self, selector: str) -> list[Array]:
        """Return an array a call, where they cannot be stacked: (timestep, batch, unit).

        Raises:
            KeyError: if the selector names nothing that was recorded.
        """
        return self.pieces(selector).arrays

    def padded(self, selector: str, *, fill: float = float("nan")) -> Array:
        """Return one array also of calls that differ in size; what a call has not is `fill`.

        Raises:
            KeyError: if the selector names nothing that was recorded.
        """
        return self.pieces(selector).stacked(fill=fill)

    def origin(self, selector: str) -> Origin:
        """Return where the initial state of a call came from: of the last, or of `[k]`.

        Raises:
            KeyError: if the selector names no state, or no call of its layer.
        """
        return self.pieces(f"{selector.partition('@')[0]}@initial").origin()

    def origins(self, address: str) -> list[Origin]:
        """Return where the initial state of each call came from."""
        return [call.states[name].origin for call, name in self.pieces(f"{address}@initial").named]

    def only(
        self,
        operation: str | int | None = None,
        *,
        layer: str | None = None,
        phase: str | None = None,
        epoch: int | None = None,
        batch: int | None = None,
    ) -> Recording:
        """Return a recording of some of the calls: those of which all of this is true.

        Args:
            operation: a name, such as `"fit"`, or an index into `operations`.
            layer: the address of a layer.
            phase: `"train"`, `"test"` or `"predict"`.
            epoch: counted from 0; of `fit`.
            batch: counted from 0.

        Raises:
            UsageError: for an operation, a layer or a phase that is none of this recording.
        """
        names = {one.name for one in self.operations}
        _one_of("operation", operation if isinstance(operation, str) else None, names)
        _one_of("phase", phase, PHASES)
        _one_of("layer", layer, {one.address for one in self.layers})
        wanted = {"layer": layer, "phase": phase, "epoch": epoch, "batch": batch}
        chosen = {name: value for name, value in wanted.items() if value is not None}
        done = self.operations
        if isinstance(operation, int):
            done = (done[operation],)
        elif operation is not None:
            done = tuple(one for one in done if one.name == operation)
        found = tuple(_with_calls(one, chosen) for one in done)
        return Recording(
            self.engine,
            self.place,
            layers=self._layers,
            gates=self._gates,
            before=self.before,
            done=lambda: found,
            made_with=self.made_with,
        )

    def show(self, console: Console | None = None, **options: Any) -> None:
        """Show the tables that `probe run` shows, on a Rich console, or on stdout.

        `options` are those of the command line: `units`, `samples`, `precision`, `full`,
        `timesteps`, `gates`, `calls`, `verbosity`.
        """
        from lstm_state_probe.api.recorded.show import show

        show(self, console, options)

    def ledger(self, console: Console | None = None) -> None:
        """Show one row an operation and layer."""
        self.show(console, ledger=True)

    def answers(self) -> tuple[Answer, ...]:
        """Return sentences that say what was seen of each layer: its starts, what moved it."""
        from lstm_state_probe.api.recorded.show import scenario_report
        from lstm_state_probe.report.answers import answers

        return answers(scenario_report(self))

    def to_xarray(self) -> xarray.Dataset:
        """Return an `xarray.Dataset` with the dimensions call, timestep, batch and unit.

        Raises:
            ImportError: if xarray is not installed.
            ValueError: if the calls of a layer differ in size; `only` chooses some.
        """
        from lstm_state_probe.api.recorded.to_xarray import dataset

        return dataset(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a file, as `probe run --report` does; the suffix picks the form.

        Raises:
            ProbeError: for another suffix, or a file that cannot be written.
        """
        from lstm_state_probe.api.recorded.show import save

        save(self, Path(path))

    __eq__ = object.__eq__  # that of a mapping would compare arrays
    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what was recorded so far, without the model."""
        parts = (self.engine, self.place, self.layers, self._gates(), dict(self.before))
        return restored, (*parts, self.operations, self.made_with)

    def __repr__(self) -> str:
        done = ", ".join(operation.name for operation in self.operations[:6])
        more = f", … ({len(self.operations) - 6} more)" if len(self.operations) > 6 else ""
        calls = len(self.calls)
        return (
            f"<Recording {self.engine}: {done or 'nothing done'}{more};"
            f" {calls} call{'' if calls == 1 else 's'}; {', '.join(self.addresses)}>"
        )

    def _repr_html_(self) -> str:
        from lstm_state_probe.api.recorded.show import html

        return html(self)


def restored(
    engine: str,
    place: Place,
    layers: tuple[LayerReport, ...],
    gates: tuple[str, ...],
    before: Held,
    operations: tuple[Operation, ...],
    made_with: Mapping[str, object] | None = None,
) -> Recording:
    """Make a recording that was kept elsewhere: pickled, or in a file."""
    done = tuple(map(_read_only, operations))
    return Recording(
        engine,
        place,
        layers=lambda: layers,
        gates=lambda: gates,
        before=_frozen(before),
        done=lambda: done,
        made_with=made_with,
    )


def _read_only(operation: Operation) -> Operation:
    outcome = operation.outcome
    kept = replace(outcome, before=_frozen(outcome.before), held=_frozen(outcome.held))
    return replace(operation, outcome=kept)


def _frozen(held: Held) -> Held:
    """Return held states that nobody can write to; what comes from a pickle could be."""
    return {address: frozen(np.array(array)) for address, array in held.items()}


def _layers(recorder: Recorder) -> tuple[LayerReport, ...]:
    return tuple(
        LayerReport(part.address, part.kind, part.states, part.stateful) for part in recorder.layers
    )


def _gates(recorder: Recorder) -> tuple[str, ...]:
    return tuple(f"{part.address}/{gate}" for part in recorder.layers for gate in part.gates)


def _with_calls(operation: Operation, chosen: Mapping[str, Any]) -> Operation:
    calls = tuple(
        call
        for call in operation.calls
        if all(getattr(call, name) == value for name, value in chosen.items())
    )
    return replace(operation, outcome=replace(operation.outcome, calls=calls))


def _one_of(what: str, written: str | None, allowed: Collection[str]) -> None:
    if written is not None and written not in allowed:
        known = one_of(allowed) + nearest(written, allowed)
        raise UsageError(f"{what} {written!r} is not in this recording; {known}")
