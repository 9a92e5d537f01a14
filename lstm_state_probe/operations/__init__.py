"""The operations: a dict from the written name to what is done; the names are Keras's own."""

from __future__ import annotations

from collections.abc import Mapping

from lstm_state_probe.operations.base import KerasRaised, Perform, Session
from lstm_state_probe.operations.infer import (
    call,
    evaluate,
    inner_output,
    predict,
    predict_on_batch,
)
from lstm_state_probe.operations.infer import test_on_batch as test_on_batch_
from lstm_state_probe.operations.reload import reload
from lstm_state_probe.operations.state import reset_states, set_states
from lstm_state_probe.operations.train import fit, train_on_batch

OPERATIONS: Mapping[str, Perform] = {
    "call": call,
    "predict": predict,
    "predict_on_batch": predict_on_batch,
    "inner_output": inner_output,
    "train_on_batch": train_on_batch,
    "test_on_batch": test_on_batch_,
    "fit": fit,
    "evaluate": evaluate,
    "reset_states": reset_states,
    "set_states": set_states,
    "reload": reload,
}

__all__ = ["OPERATIONS", "KerasRaised", "Perform", "Session"]
