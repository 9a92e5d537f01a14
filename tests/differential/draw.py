"""Draws scenarios: which layers with which arguments, and what is done with them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .layers import Layers, Written, held_in

POLICIES = ["float64", "mixed_float16", "mixed_bfloat16"]
FEATURES, SLICES, WIDTH = 2, 2, 3


def draw(seed: int, index: int, engine: str) -> Written:
    """Return one scenario as its file says it; the same for the same numbers and engine."""
    return _Drawing(random.Random(f"{seed}/{index}/{engine}"), engine).scenario(f"{seed}/{index}")


class _Drawing(Layers):
    """One scenario while it is drawn."""

    def __init__(self, chance: random.Random, engine: str) -> None:
        super().__init__(chance, stateful=chance.random() < 0.6)
        self.engine = engine
        self.batch, self.timesteps = chance.randint(1, 3), chance.randint(1, 3)
        self.policy = chance.choice(POLICIES) if chance.random() < 0.15 else None
        self.mode = chance.choices(["eager", "graph", "several", "xla"], [91, 6, 2, 1])[0]

    def scenario(self, name: str) -> Written:
        kind = self.chance.choices([*_KINDS], [12, 1, 2, 1, 3])[0]
        model, inputs, outputs = _KINDS[kind](self)
        samples = self.batch * (2 if self.mode == "several" else self.chance.randint(1, 2))
        if self.policy is not None:
            model["dtype_policy"] = self.policy
        model["compile"] = self.compiled()
        data = {n: {"normal": {"shape": [samples, *shape]}} for n, shape in inputs.items()}
        data |= {f"{n}_": {"normal": {"shape": [self.batch, *s]}} for n, s in inputs.items()}
        for target, rows in (("y", samples), ("y_", self.batch)):
            data[target] = {"normal": {"shape": [rows, *outputs]}}
        if "masked" in model:
            data |= self.masked(model.pop("masked"), samples, inputs["x"])
        return {
            "name": f"{kind} {name}",
            "seed": self.chance.randint(0, 99),
            "engine": self.engine,
            "model": model,
            "record": self.record(),
            "data": data,
            "operations": self.operations(model, [*inputs]),
        }

    def compiled(self) -> Written:
        compiled: Written = {"optimizer": {"SGD": {"learning_rate": 0.1}}, "loss": "mse"}
        modes: Written = {
            "eager": {"run_eagerly": True},  # mostly: a graph takes a second to trace
            "graph": {},
            "several": {"steps_per_execution": 2},
            "xla": {"jit_compile": True},
        }
        return compiled | modes[self.mode]

    def record(self) -> Written:
        chosen = self.chance.choice(["all", "all", "all", "final", [0, -1], {"every": 2}])
        return {"timesteps": chosen, "gates": self.maybe(0.7)}

    def masked(self, value: float, samples: int, shape: list[int]) -> Written:
        """Return inputs of which some timesteps are the mask's value, written out."""
        found = {}
        for name, rows in (("x", samples), ("x_", self.batch)):
            found[name] = [
                [
                    [value] * shape[1]
                    if self.maybe(0.35)
                    else [round(self.chance.gauss(0, 1), 3) for _ in range(shape[1])]
                    for _ in range(shape[0])
                ]
                for _ in range(rows)
            ]
        return found

    def first(self) -> int | None:
        """Return the batch of the model's inputs; it may be open where nothing is held."""
        return self.batch if self.stateful or self.maybe(0.5) else None

    # models: what is written, the shapes of the inputs, the shape of a target

    def chain(self) -> tuple[Written, dict[str, list[int]], list[int]]:
        shape, count = [self.timesteps, FEATURES], self.chance.choices([1, 2, 3], [12, 4, 1])[0]
        last = self.maybe(0.3)
        layers = [self.some(f"r{k}", sequences=k < count - 1 or last) for k in range(count)]
        model: Written = {"batch_shape": [self.first(), *shape]}
        if self.maybe(0.45):
            model["masked"] = value = self.chance.choice([0.0, -1.0])
            layers.insert(0, {"Masking": {"name": "masking", "mask_value": value}})
        model["layers"] = [*layers, {"Dense": {"name": "dense", "units": 1}}]
        return model, {"x": shape}, [self.timesteps, 1] if last else [1]

    def slices(self) -> tuple[Written, dict[str, list[int]], list[int]]:
        shape = [SLICES, self.timesteps, FEATURES]
        inner = self.leaf("inner", sequences=False)
        layers = [{"TimeDistributed": {"name": "slices", "layer": inner}}]
        layers += [self.leaf("r1", sequences=False), {"Dense": {"name": "dense", "units": 1}}]
        return {"batch_shape": [self.batch, *shape], "layers": layers}, {"x": shape}, [1]

    def images(self) -> tuple[Written, dict[str, list[int]], list[int]]:
        self.policy = self.policy if self.engine == "keras3" else None  # stateful: float32 alone
        axes = self.chance.randint(1, 2)
        shape = [self.timesteps, *[WIDTH] * axes, 1]
        layers = [self.image(f"r{k}", axes, k == 0) for k in range(2)][self.chance.randint(0, 1) :]
        layers += [{"Flatten": {"name": "flatten"}}, {"Dense": {"name": "dense", "units": 1}}]
        return {"batch_shape": [self.batch, *shape], "layers": layers}, {"x": shape}, [1]

    def handed(self) -> tuple[Written, dict[str, list[int]], list[int]]:
        """Draw a decoder that starts from inputs, or from an encoder of its own kind."""
        # a stateful layer of tf_keras chooses between two dtypes then, and is not built (2.21)
        self.policy = self.policy if self.engine == "keras3" else None
        decoder = self.leaf("decoder", sequences=self.maybe(0.5))
        (kind, given), shape = *decoder.items(), [self.timesteps, FEATURES]
        inputs = {"x": shape}
        if self.maybe(0.5):
            starts = ["h0", "c0"] if kind == "LSTM" else ["h0"]
            inputs |= {name: [given["units"]] for name in starts}
            layers = [{**decoder, "input": "x", "initial_state": starts}]
        else:
            encoder = {"name": "encoder", "units": given["units"], "return_state": True}
            inputs["source"] = [2, FEATURES]
            encoder |= {"stateful": True} if self.stateful else {}
            layers = [{kind: encoder, "input": "source"}]
            layers.append({**decoder, "input": "x", "initial_state": "encoder"})
        first = self.first()
        written = {name: {"batch_shape": [first, *rest]} for name, rest in inputs.items()}
        target = [self.timesteps, 1] if given.get("return_sequences") else [1]
        layers.append({"Dense": {"name": "dense", "units": 1}})
        return {"inputs": written, "layers": layers}, inputs, target

    def wrapped(self) -> tuple[Written, dict[str, list[int]], list[int]]:
        shape = [self.timesteps, FEATURES]
        layers = [self.both_ways("r0", sequences=True), self.within("r1", sequences=False)]
        layers.append({"Dense": {"name": "dense", "units": 1}})
        return {"batch_shape": [self.first(), *shape], "layers": layers}, {"x": shape}, [1]

    # operations

    def operations(self, model: Written, inputs: list[str]) -> list[Any]:
        graph = "inputs" in model
        x, x_ = ({n: f"{n}{end}" for n in inputs} if graph else f"x{end}" for end in ("", "_"))
        held = [a for a in held_in(model["layers"]) if a]
        choices = self.inferring(x, x_) * 2
        if self.policy is None or self.policy == "float64":
            choices += self.training(x, x_)
        if held:
            choices += [lambda: self.setting(held)] * 2 + [lambda: "reset_states"] * 2
        if self.mode != "xla" and self.maybe(0.5):
            choices.append(lambda: {"reload": {}})
        done = [self.chance.choice(choices)() for _ in range(self.chance.choice([1, 2, 2, 3]))]
        # Keras 3 cannot reset an RNN over cells (seen in 3.12 to 3.15)
        stuck = self.stacked and self.engine == "keras3"
        return [d for d in done if not (stuck and d == "reset_states")] or [choices[0]()]

    def inferring(self, x: Any, x_: Any) -> list[Callable[[], Any]]:
        one: list[Callable[[], Any]] = [
            lambda: {
                "call": {"x": x_, **({"training": self.maybe(0.3)} if self.maybe(0.5) else {})}
            },
            lambda: {"call": {"x": x_}},
            lambda: {"predict_on_batch": {"x": x_}},
        ]
        many: list[Callable[[], Any]] = [lambda: {"predict": self.looped(x)}]
        return self.allowed(one, many)

    def training(self, x: Any, x_: Any) -> list[Callable[[], Any]]:
        def fitted() -> Written:
            given = self.looped(x) | {
                "y": "y",
                "shuffle": False,
                "epochs": self.chance.randint(1, 2),
            }
            return given | (
                {"validation_data": [x_, "y_"]}
                if isinstance(x, str) and self.mode != "several"
                else {}
            )

        one: list[Callable[[], Any]] = [
            lambda: {"train_on_batch": {"x": x_, "y": "y_"}},
            lambda: {"test_on_batch": {"x": x_, "y": "y_"}},
        ]
        many: list[Callable[[], Any]] = [
            lambda: {"fit": fitted()},
            lambda: {"evaluate": self.looped(x) | {"y": "y"}},
        ]
        return self.allowed(one, many)

    def allowed(self, one: list[Any], many: list[Any]) -> list[Any]:
        """XLA keeps the last batch alone; tf_keras must find all batches of an execution (2.21)."""
        return {"xla": one, "several": many}.get(self.mode, one + many)

    def looped(self, x: Any) -> Written:
        return {"x": x, "batch_size": self.batch, "verbose": 0}

    def setting(self, held: list[str]) -> Written:
        value = self.chance.choice(["zeros", 0.5, -0.25])
        return {"set_states": {f"{self.chance.choice(held)}/h": value}}


_KINDS: dict[str, Callable[[_Drawing], tuple[Written, dict[str, list[int]], list[int]]]] = {
    "chain": _Drawing.chain,
    "wrapped": _Drawing.wrapped,
    "images": _Drawing.images,
    "slices": _Drawing.slices,
    "handed": _Drawing.handed,
}
