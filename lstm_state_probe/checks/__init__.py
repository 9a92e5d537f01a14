"""Properties of correct state handling: a dict from the word a user types to the property."""

from __future__ import annotations

from collections.abc import Mapping

from lstm_state_probe.checks.base import CheckVerdict, Property
from lstm_state_probe.checks.properties.batching import BATCHING
from lstm_state_probe.checks.properties.dividing import DIVIDING
from lstm_state_probe.checks.properties.fitting import FITTING
from lstm_state_probe.checks.properties.keeping import KEEPING
from lstm_state_probe.checks.properties.padding import PADDING_PROPERTIES
from lstm_state_probe.checks.properties.resetting import RESETTING
from lstm_state_probe.checks.properties.values import VALUES

_ALL = (*RESETTING, *DIVIDING, *PADDING_PROPERTIES, *FITTING, *BATCHING, *KEEPING, *VALUES)
PROPERTIES: Mapping[str, Property] = {one.name: one for one in _ALL}

__all__ = ["PROPERTIES", "CheckVerdict", "Property"]
