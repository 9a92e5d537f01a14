"""Operations that train: the states are those of the forward pass, before the update."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.operations.base import Session, asked
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import Fit, TrainOnBatch


def train_on_batch(session: Session, arguments: TrainOnBatch, path: Path) -> Any:
    """`model.train_on_batch`."""
    session.recorder.batch("train", -1, 0)
    keywords = session.keywords(arguments, path)
    with asked():
        return session.model.train_on_batch(**keywords)


def fit(session: Session, arguments: Fit, path: Path) -> Any:
    """`model.fit`; returns the history: {metric: a value an epoch}."""
    keywords = session.looping(arguments, path, fitting=True)
    with asked():
        history = session.model.fit(**keywords)
    return dict(history.history)
