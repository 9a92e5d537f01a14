"""In this process: one scenario after the other, no copy of anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lstm_state_probe.engines import Engine, load_engine
from lstm_state_probe.executors.base import Done, Terms
from lstm_state_probe.executors.carry import perform
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import ScenarioFile


class AtOnce(Executor):
    """Does what is submitted before it returns; what is raised goes to who submitted it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function; an exception goes straight through, as a fault's traceback must."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass(frozen=True)
class Here:
    """A workplace for engines that are loaded already."""

    engines: Mapping[str, Engine]
    wishes: Wishes = field(default_factory=Wishes)
    executor: Executor = field(default_factory=AtOnce)
    again: Sequence[type[BaseException]] = ()

    def slots(self) -> int:
        return 1

    def pack(self, scenario: ScenarioFile) -> Callable[[], Done]:
        return partial(perform, scenario, self.engines[scenario.engine], self.wishes)

    def explain(self, error: BaseException) -> str | None:
        return None

    def gone(self) -> str | None:
        return None


@contextmanager
def here(terms: Terms) -> Iterator[Here]:
    """Import the engines.

    Raises:
        EngineMissing: if one is not installed.
    """
    yield Here({name: load_engine(name) for name in terms.engines}, terms.wishes)
