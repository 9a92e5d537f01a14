"""lstm-state-probe: what Keras does with the states of recurrent layers.

    from lstm_state_probe import record

    with record(model) as recording:
        model.fit(x, y)
    recording["lstm/h"]  # (call, timestep, batch, unit)

Importing the package loads nothing heavy: a name is resolved when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lstm_state_probe.version import __version__

if TYPE_CHECKING:
    from lstm_state_probe.api.callback import StateRecorder
    from lstm_state_probe.api.files import load_states, save_states
    from lstm_state_probe.api.record import record
    from lstm_state_probe.api.recorded.load import load_recording
    from lstm_state_probe.api.recorded.recording import Recording
    from lstm_state_probe.api.states import Snapshot, preserved, reset, restore, snapshot


_WHERE = {
    "Recording": "recorded.recording",
    "Snapshot": "states",
    "StateRecorder": "callback",
    "load_recording": "recorded.load",
    "load_states": "files",
    "preserved": "states",
    "record": "record",
    "reset": "states",
    "restore": "states",
    "save_states": "files",
    "snapshot": "states",
}

__all__ = [
    "Recording",
    "Snapshot",
    "StateRecorder",
    "__version__",
    "load_recording",
    "load_states",
    "preserved",
    "record",
    "reset",
    "restore",
    "save_states",
    "snapshot",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.api.{_WHERE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
