"""What the probe does inside a call of the user's ends at one boundary; no TensorFlow here."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from lstm_state_probe.engines.tap.boundary import Aside, CannotRecord
from lstm_state_probe.engines.tap.swapping import claimed, swapped
from lstm_state_probe.engines.wrapping import override, reading


class Thing:
    def method(self, value: int, *, twice: bool = False) -> int:
        return value * (2 if twice else 1)


def broken(*args: Any) -> Any:
    raise ZeroDivisionError("ours")


def test_an_error_of_ours_is_told_and_goes_no_further() -> None:
    told: list[str] = []
    assert Aside(told.append).run(broken) is None
    assert told == ["the probe failed: ZeroDivisionError: ours"]


def test_a_reason_is_told_as_it_is() -> None:
    def cannot() -> None:
        raise CannotRecord("it has no loop")

    told: list[str] = []
    Aside(told.append).run(cannot)
    assert told == ["it has no loop"]


def test_an_error_in_telling_goes_no_further_either() -> None:
    assert Aside(broken).run(broken) is None


def test_an_interrupt_passes() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Aside(broken).run(interrupted)


@contextmanager
def failing(where: str) -> Iterator[int]:
    if where == "in":
        broken()
    yield 1
    if where == "out":
        broken()


@pytest.mark.parametrize("where", ["in", "out", "nowhere"])
def test_keras_s_own_error_passes_a_context_of_ours_unchanged(where: str) -> None:
    told: list[str] = []
    own = KeyError("Keras's")
    with pytest.raises(KeyError) as raised, Aside(told.append).around(lambda: failing(where)):
        raise own
    assert raised.value is own


@pytest.mark.parametrize("where", ["in", "out"])
def test_a_context_of_ours_that_fails_is_told_and_the_body_runs_once(where: str) -> None:
    told: list[str] = []
    ran = []
    with Aside(told.append).around(lambda: failing(where)) as found:
        ran.append(found)
    assert ran == [1 if where == "out" else None]
    assert told == ["the probe failed: ZeroDivisionError: ours"]


def test_what_a_thread_puts_in_a_shared_place_no_other_thread_sees() -> None:
    module = SimpleNamespace(double=lambda value: 2 * value)
    original, seen = module.double, []
    entered, done = threading.Event(), threading.Event()

    def other() -> None:
        with swapped(module, "double", lambda inner, value: inner(value) + 1):
            entered.set()
            done.wait(5)
            seen.append(module.double(3))

    thread = threading.Thread(target=other)
    with swapped(module, "double", lambda inner, value: -inner(value)):
        thread.start()
        entered.wait(5)
        assert module.double(3) == -6
    assert module.double(3) == 6
    done.set()
    thread.join()
    assert seen == [7]
    assert module.double is original


def test_a_name_below_a_module_is_replaced_there_alone() -> None:
    tf = SimpleNamespace(loop=lambda: "loop", other=lambda: "other")
    module = SimpleNamespace(tf=tf)
    with swapped(module, "tf.loop", lambda inner: f"watched {inner()}"):
        with swapped(module, "tf.other", lambda inner: f"watched {inner()}"):
            assert (module.tf.loop(), module.tf.other()) == ("watched loop", "watched other")
        assert (module.tf.loop(), module.tf.other(), tf.loop()) == ("watched loop", "other", "loop")
    assert module.tf is tf


def test_what_somebody_else_puts_in_a_shared_place_meanwhile_stays() -> None:
    module = SimpleNamespace(double=lambda value: 2 * value)
    with swapped(module, "double", lambda inner, value: inner(value)):
        module.double = theirs = lambda value: 0
    assert module.double is theirs


def test_a_thing_is_claimed_by_one_thread_at_a_time() -> None:
    thing = Thing()
    with claimed(thing) as first, claimed(thing) as second:
        assert (first, second) == (True, False)
    with claimed(thing) as again:
        assert again is True


def test_an_override_has_the_signature_of_the_method() -> None:
    import inspect

    thing = Thing()
    release = override(thing, {"method": lambda *args, **kwargs: 0})
    assert inspect.getfullargspec(thing.method).kwonlyargs == ["twice"]
    release()
    assert "method" not in vars(thing)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_has_its_own_method_back(duplicate: Any) -> None:
    thing = Thing()
    override(thing, {"method": lambda *args, **kwargs: 0})
    assert (thing.method(3), duplicate(thing).method(3)) == (0, 3)


def test_release_leaves_what_somebody_else_has_put_there() -> None:
    thing = Thing()
    release = override(thing, {"method": lambda *args: 0})
    theirs = vars(thing)["method"] = lambda *args: 1
    release()
    assert vars(thing)["method"] is theirs


def test_an_argument_is_read_however_it_is_given() -> None:
    read = reading(Thing().method)
    assert (read((3,), {}, "value"), read((), {"value": 3}, "value")) == (3, 3)
    assert read((3,), {}, "twice") is None
    assert read((3,), {}, "foreign") is None
