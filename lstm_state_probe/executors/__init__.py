"""Where scenarios are carried out: in this process, in processes beside it, or on a cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from typing import cast

from lstm_state_probe.executors.base import Done, Terms, Workplace, lost

WORKPLACES: dict[str, str] = {
    "here": "lstm_state_probe.executors.here:here",
    "processes": "lstm_state_probe.executors.processes:processes",
    "dask": "lstm_state_probe.executors.cluster:cluster",
}
"""Name to 'module:function'; the function takes `Terms` and gives a context with a `Workplace`."""


def workplace(terms: Terms) -> AbstractContextManager[Workplace]:
    """Open the workplace that the terms ask for; its end is the end of whatever runs there."""
    module, _, function = WORKPLACES[terms.place].partition(":")
    opened = getattr(import_module(module), function)(terms)
    return cast("AbstractContextManager[Workplace]", opened)


__all__ = ["WORKPLACES", "Done", "Terms", "Workplace", "lost", "workplace"]
