"""The families of recurrent layers and cells, told by their Keras class: its name and its module.

The names are the field's: hidden state `h`, cell state `c`; LSTM gates `i` (input), `f` (forget),
`g` (candidate), `o` (output); GRU gates `z` (update), `r` (reset), `g` (candidate).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What a layer or a cell of one kind holds, in the order in which Keras keeps it."""

    states: tuple[str, ...]
    gates: tuple[str, ...] = ()
    size: str = "units"


_LSTM = Family(("h", "c"), ("i", "f", "g", "o"))
_GRU = Family(("h",), ("z", "r", "g"))
_SIMPLE = Family(("h",))
_CONV_LSTM = Family(("h", "c"), ("i", "f", "g", "o"), size="filters")

FAMILIES: dict[str, Family] = {
    "LSTM": _LSTM,
    "LSTMCell": _LSTM,
    "GRU": _GRU,
    "GRUCell": _GRU,
    "SimpleRNN": _SIMPLE,
    "SimpleRNNCell": _SIMPLE,
    "ConvLSTM1D": _CONV_LSTM,
    "ConvLSTM2D": _CONV_LSTM,
    "ConvLSTM3D": _CONV_LSTM,
    "ConvLSTMCell": _CONV_LSTM,
}

BASES = ("RNN", "ConvRNN")
BIDIRECTIONAL = "Bidirectional"
TIME_DISTRIBUTED = "TimeDistributed"
STACKED_CELLS = "StackedRNNCells"
ENGINE_BASES = ("Layer", "Model", "Sequential", "Functional", "Wrapper")


PACKAGES = ("keras", "tf_keras")
LEGACY = ("legacy_cells", "legacy_cell_wrappers")
"""Modules of tf_keras with the cells of tf.compat.v1: of the same names, with other states."""


def is_keras(cls: type) -> bool:
    """Tell whether a class is Keras's own: the very one that its module has by its name."""
    package, _, rest = cls.__module__.partition(".")
    if package not in PACKAGES or rest.rpartition(".")[2] in LEGACY:
        return False
    return getattr(sys.modules.get(cls.__module__), cls.__name__, None) is cls


def class_names(thing: object) -> list[str]:
    """Return the names of those classes of an object that are Keras's, the most derived first."""
    return [cls.__name__ for cls in type(thing).__mro__ if is_keras(cls)]


def family_of(thing: object) -> Family | None:
    """Return the family of a Keras layer or cell, also of one derived from it; None if custom."""
    return next((FAMILIES[name] for name in class_names(thing) if name in FAMILIES), None)


def is_a(thing: object, *names: str) -> bool:
    """Tell whether an object is of a class of Keras of one of these names, or derived from it."""
    return any(name in names for name in class_names(thing))


def auto_name(class_name: str) -> str:
    """Return the name that Keras gives a first layer of a class: SimpleRNN is simple_rnn."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
