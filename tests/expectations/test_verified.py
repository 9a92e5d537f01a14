"""The verdict of `--verify`."""

from dataclasses import replace

from judged import call, outcome

from lstm_state_probe.expectations.verdict import Spot
from lstm_state_probe.expectations.verified import judge_verified
from lstm_state_probe.recording.call import Verified

AGREES = Verified(True, 1e-7, "")
OFF = Verified(False, 0.5, "f is off the equations by 0.5")
UNKNOWN = Verified(None, None, "no equations for Sum")


def judged(*found: Verified | None):
    calls = tuple(replace(call("lstm", k), verified=v) for k, v in enumerate(found))
    return judge_verified(outcome(*calls), Spot(3, 5, "  - predict: {x: x}"))


def test_calls_that_agree_make_one_verdict_that_says_how_closely() -> None:
    (verdict,) = judged(AGREES, AGREES)
    assert verdict.passed
    assert "2 calls agree with the equations within 1e-07" in verdict.message
    assert (verdict.line, verdict.column) == (3, 5)


def test_a_call_that_is_off_fails_and_is_named() -> None:
    (verdict,) = judged(AGREES, OFF)
    assert not verdict.passed
    assert verdict.selector.endswith("[1]")
    assert "f is off the equations by 0.5" in verdict.message


def test_what_could_not_be_compared_is_told_and_never_passed() -> None:
    assert judged(UNKNOWN) == ()
    assert judged(None) == ()
    (verdict,) = judged(AGREES, UNKNOWN)
    assert "1 not compared: no equations for Sum" in verdict.message
