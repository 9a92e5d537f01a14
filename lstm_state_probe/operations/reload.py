"""Save the model, load it, go on with the loaded one: what survives?"""

from __future__ import annotations

from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any

from lstm_state_probe.model.load import load_own
from lstm_state_probe.operations.base import Session, asked
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import Reload


def reload(session: Session, arguments: Reload, path: Path) -> None:
    """Save to a temporary file and load it; the recorder moves to the loaded model."""
    before = session.recorder
    before.detach()
    kept = session.model
    try:
        session.model = _saved_and_loaded(session, arguments)
    finally:
        fresh = session.model is not kept
        session.recorder = Recorder.attach(
            session.engine, session.model, before.origins, plan=before.plan, fresh=fresh
        )
    with asked():
        session.engine.build_optimizer(session.model)


def _saved_and_loaded(session: Session, arguments: Reload) -> Any:
    with TemporaryDirectory(prefix="probe-") as folder:
        file = FilePath(folder) / f"model.{arguments.format}"
        with asked():
            session.model.save(str(file))
            return load_own(file, session.engine, session.custom)
