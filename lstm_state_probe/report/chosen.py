"""The part of a report that a user wants to see: some operations, states and gates, one sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import UsageError, brief, listed, nearest
from lstm_state_probe.recording.call import Call, Gates, State
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport
from lstm_state_probe.scenario.written.selectors import Selector, parse_selector


def chosen(report: ScenarioReport, options: ShowOptions) -> ScenarioReport:
    """Cut a report to what the options choose; nothing chosen leaves it as it is.

    Raises:
        UsageError: for a selector, an operation or a sample that this report has not.
    """
    if options.operations:
        report = replace(report, operations=_operations(report, options.operations))
    if options.show:
        report = _quantities(report, [selector(text) for text in options.show])
    if options.sample is not None:
        _has_sample(report, options.sample)
    return report


def selector(text: str) -> Selector:
    """Read what `--show` takes.

    Raises:
        UsageError: for what is no selector of a state or gate.
    """
    try:
        found = parse_selector(text)
    except ValueError as error:
        raise UsageError(f"--show: {error}") from error
    if found.is_result or found.when != "final" or found.call is not None:
        raise UsageError(
            f"--show {brief(text)}: it takes an address or a glob such as lstm/c, 'lstm/*', lstm/f;"
            " --operation, --timesteps and --calls choose the moment"
        )
    return found


def _operations(report: ScenarioReport, wanted: Iterable[str]) -> tuple[OperationReport, ...]:
    found: dict[int, OperationReport] = {}
    for text in wanted:
        matching = [done for done in report.operations if _is(done, text)]
        if not matching:
            raise UsageError(_no_operation(report, text))
        found.update({done.index: done for done in matching})
    return tuple(found[index] for index in sorted(found))


def _is(done: OperationReport, text: str) -> bool:
    """Tell whether an operation has this number, label, or name."""
    return text in (str(done.index + 1), done.label, done.operation)


def _no_operation(report: ScenarioReport, text: str) -> str:
    labels = [done.label for done in report.operations if done.label is not None]
    names = list(dict.fromkeys([*labels, *(done.operation for done in report.operations)]))
    return (
        f"{report.id} has no operation {brief(text)}; there are 1 to {len(report.operations)},"
        f" {listed(names)}{nearest(text, names)}"
    )


def _quantities(report: ScenarioReport, selectors: list[Selector]) -> ScenarioReport:
    states = [f"{layer.address}/{name}" for layer in report.layers for name in layer.states]
    gates = list(
        dict.fromkeys(
            f"{call.layer}/{gate}"
            for done in report.operations
            for call in done.outcome.calls
            for gate in call.gates
        )
    )
    wanted: set[str] = set()
    for one in selectors:
        named = {*one.matches(states), *one.matches_gates(gates)}
        if not named:
            raise UsageError(f"{report.id}: {one.explain_no_match([*states, *gates])}")
        wanted |= named
    return _kept(report, wanted.__contains__)


def _kept(report: ScenarioReport, wanted: Callable[[str], bool]) -> ScenarioReport:
    layers = tuple(filter(None, (_layer(layer, report, wanted) for layer in report.layers)))
    return replace(
        report,
        layers=layers,
        initialised=_held(report.initialised, wanted),
        operations=tuple(_operation(done, wanted) for done in report.operations),
    )


def _layer(
    layer: LayerReport, report: ScenarioReport, wanted: Callable[[str], bool]
) -> LayerReport | None:
    """Keep the chosen states of a layer; a layer stays for a gate of it, too."""
    states = tuple(name for name in layer.states if wanted(f"{layer.address}/{name}"))
    calls = [c for done in report.operations for c in done.outcome.calls]
    gates = any(
        call.layer == layer.address and wanted(f"{call.layer}/{gate}")
        for call in calls
        for gate in call.gates
    )
    return replace(layer, states=states) if states or gates else None


def _operation(done: OperationReport, wanted: Callable[[str], bool]) -> OperationReport:
    outcome = done.outcome
    calls = (_call(call, wanted) for call in outcome.calls)
    return replace(
        done,
        outcome=replace(
            outcome,
            calls=tuple(call for call in calls if call.states or call.gates),
            before=_held(outcome.before, wanted),
            held=_held(outcome.held, wanted),
        ),
    )


def _call(call: Call, wanted: Callable[[str], bool]) -> Call:
    states: dict[str, State] = {
        name: state for name, state in call.states.items() if wanted(f"{call.layer}/{name}")
    }
    names = [gate for gate in call.gates if wanted(f"{call.layer}/{gate}")]
    fetch = {name: partial(call.gates.__getitem__, name) for name in names}
    return replace(call, states=states, gates=Gates(fetch))


def _held(held: Mapping[str, Array], wanted: Callable[[str], bool]) -> dict[str, Array]:
    return {address: array for address, array in held.items() if wanted(address)}


def _has_sample(report: ScenarioReport, sample: int) -> None:
    calls = [call for done in report.operations for call in done.outcome.calls]
    batch = max((len(s.final) for call in calls for s in call.states.values()), default=0)
    if calls and sample >= batch:
        raise UsageError(f"{report.id} has no sample {sample}: the largest batch has {batch}")
