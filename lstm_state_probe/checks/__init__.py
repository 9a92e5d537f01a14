"""Properties of correct state handling: a dict from the word a user types to the property."""

from __future__ import annotations

from collections.abc import Mapping

from lstm_state_probe.checks.base import CheckVerdict, Property
from lstm_state_probe.checks.batching import BATCHING
from lstm_state_probe.checks.dividing import DIVIDING
from lstm_state_probe.checks.fitting import FITTING
from lstm_state_probe.checks.keeping import KEEPING
from lstm_state_probe.checks.padding import PADDING_PROPERTIES
from lstm_state_probe.checks.resetting import RESETTING
from lstm_state_probe.checks.values import VALUES

_ALL = (*RESETTING, *DIVIDING, *PADDING_PROPERTIES, *FITTING, *BATCHING, *KEEPING, *VALUES)
PROPERTIES: Mapping[str, Property] = {one.name: one for one in _ALL}

__all__ = ["PROPERTIES", "CheckVerdict", "Property"]
