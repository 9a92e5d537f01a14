"""Models that were saved, loaded on the engine that wrote them, after a look at the file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.errors import CouldNotRun, ModelError, ProbeError, nearest
from lstm_state_probe.model.load import (
    h5_file,
    json_file,
    keras_file,
    saved_model,
)
from lstm_state_probe.model.load import (
    weights as weights_,
)
from lstm_state_probe.model.load.base import Format, How, Loaded
from lstm_state_probe.model.load.old_layers import notes_of, of_today
from lstm_state_probe.model.load.stumbles import in_short, missing_weights, stumble
from lstm_state_probe.model.weigh import weighed
from lstm_state_probe.scenario.saved.pointers import refuse_pointer
from lstm_state_probe.scenario.saved.saved_graph import GRAPH
from lstm_state_probe.scenario.saved.written_by import written_by

FOLDER = "a folder"
FORMATS: dict[str, Format] = {
    ".keras": cast(Format, keras_file),
    ".h5": cast(Format, h5_file),
    ".hdf5": cast(Format, h5_file),
    ".json": cast(Format, json_file),
    FOLDER: cast(Format, saved_model),
}


class LeftUncompiled(UserWarning):
    """A model was loaded, and what it was compiled with could not be."""


class LoadedAsAnother(UserWarning):
    """A model was loaded with layers in the place of some that this machine cannot run."""


def load_model(
    path: Path,
    engine: Engine,
    *,
    weights: Path | None = None,
    allow_code: bool = False,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Load a saved model: `.keras`, `.h5`, a `.json` architecture, or a SavedModel folder.

    What a model was compiled with is restored; where Keras cannot, a `LeftUncompiled` warning
    says so. `custom_objects` are trusted.

    Raises:
        ModelError: if the file is missing, broken, too large, of the other engine, or holds code.
        CouldNotRun: chained to what Keras raised.
    """
    how = How(allow_code=allow_code, custom=custom_objects or {})
    loaded = load(path, engine, how, weights=weights)
    for note in loaded.notes:
        warnings.warn(note, LoadedAsAnother, stacklevel=2)
    if loaded.uncompiled is not None:
        told = f"{loaded.uncompiled}; it is left uncompiled"
        warnings.warn(told, LeftUncompiled, stacklevel=2)
    return loaded.model


def load(path: Path, engine: Engine, how: How, *, weights: Path | None = None) -> Loaded:
    """Load a model, and say why it was left uncompiled where it was compiled once.

    Raises:
        ModelError: if the file, or that of the weights, is not to be loaded.
        CouldNotRun: chained to what Keras raised.
    """
    with _readable(path):
        format_ = _format(path)
        refuse_pointer(path)
        _same_engine(path, engine)
        how, refused = _examined(format_, path, engine, how)
    if weights is not None:
        with _readable(weights):
            weights_.examine(weights, engine, how)
    scope = engine.keras.saving.custom_object_scope(dict(how.custom))
    with weighed(engine, ModelError), scope, engine.noting_builds():
        model, note = _restored(format_, path, engine, how)
        if weights is not None:
            _attempt(lambda: weights_.load(model, weights), weights)
    notes = tuple(f"{path.name!r}: {note}" for note in notes_of(format_.config(path)))
    return Loaded(model, refused or note, notes)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell a file, or one in a folder, that may not be read."""
    try:
        yield
    except OSError as error:
        named = Path(str(error.filename or path)).name
        where = f"{named!r} in " if path.name != named else ""
        reason = error.strerror or error
        raise ModelError(f"{where}{path.name!r} cannot be read: {reason}") from error


def _examined(format_: Format, path: Path, engine: Engine, how: How) -> tuple[How, str | None]:
    """Look at a file; leave out what it was compiled with, if that alone must not be loaded."""
    try:
        format_.examine(path, engine, how)
    except ModelError as error:
        bare = replace(how, compile=False)
        if not how.compile or not _passes(format_, path, engine, bare):
            raise
        return bare, f"what {path.name!r} was compiled with is left out: {error}"
    return how, None


def _passes(format_: Format, path: Path, engine: Engine, how: How) -> bool:
    try:
        format_.examine(path, engine, how)
    except ModelError:
        return False
    return True


def _restored(format_: Format, path: Path, engine: Engine, how: How) -> tuple[Any, str | None]:
    try:
        return _attempt(lambda: format_.load(path, engine, how), path), None
    except CouldNotRun as error:
        if not how.compile:
            raise _placed(error, format_, path, engine, how) from error.__cause__
        try:
            bare = format_.load(path, engine, replace(how, compile=False))
        except ProbeError:
            raise
        except Exception:  # noqa: BLE001 - it is not the compilation; the first error is told
            raise _placed(error, format_, path, engine, how) from error.__cause__
        return bare, (
            f"{path.name!r} was compiled, and {engine.package} cannot restore that:"
            f" {described(error.__cause__ or error)}"
        )


def _placed(
    error: CouldNotRun, format_: Format, path: Path, engine: Engine, how: How
) -> CouldNotRun:
    """Say which layer, or which array of the file, Keras stumbled over, where that can be found."""
    where = missing_weights(path) if format_ is FORMATS[".h5"] else None
    # Keras 3 makes the layers of an .h5 file in a scope of its own, outside which they fail
    if where is None and (engine.name == "tf_keras" or format_ is not FORMATS[".h5"]):
        config = format_.config(path)
        where = stumble(of_today(config) if engine.name == "tf_keras" else config, engine, how)
    return error if where is None else CouldNotRun(f"loading {path.name!r}: {where}")


def _attempt(act: Any, path: Path) -> Any:
    try:
        return act()
    except ProbeError:
        raise
    except Exception as error:  # the boundary: Keras may raise anything
        raise CouldNotRun(f"loading {path.name!r}: {in_short(error)}") from error


def load_own(path: Path, engine: Engine, custom_objects: Mapping[str, Any]) -> Any:
    """Load what this process saved itself; what Keras raises goes through."""
    how = How(custom=custom_objects)
    scope = engine.keras.saving.custom_object_scope(dict(custom_objects))
    with scope, engine.noting_builds():
        return _format(path).load(path, engine, how)


def _format(path: Path) -> Format:
    if path.is_dir():
        return FORMATS[FOLDER]
    if not path.is_file():
        known = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        what = "it is not a file" if path.exists() else "there is no such file or folder"
        raise ModelError(f"{path.name!r} cannot be loaded: {what}{nearest(path.name, known)}")
    if path.name == GRAPH:
        raise ModelError(f"{path.name!r} is a part of a SavedModel: give its folder")
    if path.suffix not in FORMATS:
        allowed = ", ".join(FORMATS)
        near = nearest(path.suffix, FORMATS)
        raise ModelError(
            f"{path.name!r} is in no format that can be loaded; allowed: {allowed}{near}"
        )
    return FORMATS[path.suffix]


def _same_engine(path: Path, engine: Engine) -> None:
    found = written_by(path)
    if found is not None and found.engine is None:
        raise ModelError(f"{path.name!r} was written by {found}, {found.advice}")
    if found is not None and found.engine != engine.name:
        raise ModelError(
            f"{path.name!r} was written by {found}, and {engine.name} is Keras {engine.version()};"
            f" load it on the engine that wrote it: --engine {found.engine}, or engine:"
            f" {found.engine} in the scenario"
        )


__all__ = ["FORMATS", "LeftUncompiled", "LoadedAsAnother", "load", "load_model", "load_own"]
