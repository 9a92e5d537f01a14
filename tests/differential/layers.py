"""Draws layers with their arguments, as a scenario writes them."""

from __future__ import annotations

import random
from typing import Any

Written = dict[str, Any]
ACTIVATIONS = ["tanh", "relu", "sigmoid", "hard_sigmoid", "elu", "selu", "softsign", "softplus"]
ACTIVATIONS += ["swish", "gelu", "linear"]
RECURRENT = ["sigmoid", "hard_sigmoid", "tanh", "relu", "softsign"]


class Layers:
    """Draws layers of one scenario; `stacked` tells whether an RNN over several cells is there."""

    def __init__(self, chance: random.Random, *, stateful: bool) -> None:
        self.chance, self.stateful, self.stacked = chance, stateful, False

    def maybe(self, often: float) -> bool:
        return self.chance.random() < often

    def leaf(self, name: str, *, sequences: bool, wrapped: bool = False) -> Written:
        kind = self.chance.choices(["LSTM", "GRU", "SimpleRNN"], [3, 3, 2])[0]
        given = self.cell_arguments(kind) | {"name": name}
        return {kind: given | self.loop_arguments(sequences, wrapped=wrapped)}

    def cell_arguments(self, kind: str) -> Written:
        given: Written = {"units": self.chance.randint(1, 3)}
        if self.maybe(0.5):
            given["activation"] = self.chance.choice(ACTIVATIONS)
        if kind != "SimpleRNN" and self.maybe(0.4):
            given["recurrent_activation"] = self.chance.choice(RECURRENT)
        if self.maybe(0.2):
            given["use_bias"] = False
        if kind == "GRU" and self.maybe(0.5):
            given["reset_after"] = self.maybe(0.3)
        for drop in ("dropout", "recurrent_dropout"):
            if self.maybe(0.08):
                given[drop] = 0.3
        return given | {"bias_initializer": "random_normal"} if self.maybe(0.5) else given

    def loop_arguments(self, sequences: bool, *, wrapped: bool = False) -> Written:
        given: Written = {"return_sequences": True} if sequences else {}
        given |= {"stateful": True} if self.stateful and self.maybe(0.85) else {}
        given |= {"unroll": True} if self.maybe(0.2) else {}
        if not wrapped:
            given |= {"go_backwards": True} if self.maybe(0.25) else {}
            # unrolled, with the last output alone, it is built by tf_keras no more (seen in 2.21)
            fits = sequences or "unroll" not in given
            given |= {"zero_output_for_mask": True} if fits and self.maybe(0.1) else {}
        return given

    def of_cells(self, name: str, *, sequences: bool) -> Written:
        kinds = [self.chance.choice(["LSTM", "GRU", "SimpleRNN"]) for _ in range(2)]
        cells = [{f"{kind}Cell": self.cell_arguments(kind)} for kind in kinds]
        single = self.maybe(0.5)
        self.stacked = self.stacked or not single
        loop = self.loop_arguments(sequences)
        return {"RNN": {"name": name, "cell": cells[0] if single else cells, **loop}}

    def both_ways(self, name: str, *, sequences: bool) -> Written:
        merge = self.chance.choice(["concat", "sum", "mul", "ave"])
        inner = self.leaf("inner", sequences=sequences, wrapped=True)
        return {"Bidirectional": {"name": name, "merge_mode": merge, "layer": inner}}

    def within(self, name: str, *, sequences: bool) -> Written:
        inner = [self.leaf("one", sequences=True), self.leaf("two", sequences=sequences)]
        return {"Sequential": {"name": name, "layers": inner[self.chance.randint(0, 1) :]}}

    def some(self, name: str, *, sequences: bool) -> Written:
        kinds = [self.leaf, self.of_cells, self.both_ways, self.within]
        return self.chance.choices(kinds, [8, 3, 2, 1])[0](name, sequences=sequences)

    def image(self, name: str, axes: int, sequences: bool) -> Written:
        given = self.loop_arguments(sequences) | {"name": name, "kernel_size": 2}
        given.pop("unroll", None)
        given.pop("zero_output_for_mask", None)
        given |= {"filters": self.chance.randint(1, 2), "padding": "same" if sequences else "valid"}
        for kind, allowed in (("activation", ACTIVATIONS), ("recurrent_activation", RECURRENT)):
            given |= {kind: self.chance.choice(allowed)} if self.maybe(0.4) else {}
        return {f"ConvLSTM{axes}D": given}


def held_in(layers: list[Written]) -> list[str]:
    """List the addresses of the stateful layers, of whose h something can be set."""
    found = []
    for entry in layers:
        kind, given = next(iter(entry.items()))
        name = given["name"]
        if kind == "Bidirectional":
            ends = ("forward", "backward")
            found += [f"{name}/{end}" for end in ends if held_in([given["layer"]])]
        elif kind == "TimeDistributed":
            found += [name] if held_in([given["layer"]]) else []
        elif kind == "Sequential":
            found += [f"{name}/{inner}" for inner in held_in(given["layers"])]
        elif given.get("stateful"):
            cells = isinstance(given.get("cell"), list)
            found.append(f"{name}/cell0" if cells else name)
    return found
