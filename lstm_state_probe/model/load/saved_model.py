"""A SavedModel folder; only the one that Keras 2 saved has layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ModelError, listed
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.load.bytecode import refuse_foreign_code
from lstm_state_probe.model.load.old_layers import fused_layers
from lstm_state_probe.scenario.saved.saved_graph import GRAPH, read_graph


def examine(path: Path, engine: Engine, how: How) -> None:
    """Look at a file without Keras, as `Format.examine` says."""
    if not (path / GRAPH).is_file():
        raise ModelError(f"the folder {path.name!r} is not a SavedModel: it has no {GRAPH!r}")
    told = read_graph(path)
    if not told.layers:
        raise ModelError(
            f"the SavedModel {path.name!r} holds graphs and no layers, as export() and"
            " tf.saved_model.save write it, so that no state in it can be reached; save the model"
            " as .keras instead"
        )
    if not how.allow_code:
        raise ModelError(
            f"the SavedModel {path.name!r} holds graphs, which are code: they can read and write"
            " files; if you trust it, give --allow-code"
        )
    fused = [name for layer in told.layers for name in fused_layers(layer)]
    if fused:
        raise ModelError(
            f"the SavedModel {path.name!r} holds {listed(dict.fromkeys(fused))}, which runs on a"
            " GPU alone; save the model as .h5 where it runs, which is loaded as LSTM or GRU"
        )
    refuse_foreign_code(list(told.layers), f"the SavedModel {path.name!r}")
    if how.dtype_policy is not None:
        raise ModelError("the dtype policy of a SavedModel cannot be changed; load a .keras file")


def config(path: Path) -> list[dict[str, Any]]:
    """Return what each layer says of itself, as `Format.config` says."""
    return list(read_graph(path).layers)


def load(path: Path, engine: Engine, how: How) -> Any:
    """Load the layers; those whose class is not known stay graphs, which is an error here.

    Raises:
        ModelError: if there are such layers.
    """
    model = engine.keras.models.load_model(
        str(path), custom_objects=dict(how.custom), compile=how.compile
    )
    parts = model._flatten_layers(include_self=True)
    graphs = [part.name for part in parts if type(part).__name__.startswith("Revived")]
    if graphs:
        raise ModelError(
            f"the SavedModel {path.name!r} has layers of classes that are not known:"
            f" {listed(graphs)}; list the file that defines them under custom_objects"
        )
    return model
