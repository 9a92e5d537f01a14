"""The models of the Keras documentation: saved, inspected and checked as a user would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_examples
import pytest

from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.checks.battery import check
from lstm_state_probe.checks.select import models
from lstm_state_probe.inspection.inspect import inspect_model
from lstm_state_probe.model import detect_engine

STATELESS = {
    "character_lstm": ["lstm"],
    "addition_seq2seq": ["encoder", "decoder"],
    "bidirectional_sentiment": [
        *("first/forward", "first/backward"),
        *("second/forward", "second/backward"),
    ],
    "conv_lstm_next_frame": ["conv_0", "conv_1", "conv_2"],
    "translation_seq2seq": ["encoder", "decoder"],
}
HOLD = {"predict-repeats", "rows-independent"}
"""What holds of every one of them."""
BY_CHANCE = {"units-alive", "gates-unsaturated"}
"""What depends on the weights that were drawn: a relu may be shut in every sample."""
MASK = {
    "character_lstm": {"holds"},
    "addition_seq2seq": {"holds"},
    "bidirectional_sentiment": {"does not apply"},  # its Embedding makes no mask and takes none
    "conv_lstm_next_frame": {"does not apply", "holds"},  # Keras 3 refuses one, tf_keras warns
    "translation_seq2seq": {
        "does not apply",
        "holds",
    },  # Keras 3 gives its decoder, which is given states, none
}
OPEN = {"bidirectional_sentiment", "conv_lstm_next_frame", "translation_seq2seq"}
"""Any number of timesteps: padding without a mask can be tried, and moves the state."""


@pytest.fixture(scope="module", params=[example.__name__ for example in keras_examples.EXAMPLES])
def example(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(engine: Any, example: str) -> Any:
    keras_examples.keras = engine.keras
    engine.keras.utils.set_random_seed(3)
    return getattr(keras_examples, example)()


@pytest.fixture(scope="module")
def checked(
    engine: Any, built: Any, example: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Save the model, and return what `probe check` says of the file: {property: verdict}."""
    file = tmp_path_factory.mktemp(engine.name) / f"{example}.keras"
    built.save(file)
    assert detect_engine(file) == engine.name
    (scenario,), complaints = models([Path(file)], [], [])
    assert not complaints
    report = check(scenario, engine, list(PROPERTIES.values()))
    assert report.error is None, report.error
    return {verdict.name: verdict.verdict for verdict in report.verdicts}


def test_every_recurrent_layer_is_found_and_starts_where_it_does(
    engine: Any, built: Any, example: str
) -> None:
    found = inspect_model(engine, built)
    addresses = [layer.address for layer in found.layers]
    assert addresses == STATELESS.get(example, ["lower", "upper"])
    for layer in found.layers:
        for call, moment in zip(layer.calls, ("first", "second"), strict=True):
            words = {change.origin.word for change in call.states.values()}
            assert words == {origin(example, layer.address, moment)}


def origin(example: str, layer: str, call: str) -> str:
    if (example, layer) == ("translation_seq2seq", "decoder"):
        return "given"
    return "carried" if example == "stateful_sine" and call == "second" else "zeros"


@pytest.mark.rows(4)
def test_the_checks_say_of_each_what_it_is(checked: dict[str, str], example: str) -> None:
    assert "could not be carried out" not in checked.values(), checked
    holds = {name for name, verdict in checked.items() if verdict == "holds"} - BY_CHANCE
    wrong = {name for name, verdict in checked.items() if verdict == "does not hold"} - BY_CHANCE
    if example == "stateful_sine":
        assert holds >= HOLD | {"reset-restores", "reset-reaches-all", "state-bounded"}
        assert wrong == STATEFUL_WARNINGS
        return
    assert holds - {"mask-holds"} == HOLD
    assert checked["mask-holds"] in MASK[example]
    assert wrong == ({"padding-harmless"} if example in OPEN else set())


STATEFUL_WARNINGS = {
    *("validation-apart", "fit-in-order", "partial-batch-refused"),
    *("no-broadcast", "survives-reload", "inner-read-neutral"),
}
"""What Keras does with every stateful model, and warns of nowhere."""


def test_an_error_is_claimed_of_none_of_them(checked: dict[str, str]) -> None:
    errors = {name for name, one in PROPERTIES.items() if one.severity == "error"}
    assert not {name for name in errors if checked[name] == "does not hold"}
