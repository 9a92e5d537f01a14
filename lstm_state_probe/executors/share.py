"""Hands scenarios to a workplace and takes back what became of them, in the order of the files."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from itertools import islice

from lstm_state_probe.errors import Fault, ProbeError, caught
from lstm_state_probe.executors.base import Done, Workplace, lost
from lstm_state_probe.scenario.read import ScenarioFile

LOOK_EVERY = 1.0
"""Seconds between two looks whether a workplace that is silent is still there."""
TRIES = 10
"""How often a scenario that was never begun is handed out."""


@dataclass
class Handed:
    """A scenario that was handed out, and what will become of it."""

    scenario: ScenarioFile
    future: Future[Done | str]
    tries: int = 1
    since: float = field(default_factory=time.perf_counter)

    def lost(self, why: str | ProbeError) -> Done:
        """Say that it was not carried out, and how long it took to know."""
        return Done(lost(self.scenario, why, seconds=time.perf_counter() - self.since))


@dataclass
class Sharing:
    """The scenarios that are handed out, the first of the files first."""

    place: Workplace
    coming: Iterator[ScenarioFile]
    handed: deque[Handed] = field(default_factory=deque)
    running: set[Future[Done | str]] = field(default_factory=set)

    def fill(self) -> None:
        """Hand out as many as the workplace has room for."""
        self.running = {future for future in self.running if not future.done()}
        for scenario in islice(self.coming, max(0, self.place.slots() - len(self.running))):
            self.handed.append(Handed(scenario, self.submit(scenario)))

    def submit(self, scenario: ScenarioFile) -> Future[Done | str]:
        """Hand one out; where that cannot be done, the future has the error."""
        made = caught(lambda: self.place.executor.submit(self.place.pack(scenario)))
        if isinstance(made, ProbeError):
            error, made = made, Future()
            made.set_exception(error)
        self.running.add(made)
        return made

    def first(self) -> Done | None:
        """Return what became of the first; None where it was never begun and is tried again."""
        head = self.handed[0]
        error = None if head.future.cancelled() else head.future.exception()
        if isinstance(error, tuple(self.place.again)) and head.tries < TRIES:
            head.future, head.tries = self.submit(head.scenario), head.tries + 1
            return None
        self.handed.popleft()
        if head.future.cancelled():
            return head.lost(self.place.gone() or "it was cancelled")
        if error is None:
            done = head.future.result()
            return done if isinstance(done, Done) else head.lost(done)
        if not isinstance(error, Exception):
            raise error  # Ctrl-C is nobody's outcome
        if isinstance(error, ProbeError):
            return head.lost(error)
        return head.lost(self.place.explain(error) or Fault.of(error))

    def rest(self, why: str) -> Iterator[Done]:
        """Give up what is not done."""
        for entry in self.handed:
            entry.future.cancel()
            yield entry.lost(why)
        for scenario in self.coming:
            yield Done(lost(scenario, why))


def hand_out(place: Workplace, scenarios: Iterable[ScenarioFile]) -> Iterator[Done]:
    """Yield what became of each scenario, in their order.

    No more are handed out at a time than the workplace has slots, so that ten thousand wait here
    and not there.
    """
    sharing = Sharing(place, iter(scenarios))
    while True:
        sharing.fill()
        if sharing.handed and sharing.handed[0].future.done():
            done = sharing.first()
            if done is not None:
                yield done
            continue
        why = place.gone()
        if why is not None:
            yield from sharing.rest(why)
        if why is not None or not sharing.handed:
            return
        wait(sharing.running, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
