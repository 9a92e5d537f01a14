"""The independent witness: what the papers say that a recurrent layer holds, in NumPy.

Nothing here knows Keras beyond its names and the layout of its weights, so agreement with a real
layer says something about both.
"""

from __future__ import annotations

from collections.abc import Mapping

from lstm_state_probe.equations.activations import activation
from lstm_state_probe.equations.base import Equations, NoEquations, Trajectory
from lstm_state_probe.equations.conv_lstm import ConvLSTM
from lstm_state_probe.equations.gru import GRU
from lstm_state_probe.equations.loop import unfold, unfold_rounded
from lstm_state_probe.equations.lstm import LSTM
from lstm_state_probe.equations.rounding import PRECISIONS, Precision
from lstm_state_probe.equations.simple_rnn import SimpleRNN

EQUATIONS: dict[str, type[Equations]] = {
    "LSTM": LSTM,
    "GRU": GRU,
    "SimpleRNN": SimpleRNN,
    "ConvLSTM": ConvLSTM,
}


def equations_for(
    family: str, config: Mapping[str, object], *, engine: str = "keras3"
) -> Equations:
    """Return the equations of a layer from the `get_config()` of it or of its cell.

    Raises `NoEquations` for a family or an activation that the witness does not know.
    """
    if family not in EQUATIONS:
        raise NoEquations(f"no equations for the layer family {family!r}; {', '.join(EQUATIONS)}")
    return EQUATIONS[family].from_config(config, engine=engine)


__all__ = [
    "EQUATIONS",
    "GRU",
    "LSTM",
    "PRECISIONS",
    "ConvLSTM",
    "Equations",
    "NoEquations",
    "Precision",
    "SimpleRNN",
    "Trajectory",
    "activation",
    "equations_for",
    "unfold",
    "unfold_rounded",
]
