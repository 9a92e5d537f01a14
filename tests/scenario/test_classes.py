"""The static reading of Keras's source agrees with the classes that it describes.

The only tests of this folder that import TensorFlow.
"""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType
from typing import Any

import pytest

from lstm_state_probe.scenario.fits import classes
from lstm_state_probe.scenario.fits.keras_source import exported, is_function, signature

MODULES = (
    *("layers", "initializers", "regularizers", "constraints", "losses", "metrics", "callbacks"),
    *("optimizers", "optimizers.schedules"),
)
# classes whose base is made at run time; they are left to Keras itself
UNREADABLE = {"CallbackList"}


@pytest.fixture(scope="session", params=["keras", "tf_keras"])
def keras(request: pytest.FixtureRequest) -> ModuleType:
    return pytest.importorskip(request.param)


def _classes(keras: ModuleType, module: str) -> dict[str, type]:
    found = importlib.import_module(f"{keras.__name__}.{module}")
    return {n: c for n, c in vars(found).items() if n[:1].isupper() and isinstance(c, type)}


def _parameters(cls: Any) -> list[inspect.Parameter]:
    fixed = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    found = inspect.signature(cls.__init__).parameters.values()
    return [p for p in found if p.name != "self" and p.kind not in fixed]


@pytest.mark.parametrize("module", MODULES)
def test_every_class_is_found_where_it_is_defined(keras: ModuleType, module: str) -> None:
    places = exported(keras.__name__, module)
    missing = set(_classes(keras, module)) - set(places)
    assert not missing
    for name, place in places.items():
        if name not in _classes(keras, module) and module == "layers":
            assert is_function(place)


@pytest.mark.parametrize("module", MODULES)
def test_arguments_are_those_of_the_class(keras: ModuleType, module: str) -> None:
    places, unread = exported(keras.__name__, module), []
    for name, cls in _classes(keras, module).items():
        read = signature(places[name])
        if read is None:
            unread.append(name)
            continue
        parameters = _parameters(cls)
        assert {p.name for p in parameters} <= read.names, name
        above = {p.name for base in cls.__mro__[:-1] for p in _parameters(base)}
        own = read.names - above
        assert len(own) < 16, (name, own)
        if name != "Optimizer":  # Keras 3 gives it a default that its base class has not
            assert {p.name for p in parameters if p.default is p.empty} == read.required, name
        flags = {p.name for p in parameters if isinstance(p.default, bool)}
        assert flags <= read.flags, name
    preprocessing = {name for name in unread if "preprocessing" in places[name]}
    assert set(unread) - preprocessing <= UNREADABLE


def test_recurrent_layers_take_what_their_base_takes(keras: ModuleType) -> None:
    for name in ("LSTM", "GRU", "SimpleRNN", "ConvLSTM2D", "RNN"):
        read = signature(exported(keras.__name__, "layers")[name])
        assert read is not None
        assert {"stateful", "return_state", "return_sequences", "go_backwards"} <= read.flags
        assert {"name", "dtype", "trainable"} <= read.names
        assert ("cell" in read.names) == (name == "RNN")


def test_every_layer_that_is_read_can_be_made_with_each_argument(keras: ModuleType) -> None:
    lstm = signature(exported(keras.__name__, "layers")["LSTM"])
    assert lstm is not None
    for name in sorted(lstm.flags - {"dynamic", "time_major", "enable_caching_device"}):
        keras.layers.LSTM(**{"units": 1, name: False})
    with pytest.raises((TypeError, ValueError)):
        keras.layers.LSTM(units=1, cell=None)


def test_compile_takes_what_model_compile_takes(keras: ModuleType) -> None:
    engine = "keras3" if keras.__name__ == "keras" else "tf_keras"
    read = signature(classes.COMPILE[engine], "compile")
    assert read is not None
    real = inspect.signature(keras.Model.compile).parameters
    assert {n for n, p in real.items() if p.kind is not p.VAR_KEYWORD} - {"self"} <= read.names


def test_what_is_not_installed_is_not_judged() -> None:
    assert exported("no_such_keras", "layers") == {}
    assert signature("no_such_keras.layers:LSTM") is None
    assert signature("keras.src.layers.rnn.lstm:NoSuchClass") is None
    assert signature(":LSTM") is None
