"""From the scenarios that were found to those that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.suite.expressions import Expression
from lstm_state_probe.suite.last_run import LastRun
from lstm_state_probe.suite.shards import Key, Shard, split

Found = tuple[ScenarioFile, ...]
Narrow = Callable[[Found], Found]


@dataclass(frozen=True)
class Choice:
    """What the command line wants of what was found; each of them narrows it further."""

    keyword: Expression | None = None
    tag: Expression | None = None
    shard: Shard | None = None
    last_failed: bool = False


EVERYTHING = Choice()


@dataclass(frozen=True)
class Chosen:
    """The scenarios that are left, what there is to say about it, and why there are none."""

    scenarios: tuple[ScenarioFile, ...]
    notes: tuple[str, ...] = ()
    nothing: str = ""


def choose(found: Sequence[ScenarioFile], choice: Choice, last: LastRun) -> Chosen:
    """Narrow what was found: by words, by tags, to a shard, to what failed last.

    The shard comes before what failed last: all shards together are then the whole, though each
    of them may change what failed last.
    """
    left = tuple(found)
    for what, narrow in _steps(choice, last):
        kept = narrow(left)
        if left and not kept:
            many = "scenario" if len(left) == 1 else "scenarios"
            return Chosen((), nothing=f"{what} selects none of {len(left)} {many}")
        left = kept
    return _last_failed(left, last) if choice.last_failed else Chosen(left)


def _steps(choice: Choice, last: LastRun) -> Iterator[tuple[str, Narrow]]:
    """Yield what was asked for, in words and as a function."""
    keyword, tag, shard = choice.keyword, choice.tag, choice.shard
    if keyword is not None:
        yield f"-k {keyword.text!r}", lambda found: _those(found, keyword, has_word)
    if tag is not None:
        yield f"--tag {tag.text!r}", lambda found: _those(found, tag, has_tag)
    if shard is not None:
        yield f"--shard {shard}", lambda found: _shard(found, shard, last)


def _those(
    found: Found, expression: Expression, has: Callable[[Expression, ScenarioFile], bool]
) -> Found:
    return tuple(scenario for scenario in found if has(expression, scenario))


def has_word(expression: Expression, scenario: ScenarioFile) -> bool:
    """Tell whether `-k` selects a scenario: its words are looked for in the id, in any case."""
    text = scenario.id.lower()
    return expression.holds(lambda word: word.lower() in text)


def has_tag(expression: Expression, scenario: ScenarioFile) -> bool:
    """Tell whether `--tag` selects a scenario: its words are whole tags."""
    tags = frozenset(scenario.spec.tags)
    return expression.holds(tags.__contains__)


def key_of(scenario: ScenarioFile, last: LastRun) -> Key:
    """Return what a scenario is remembered by."""
    return last.key(scenario.path, scenario.name, scenario.engine)


def _shard(found: Found, shard: Shard, last: LastRun) -> Found:
    keys = {id(scenario): key_of(scenario, last) for scenario in found}
    parts = split(list(keys.values()), shard.count, seconds=last.seconds)
    wanted = parts[shard.index - 1]
    return tuple(scenario for scenario in found if keys[id(scenario)] in wanted)


def _last_failed(found: Found, last: LastRun) -> Chosen:
    """Keep what failed when it last ran; everything, where that is nothing."""
    keys = last.failed
    failed = tuple(scenario for scenario in found if key_of(scenario, last) in keys)
    if failed or not found:
        return Chosen(failed)
    what = "none of these failed last time" if last.entries else "no run is remembered"
    many = "the one scenario" if len(found) == 1 else f"all {len(found)} scenarios"
    return Chosen(found, (f"--lf: {what}; {many} selected",))
