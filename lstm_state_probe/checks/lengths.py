"""Which other numbers of timesteps a model takes, and what its layers then see of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.checks.trial import Refused, Shown, Trials
from lstm_state_probe.scenario.written.base import names_in

PADDING = 2
"""Timesteps that are padded, where the model takes one number of timesteps alone."""
_PADDINGS = (PADDING, 4, 8, 16)
"""So many are tried, until each layer sees more of them: a pooling layer may swallow a few."""


@dataclass(frozen=True)
class Lengths:
    """What became of longer and shorter inputs, in the form for any number of timesteps.

    `padding` more timesteps of the inputs `names` reach the layers of `padded`: {address:
    timesteps without, timesteps with}. `cuts` are where the chunks of a sequence begin.
    """

    padding: int = 0
    names: tuple[str, ...] = ()
    padded: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()


@dataclass
class Measure:
    """Tries other numbers of timesteps; `x` is the reference, `arrays` one batch by name."""

    trials: Trials
    x: Any
    arrays: Mapping[str, Array]
    sequences: Sequence[str]
    whole: Shown

    def lengths(
        self, *, values: Mapping[str, float], pads: bool, cuts: bool, sliced: Collection[str]
    ) -> Lengths:
        """Find a padding, of `values` by input (else zeros), and cuts; as far as wanted.

        `sliced` are the layers that are called for each of several slices.
        """
        found = self._padding(values, sliced) if pads else Lengths()
        chunks = self._cuts(sliced) if cuts and len(self.sequences) == 1 else ()
        return Lengths(found.padding, found.names, found.padded, chunks)

    def _padding(self, values: Mapping[str, float], sliced: Collection[str]) -> Lengths:
        names = [name for name in self.sequences if not values or name in values]
        names = names if len(names) == 1 else [n for n in names if self._grown([n], 2, values)]
        best, most = Lengths(), 0
        wanted = [address for address in self.whole.layers if address not in sliced]
        for count in _PADDINGS if names else ():
            grown = self._grown(names, count, values)
            padded = {address: grown[address] for address in wanted if address in grown}
            if len(padded) > most:
                best, most = Lengths(count, tuple(names), padded), len(padded)
            if most == len(wanted):
                break
        return best

    def _grown(
        self, names: Sequence[str], count: int, values: Mapping[str, float]
    ) -> dict[str, tuple[int, int]]:
        """Return the timesteps without and with padding, of the layers that see more of them."""
        longer = {
            name: padded(array, count, values.get(name, 0)) if name in names else array
            for name, array in self.arrays.items()
        }
        try:
            shown = self.trials.call(resolved(self.x, longer))
        except Refused:  # a layer needs the number, such as a Reshape
            return {}
        pairs = {
            address: (self.whole.layers[address].timesteps, seen.timesteps)
            for address, seen in shown.layers.items()
            if address in self.whole.layers
        }
        return {address: (a, b) for address, (a, b) in pairs.items() if b > a}

    def _cuts(self, sliced: Collection[str]) -> tuple[int, ...]:
        """Return cuts at which the layers see as many timesteps as of the whole, if there are."""
        name = self.sequences[0]
        seen: dict[int, Mapping[str, int] | None] = {}
        possible = []
        for cuts in _candidates(self.arrays[name].shape[1]):
            ends = (*cuts, self.arrays[name].shape[1])
            counts = [b - a for a, b in zip((0, *cuts), ends, strict=True)]
            for count in counts:
                if count not in seen:
                    seen[count] = self._timesteps(name, count)
            pieces = [piece for piece in (seen[count] for count in counts) if piece is not None]
            if len(pieces) < len(counts):
                continue
            possible.append(cuts)
            if all(
                sum(piece.get(address, 0) for piece in pieces) == whole.timesteps
                for address, whole in self.whole.layers.items()
                if address not in sliced
            ):
                return cuts
        return possible[0] if possible else ()

    def _timesteps(self, name: str, count: int) -> Mapping[str, int] | None:
        shorter = {**self.arrays, name: self.arrays[name][:, :count]}
        try:
            shown = self.trials.call(resolved(self.x, shorter))
        except Refused:
            return None
        return {address: seen.timesteps for address, seen in shown.layers.items()}


def _candidates(timesteps: int) -> Iterator[tuple[int, ...]]:
    """Yield ways to cut: behind the first timestep and in the middle, then at one place alone.

    What repeats itself in time, such as a code of the position, may agree at one cut by chance.
    """
    half = timesteps // 2
    if half > 1:
        yield 1, half
    for cut in dict.fromkeys((half, half + 1, half - 1, 1, timesteps - 1)):
        if 0 < cut < timesteps:
            yield (cut,)


def padded(array: Array, count: int, value: float) -> Array:
    """Put `count` timesteps of a value behind those of an array, (batch, timesteps, …)."""
    shape = (len(array), count, *array.shape[2:])
    return np.concatenate([array, np.full(shape, value, array.dtype)], axis=1)


def resolved(reference: Any, arrays: Mapping[str, Array]) -> Any:
    """Put arrays in the place of their names."""
    if isinstance(reference, dict):
        return {key: resolved(value, arrays) for key, value in reference.items()}
    if isinstance(reference, list):
        return [resolved(value, arrays) for value in reference]
    return arrays[reference]


def is_sequence_only(reference: Any, sequences: Collection[str]) -> bool:
    """Tell whether each input has timesteps."""
    return all(name in sequences for _, name in names_in(reference))
