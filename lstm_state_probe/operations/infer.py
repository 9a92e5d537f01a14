"""Operations that do not train; on a stateful layer they move the states all the same."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.operations.base import Session, asked
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import (
    Call,
    Evaluate,
    InnerOutput,
    Predict,
    PredictOnBatch,
    TestOnBatch,
)


def call(session: Session, arguments: Call, path: Path) -> Any:
    """`model(x, …)`, eagerly."""
    keywords = session.keywords(arguments, path)
    with asked():
        return session.model(keywords.pop("x"), **keywords)


def predict(session: Session, arguments: Predict, path: Path) -> Any:
    """`model.predict`."""
    keywords = session.looping(arguments, path)
    with asked():
        return session.model.predict(**keywords)


def evaluate(session: Session, arguments: Evaluate, path: Path) -> Any:
    """`model.evaluate`."""
    session.recorder.batch("test", -1, 0)
    keywords = session.looping(arguments, path)
    with asked():
        return session.model.evaluate(**keywords)


def predict_on_batch(session: Session, arguments: PredictOnBatch, path: Path) -> Any:
    """`model.predict_on_batch`."""
    keywords = session.keywords(arguments, path)
    with asked():
        return session.model.predict_on_batch(**keywords)


def inner_output(session: Session, arguments: InnerOutput, path: Path) -> Any:
    """What one does to look at an inner layer: a second model, on the layers of the first."""
    keywords, model = session.keywords(arguments, path), session.model
    keras = session.engine.keras
    chain = isinstance(model, keras.Sequential)  # which has no `input` in Keras 3
    with asked():
        layer = model.get_layer(keywords["layer"])
        reader = keras.Model(model.inputs if chain else model.input, layer.output)
        return reader.predict_on_batch(keywords["x"])


def test_on_batch(session: Session, arguments: TestOnBatch, path: Path) -> Any:
    """`model.test_on_batch`."""
    session.recorder.batch("test", -1, 0)
    keywords = session.keywords(arguments, path)
    with asked():
        return session.model.test_on_batch(**keywords)
