"""Carries out one scenario, in this process, for whoever asked."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from itertools import count

from lstm_state_probe.checks.expected import run_and_check
from lstm_state_probe.engines import Engine, load_engine
from lstm_state_probe.errors import EngineMissing
from lstm_state_probe.executors.base import Done, lost
from lstm_state_probe.executors.parcel import Parcel, unpacked
from lstm_state_probe.host.environment import environment, installed
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import ScenarioFile

COLLECT_EVERY = 10
"""Scenarios between two collections; a finished model is in circles that only they release."""
_carried_out = count(1)
_loaded = lru_cache(maxsize=None)(load_engine)
_described: dict[str, dict[str, object]] = {}
Guard = Callable[[], AbstractContextManager[None]]


def pack(
    scenario: ScenarioFile, wishes: Wishes, parcel: Parcel | None = None
) -> Callable[..., Done | str]:
    """Make a task of a scenario: a call with plain arguments, which any version can read."""
    return partial(carry_out, installed(), pickle.dumps((scenario, wishes, parcel)))


def carry_out(versions: Mapping[str, str], body: bytes, guard: Guard = nullcontext) -> Done | str:
    """Carry out a packed scenario under a guard, or say why it cannot be done here."""
    here = installed()
    differing = [
        f"{name} {versions.get(name, 'none')} here, {here.get(name, 'none')} on the worker"
        for name in {**versions, **here}
        if versions.get(name) != here.get(name)
    ]
    if differing:
        return f"the worker has other versions: {'; '.join(differing)}"
    # made by `pack` of this very version, as the executors pickle everything themselves
    scenario, wishes, parcel = pickle.loads(body)  # noqa: S301
    try:
        engine = _loaded(scenario.engine)  # the time that this takes is not the scenario's
    except EngineMissing as missing:
        return Done(lost(scenario, f"on the worker: {missing}", exit_code=missing.exit_code))
    with guard(), unpacked(parcel, scenario) as (unpacked_scenario, told):
        return told(perform(unpacked_scenario, engine, wishes))


def perform(scenario: ScenarioFile, engine: Engine, wishes: Wishes) -> Done:
    """Run a scenario; now and then, collect what those before it left."""
    report = run_and_check(scenario, engine, wishes)
    if next(_carried_out) % COLLECT_EVERY == 0:
        gc.collect()
    return Done(report, _environment(engine))


def _environment(engine: Engine) -> dict[str, object]:
    """Describe this process, once for each engine."""
    if engine.name not in _described:
        _described[engine.name] = environment([engine])
    return _described[engine.name]
