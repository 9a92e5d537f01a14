"""From what is written to a built and compiled Keras model."""

from lstm_state_probe.model.build import BuiltModel, build_model

__all__ = ["BuiltModel", "build_model"]
