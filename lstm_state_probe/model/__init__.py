"""From what is written, or saved, to a built and compiled Keras model."""

from lstm_state_probe.model.build import BuiltModel, build_model
from lstm_state_probe.model.load import load_model
from lstm_state_probe.scenario.saved.written_by import detect_engine

__all__ = ["BuiltModel", "build_model", "detect_engine", "load_model"]
