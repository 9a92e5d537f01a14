"""Options of the commands that take a saved model, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lstm_state_probe.cli.options.common import ENGINES

if TYPE_CHECKING:
    from lstm_state_probe.inspection.saved import SavedModel

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="The Keras to load it with, where the file does not tell or another is wanted.",
    ),
    click.option("--weights", metavar="FILE", help="Load these weights into the model."),
    click.option(
        "--allow-code", is_flag=True, help="Let Python code of the model and of FILE run."
    ),
    click.option(
        "--custom-objects",
        metavar="FILE",
        multiple=True,
        help="A Python file with the model's own classes; needs --allow-code. May be repeated.",
    ),
    click.option(
        "--input",
        "inputs",
        metavar="[NAME=]FILE",
        multiple=True,
        help="An input for the calls (.npy, .npz, .csv) in place of a generated one. May be"
        " repeated.",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(1),
        help="Samples to generate, where any number will do.",
    ),
    click.option(
        "--timesteps",
        type=click.IntRange(1),
        help="Timesteps to generate, where any number will do.",
    ),
)


def saved_options(function: Function) -> Function:
    """Add the options; they arrive as keywords that `saved_model` takes."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def inputs_of(saved: SavedModel) -> Iterator[Path]:
    """Yield the files that are read for a saved model, what is in a SavedModel folder too."""
    from lstm_state_probe.scenario.files import members

    files = [written.rpartition("=")[2] for written in saved.inputs]
    inputs = [*files, *(file.rpartition(":")[0] for file in files if ":" in file)]
    for path in (saved.path, saved.weights, *saved.custom_objects, *inputs):
        if path is not None:
            yield Path(path)
            yield from members(Path(path)).values()


def saved_model(path: str, choices: dict[str, Any]) -> SavedModel:
    """Put the words of the command line together."""
    from lstm_state_probe.inspection.saved import SavedModel

    weights = choices["weights"]
    return SavedModel(
        path=Path(path),
        engine=choices["engine"],
        weights=None if weights is None else Path(weights),
        allow_code=choices["allow_code"],
        custom_objects=choices["custom_objects"],
        inputs=choices["inputs"],
        batch=choices["batch_size"],
        timesteps=choices["timesteps"],
    )
