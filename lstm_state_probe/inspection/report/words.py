"""An inspected layer in words: each fact in short for a column, and in full for a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lstm_state_probe.inspection.data import Inspection, LayerInspection, StateInspection, UsedInput
from lstm_state_probe.report.words.first_bad import PRECISION, not_finite

UNTRAINED = (
    "untrained: only the architecture was given, and Keras drew the weights from the seed; what is"
    " found of values says nothing of a trained model"
)
_ANY = "any"


@dataclass(frozen=True)
class Fact:
    """One fact: what heads it, in few words for a table, and the whole of it."""

    head: str
    short: str
    long: str


def facts(layer: LayerInspection) -> list[Fact]:
    """List what is known of a layer, in the order in which it is shown."""
    return [
        _plain("kind", layer.kind),
        _plain("size", f"{', '.join(map(str, layer.units)) or 'unknown'} {layer.size}"),
        Fact("states", ", ".join(s.name for s in layer.states), _states(layer)),
        _stateful(layer),
        _plain("returns", _returns(layer)),
        _direction(layer),
        _mask(layer),
        _starts(layer),
        _reset(layer),
        Fact("runs here", layer.kernel.here, _because(layer.kernel.here, layer.kernel.why)),
        _gpu(layer),
    ]


def _plain(head: str, text: str) -> Fact:
    return Fact(head, text, text)


def _because(what: str, why: str) -> str:
    return f"{what} ({why})" if why else what


def _states(layer: LayerInspection) -> str:
    return "; ".join(state_words(state) for state in layer.states)


def state_words(state: StateInspection) -> str:
    """Write a state with its shape and dtype: 'h (any, 4) float32'."""
    if not state.shape:
        return f"{state.name} (unknown: no call reached the layer)"
    stored = f", stored as {state.stored}" if state.stored else ""
    return f"{state.name} {shape_words(state.shape)} {state.dtype}{stored}"


def shape_words(shape: Iterable[int | None]) -> str:
    """Write a shape; what any size will do for is 'any'."""
    return f"({', '.join(_ANY if dim is None else str(dim) for dim in shape)})"


def _stateful(layer: LayerInspection) -> Fact:
    batch = f"batch {layer.batch}" if layer.batch is not None else "any batch"
    yes = "stateful" if layer.stateful else "stateless"
    return _plain("kept", f"{yes}, {batch}")


def _returns(layer: LayerInspection) -> str:
    output = "sequence" if layer.return_sequences else "last output"
    return f"{output}, states" if layer.return_state else output


def _direction(layer: LayerInspection) -> Fact:
    word = "backward" if layer.backwards else "forward"
    return Fact("direction", word, f"{word}, in {layer.inside}" if layer.inside else word)


def _mask(layer: LayerInspection) -> Fact:
    mask = layer.mask
    if mask.received is None:
        return Fact("mask", "not called", "unknown: no call reached the layer")
    takes = "takes one" if mask.supported else "takes none"
    if not mask.received:
        return Fact("mask", "none", f"none comes here; the layer {takes}")
    by = ", ".join(mask.made_by) or "a layer that the model does not tell"
    makers = f", made by {by}"
    zero = "; masked outputs are zeros" if mask.zero_output else ""
    return Fact("mask", "yes", f"yes{makers}; in these calls it hides {mask.hides}{zero}")


def _starts(layer: LayerInspection) -> Fact:
    origins = {state.name: layer.origin(state.name) for state in layer.states}
    found = {name: origin for name, origin in origins.items() if origin is not None}
    if not found:
        return Fact("starts from", "not called", "unknown: no call reached the layer")
    return Fact(
        "starts from",
        _grouped({name: origin.word for name, origin in found.items()}),
        _grouped({name: origin.words for name, origin in found.items()}),
    )


def _grouped(words: dict[str, str]) -> str:
    """Say what all states share once, else state by state."""
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{name} {word}" for name, word in words.items())


def _reset(layer: LayerInspection) -> Fact:
    reset = layer.reset
    methods = ", ".join(f"{name}()" for name in reset.methods) or "no method"
    model = f"; {reset.model_why}" if reset.model_why else ""
    if reset.works is None:
        return Fact("reset", "nothing held", f"nothing to reset: {reset.why}")
    if not reset.works:
        return Fact("reset", "fails", f"fails: {reset.why}{model}")
    short = "works" if reset.by_model is not False else "layer alone"
    return Fact("reset", short, f"works: {methods}{model}")


def _gpu(layer: LayerInspection) -> Fact:
    kernel = layer.kernel
    if not kernel.cudnn:
        return Fact("on a GPU", "no cuDNN", f"not cuDNN: {', '.join(kernel.leaves)}")
    refused = "; the mask of these calls would be one" if kernel.refused else ""
    return Fact(
        "on a GPU",
        "cuDNN, not this mask" if kernel.refused else "cuDNN",
        f"cuDNN; not for {kernel.refuses}{refused}",
    )


def input_words(used: UsedInput) -> str:
    """Write an input with where its numbers came from."""
    if not used.generated:
        kind = "given"
    elif used.high is None:
        kind = "generated, normal"
    else:
        kind = f"generated, integers {used.low} to {used.high - 1}"
    return f"{used.name} {shape_words(used.shape)} {used.dtype}, {kind}"


def model_words(found: Inspection) -> str:
    """Write what the model is, in a line."""
    count = len(found.layers)
    layers = f"{count} recurrent layer{'' if count == 1 else 's'}"
    return f"{found.kind} {found.model!r}, {found.engine} {found.version}, {layers}"


def first_bad_words(found: Inspection) -> str:
    """Say where the first NaN or infinity was; '' where all is finite."""
    if found.first_bad is None:
        return ""
    call, bad = found.first_bad
    return f"{not_finite(bad, PRECISION)}, in the {call}"
