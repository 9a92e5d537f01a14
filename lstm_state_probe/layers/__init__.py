"""The nouns: which states and gates a recurrent layer has, and what they are called."""

from lstm_state_probe.layers.families import FAMILIES, Family, auto_name
from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.layers.static import Quantities, static_quantities

__all__ = [
    "FAMILIES",
    "Family",
    "Quantities",
    "Recurrent",
    "auto_name",
    "find_recurrent",
    "static_quantities",
]
