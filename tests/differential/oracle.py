"""What must have been recorded: Keras's cells, called one timestep after the other, eagerly.

Nothing here watches: neither a loop nor a `call` of Keras is used, only its cells, on a model that
was built a second time. Weights move by Keras's own `train_on_batch`, from the states that the
cells came to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .loop import Loop, wide


@dataclass(frozen=True)
class Told:
    """One call of one layer: states and gates by name, (timesteps, batch, …), in float64.

    `equations` has the states and gates once more, as the NumPy equations say; {} where they
    lack an activation. `comparable` is false where a dropout mask that nobody knows came before.
    """

    layer: str
    place: tuple[str, int, int]
    mask: Any
    initial: Mapping[str, Any]
    states: Mapping[str, Any]
    origins: Mapping[str, str]
    equations: Mapping[str, Any]
    gates: tuple[str, ...]
    backwards: bool
    comparable: bool


@dataclass
class Oracle:
    """A model built a second time, and all that its recurrent layers must have come to."""

    model: Any
    engine: str
    loops: dict[str, Loop] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    place: tuple[str, int, int] = ("predict", -1, 0)
    training: bool = False
    comparable: bool = True
    final: list[Any] = field(default_factory=list)

    def layer(self, layer: Any, address: str, x: Any, mask: Any, given: Any = None) -> Any:
        """Send (x, mask) through a layer; `final` are the states of the last loop."""
        kind = type(layer).__name__
        if kind == "Masking":
            return layer(x), layer.compute_mask(x)
        if kind in _WRAPPERS:
            return _WRAPPERS[kind](self, layer, address, x, mask)
        if hasattr(layer, "cell"):
            return self.loop(layer, address, x, mask, given)
        return layer(x), mask

    def loop(self, layer: Any, address: str, x: Any, mask: Any, given: Any = None) -> Any:
        loop = self.loops.setdefault(address, Loop(layer, address, self.engine))
        initial, origins = loop.start(x, given)
        self.comparable = self.comparable and not (self.training and loop.drops)
        output, history = loop.unfold(x, mask, initial)
        self.final = history[-1]
        steps = zip(loop.names, zip(*history, strict=True), strict=True)
        equations = loop.by_equations(x, mask, initial)
        self.told.append(
            Told(
                address,
                self.place,
                None if mask is None else wide(mask).astype(bool),
                dict(zip(loop.names, initial, strict=True)),
                {name: np.stack([wide(state) for state in after]) for name, after in steps},
                dict(zip(loop.names, origins, strict=True)),
                equations,
                tuple(name for name in equations if name not in loop.names),
                bool(layer.go_backwards),
                self.comparable,
            )
        )
        if layer.stateful:
            loop.held, loop.origins = [wide(s) for s in self.final], ["carried"] * len(initial)
        return output, mask if layer.return_sequences else None

    def both_ways(self, layer: Any, address: str, x: Any, mask: Any) -> Any:
        import tensorflow as tf

        y, after = self.loop(layer.forward_layer, f"{address}/forward", x, mask)
        z, _ = self.loop(layer.backward_layer, f"{address}/backward", x, mask)
        z = tf.reverse(z, [1]) if layer.return_sequences else z
        merges = {
            "concat": lambda: tf.concat([y, z], -1),
            "sum": lambda: y + z,
            "mul": lambda: y * z,
            "ave": lambda: (y + z) / 2,
        }
        return merges[layer.merge_mode](), after

    def slices(self, layer: Any, address: str, x: Any, mask: Any) -> Any:
        """Send every slice through the inner layer.

        tf_keras makes one batch of all slices for a stateless layer; for a stateful one it runs
        the first slice once more before all (seen in 2.16 to 2.21).
        """
        import tensorflow as tf

        inner = layer.layer
        if self.engine == "tf_keras" and not inner.stateful:
            y, _ = self.loop(inner, address, tf.reshape(x, [-1, *x.shape[2:]]), None)
            return tf.reshape(y, [*x.shape[:2], *y.shape[1:]]), None
        if self.engine == "tf_keras":
            self.loop(inner, address, x[:, 0], None)
        found = [self.loop(inner, address, x[:, k], None)[0] for k in range(x.shape[1])]
        return tf.stack(found, 1), None

    def within(self, layer: Any, address: str, x: Any, mask: Any) -> Any:
        for inner in layer.layers:
            x, mask = self.layer(inner, f"{address}/{inner.name}", x, mask)
        return x, mask

    def forward(self, entries: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]) -> Any:
        """Run the model as its scenario writes it; return its output."""
        import tensorflow as tf

        known = {name: (tf.constant(x, "float32"), None) for name, x in inputs.items()}
        states: dict[str, list[Any]] = {}
        last = next(iter(known.values()))
        for entry in entries:
            name = next(iter(entry.values()))["name"]
            start = entry.get("initial_state")
            given = (
                states[start]
                if isinstance(start, str)
                else start and [known[each][0] for each in start]
            )
            source = known[entry["input"]] if "input" in entry else last
            last = known[name] = self.layer(self.model.get_layer(name), name, *source, given)
            states[name] = self.final
        return wide(last[0])

    def stateful(self) -> Iterator[Loop]:
        return (loop for loop in self.loops.values() if loop.layer.stateful and loop.held)


_WRAPPERS = {
    "Bidirectional": Oracle.both_ways,
    "TimeDistributed": Oracle.slices,
    "Sequential": Oracle.within,
    "Functional": Oracle.within,
}
