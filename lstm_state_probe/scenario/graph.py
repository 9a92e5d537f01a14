"""How the layers of a model hang together, as far as it can be seen in what is written."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_state_probe.errors import nearest
from lstm_state_probe.scenario.document import Path
from lstm_state_probe.scenario.model import Model
from lstm_state_probe.scenario.spec import Scenario

Found = tuple[Path, str, bool]


def check(scenario: Scenario, engine: str) -> Iterator[Found]:  # noqa: ARG001 - one signature for all checks
    """Yield what does not fit: names that stand twice, references to nothing, no static batch."""
    model = scenario.model
    yield from _names(model)
    yield from _static_batch(model)
    if model.inputs is not None:
        yield from _references(model)


def _names(model: Model) -> Iterator[Found]:
    seen: dict[str, int] = {name: -1 for name in model.inputs or {}}
    for index, (name, kind, arguments) in enumerate(model.named_layers()):
        path: Path = ("model", "layers", index, kind)
        where = "name" in arguments
        if name in seen:
            yield (*path, "name") if where else path, f"two layers are named {name!r}", not where
        if "/" in name or any(char in name for char in "@[]*?: "):
            yield (*path, "name"), f"the name {name!r} cannot be written in a selector", False
        seen[name] = index


def _static_batch(model: Model) -> Iterator[Found]:
    stateful = model.stateful_layers()
    for name, shape in model.input_shapes().items():
        if stateful and shape[0] is None:
            path = ("model", "inputs", name) if name is not None else ("model",)
            yield (
                (*path, "batch_shape", 0),
                f"the stateful layer {stateful[0]!r} keeps a state for each sample, so the batch"
                " size must be a number, found null",
                False,
            )


def _references(model: Model) -> Iterator[Found]:
    known = list(model.inputs or {})
    returning: dict[str, bool] = dict.fromkeys(known, False)
    for index, (name, _, arguments) in enumerate(model.named_layers()):
        entry = (model.layers or [])[index]
        for word in ("input", "initial_state"):
            written = getattr(entry, word)
            for k, source in enumerate(written if isinstance(written, list) else [written]):
                place = ("model", "layers", index, word)
                path = (*place, k) if isinstance(written, list) else place
                if source is not None and source not in returning:
                    yield path, _unknown(source, list(returning)), False
        yield from _state_source(entry.initial_state, returning, index, model)
        returning[name] = bool(arguments.get("return_state"))
    yield from _outputs(model, [name for name in returning if name not in known])


def _state_source(
    written: str | list[str] | None, returning: dict[str, bool], index: int, model: Model
) -> Iterator[Found]:
    """A single name that stands for states must be an input or return them."""
    if isinstance(written, str) and written in returning:
        if not returning[written] and written not in (model.inputs or {}):
            yield (
                ("model", "layers", index, "initial_state"),
                f"the layer {written!r} returns no states; give it return_state: true",
                False,
            )


def _outputs(model: Model, layers: list[str]) -> Iterator[Found]:
    written = model.outputs
    for k, name in enumerate(written if isinstance(written, list) else [written]):
        if name is not None and name not in layers:
            path: Path = ("model", "outputs", k) if isinstance(written, list) else ("model", "outputs")
            yield path, _unknown(name, layers), False


def _unknown(name: str, known: list[str]) -> str:
    listed = ", ".join(known)
    return f"no input or earlier layer is named {name!r}; known: {listed}{nearest(name, known)}"
