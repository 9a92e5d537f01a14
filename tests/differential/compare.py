"""Compares what a run recorded with what the oracle says; each difference is a sentence."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lstm_state_probe.engines import Engine
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.runner import Wishes, run_scenario
from lstm_state_probe.scenario.read import read_scenarios

from .follow import Followed, Follower
from .loop import wide
from .oracle import Told

CLOSE = {None: 3e-5, "float64": 1e-9, "mixed_float16": 1e-2, "mixed_bfloat16": 8e-2}
"""How far a state may be off, by dtype policy, times (1 + |value|): sums go in another order."""


@dataclass(frozen=True)
class Ran:
    """What came of one scenario: the differences, and how much was compared."""

    differences: tuple[str, ...]
    calls: int = 0
    values: int = 0
    raised: str = ""


def compared(written: Mapping[str, Any], engine: Engine) -> Ran:
    """Run a scenario under the recorder and follow it with the oracle."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scenario.yaml")
        file.write_text(yaml.safe_dump(dict(written), sort_keys=False), encoding="utf-8")
        (scenario,) = read_scenarios(file, shown="scenario.yaml", engine=engine.name)
        report = run_scenario(scenario, engine, Wishes(verify=True))
        raised = _raised(report)
        if raised:
            return Ran((), raised=raised)
        follower = Follower(scenario, written, engine)
        follower.begin()
        followed = list(follower.follow())
        engine.clear()
    comparison = _Comparison(written, engine.name)
    for k, (operation, expected) in enumerate(zip(report.operations, followed, strict=True)):
        comparison.operation(f"operation {k + 1}, {operation.operation}", operation, expected)
    return Ran(tuple(comparison.found), comparison.calls, comparison.values)


def _raised(report: ScenarioReport) -> str:
    if report.error:
        return report.fault or report.error
    failures = [o.outcome.failure for o in report.operations if o.outcome.failure is not None]
    return str(failures[0]) if failures else ""


class _Comparison:
    """One scenario while it is compared."""

    def __init__(self, written: Mapping[str, Any], engine: str) -> None:
        self.close = CLOSE[written["model"].get("dtype_policy")]
        # TensorFlow has the root of 2 of gelu in float32 also in float64, the equations have not
        self.by_numpy = max(self.close, 1e-7 if "gelu" in str(written["model"]) else 0.0)
        self.record, self.engine = written["record"], engine
        self.found: list[str] = []
        self.calls = self.values = 0
        self.left: dict[str, Any] = {}

    def operation(self, where: str, report: Any, expected: Followed) -> None:
        outcome = report.outcome
        if expected.result is not None and expected.comparable:
            self.near(f"{where}: result", outcome.result, expected.result)
        recorded: dict[str, list[Call]] = defaultdict(list)
        for call in outcome.calls:
            recorded[call.layer].append(call)
        wanted: dict[str, list[Told]] = defaultdict(list)
        for told in expected.told:
            wanted[told.layer].append(told)
        for layer in recorded | wanted:
            pair = recorded[layer], wanted[layer]
            if len(pair[0]) != len(pair[1]):
                self.say(f"{where}: {layer}", f"{len(pair[0])} calls, not {len(pair[1])}")
            for k, (call, told) in enumerate(zip(*pair, strict=False)):
                self.call(f"{where}: {layer} call {k + 1}", call, told)
        self.held(where, outcome, expected)

    def held(self, where: str, outcome: Any, expected: Followed) -> None:
        """What is held after an operation is what the last call of a layer ended with."""
        finals = {
            f"{call.layer}/{name}": state.final
            for call in outcome.calls
            for name, state in call.states.items()
        }
        for address in finals.keys() & outcome.held.keys():
            self.same(f"{where}: held {address}", outcome.held[address], finals[address])

    def call(self, where: str, call: Call, told: Told) -> None:
        self.calls += 1
        facts = (
            ("place", (call.phase, call.epoch, call.batch), told.place),
            ("origins", {n: s.origin.word for n, s in call.states.items()}, dict(told.origins)),
            ("backwards", call.backwards, told.backwards),
            ("timesteps", call.timesteps, len(next(iter(told.states.values())))),
            ("kept", list(call.kept), _kept(self.record["timesteps"], call.timesteps)),
            ("skipped", call.skipped, 0),
        )
        for what, found, right in facts:
            if found != right:
                self.say(f"{where}: {what}", f"{found}, not {right}")
        if call.verified is not None and call.verified.agrees is False:
            self.say(f"{where}: verified", call.verified.why)
        if (call.mask is None) != (told.mask is None) or (
            told.mask is not None and not np.array_equal(call.mask, told.mask)  # type: ignore[arg-type]
        ):
            self.say(f"{where}: mask", f"{call.mask}, not {told.mask}")
        self.all_states(where, call, told)
        self.all_gates(where, call, told)

    def all_states(self, where: str, call: Call, told: Told) -> None:
        for name, state in call.states.items():
            kept = list(call.kept)
            if state.timesteps is not None and kept and kept[-1] == call.timesteps - 1:
                self.same(f"{where}: last timestep of {name}", state.timesteps[-1], state.final)
            if not told.comparable:
                continue
            self.near(f"{where}: initial {name}", state.initial, told.initial[name])
            for source, right in (
                ("", told.states[name]),
                (", by NumPy", told.equations.get(name)),
            ):
                close = self.by_numpy if source else self.close
                if right is not None:
                    self.near(f"{where}: final {name}{source}", state.final, right[-1], close)
                    if state.timesteps is not None:
                        told_as = f"{where}: {name}{source}"
                        self.near(told_as, state.timesteps, right[kept], close)

    def all_gates(self, where: str, call: Call, told: Told) -> None:
        wanted = told.gates if self.record["gates"] and call.kept else ()
        if told.equations and sorted(call.gates) != sorted(wanted):
            self.say(
                f"{where}: gates", f"{sorted(call.gates)}, not {sorted(wanted)}: {call.note!r}"
            )
        if not told.comparable:
            return
        valid = np.ones(1, bool) if told.mask is None else told.mask.T
        valid = valid[::-1] if told.backwards else valid
        for name in call.gates.keys() & set(told.gates):
            kept = list(call.kept)
            used = np.broadcast_to(valid, (call.timesteps, len(call.gates[name][0])))[kept]
            right = told.equations[name][kept][used]
            self.near(f"{where}: gate {name}", call.gates[name][used], right, self.by_numpy)

    def near(self, where: str, found: Any, right: Any, close: float | None = None) -> None:
        left, right = wide(found), wide(right)
        self.values += left.size
        if left.shape != right.shape:
            self.say(where, f"shape {left.shape}, not {right.shape}")
            return
        nan = np.isnan(left) & np.isnan(right)
        off = np.where(nan, 0.0, np.abs(left - right) / (1 + np.abs(right)))
        if off.size and not off.max() <= (self.close if close is None else close):
            self.say(where, f"off by {off.max():.3g}")

    def same(self, where: str, found: Any, right: Any) -> None:
        """Compare two things that are the same numbers, one perhaps in a wider dtype."""
        if not np.array_equal(wide(found), wide(right)):
            self.say(
                where, f"not the same bits, off by {np.abs(wide(found) - wide(right)).max():.3g}"
            )

    def say(self, where: str, what: str) -> None:
        self.found.append(f"{where}: {what}")


def _kept(written: Any, timesteps: int) -> Sequence[int]:
    if isinstance(written, dict):
        return sorted({*range(0, timesteps, written["every"]), timesteps - 1})
    if isinstance(written, list):
        return sorted({t % timesteps for t in written if -timesteps <= t < timesteps})
    return list(range(timesteps)) if written == "all" else []


def smaller(written: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """List the scenarios that are a little less than one: an operation less, an argument less."""
    operations = written["operations"]
    for k in range(len(operations)):
        if len(operations) > 1:
            yield {**written, "operations": operations[:k] + operations[k + 1 :]}
    layers = written["model"]["layers"]
    for k, entry in enumerate(layers):
        kind, given = next(iter(entry.items()))
        for name in given.keys() - _NEEDED:
            rest = {kind: {n: v for n, v in given.items() if n != name}}
            changed = [*layers[:k], {**entry, **rest}, *layers[k + 1 :]]
            yield {**written, "model": {**written["model"], "layers": changed}}


_NEEDED = {"name", "units", "layer", "layers", "cell", "filters", "kernel_size", "return_sequences"}
_NEEDED |= {"return_state", "padding"}


def minimal(written: Mapping[str, Any], engine: Engine, tries: int = 30) -> Mapping[str, Any]:
    """Take away what is not needed for a difference to stay, as far as `tries` runs go."""
    for less in smaller(written):
        tries -= 1
        if tries < 0:
            break
        if compared(less, engine).differences:
            return minimal(less, engine, tries)
    return written
