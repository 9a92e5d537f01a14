"""Which nodes of functional models run now, found on the stack of Python's calls.

A layer that is used several times is called by one node of the model's graph a use, in an order
that is Keras's own. Keras tells nobody which node calls; its function that goes through the graph
has it in a variable of its own, by the name of `node` in every version from 2.16 (tf_keras) and
3.0 (Keras 3) on. To look there changes nothing, and finds models that were made meanwhile too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

from lstm_state_probe.engines.starts.starting import KERAS

_GOES_THROUGH = ("_run_through_graph", "_run_internal_graph")


@dataclass(frozen=True)
class Running:
    """A node that a functional model runs now."""

    model: Any
    node: Any

    @property
    def layer(self) -> Any:
        """The layer that the node calls."""
        return getattr(self.node, "operation", None) or self.node.layer


def running() -> list[Running]:
    """List the nodes that run on this thread, the innermost first; [] outside functional models."""
    found = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name in _GOES_THROUGH and _of_keras(frame):
            names = frame.f_locals
            if "node" in names and "self" in names:
                found.append(Running(names["self"], names["node"]))
        frame = frame.f_back
    return found


def _of_keras(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(KERAS)
