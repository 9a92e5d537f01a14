"""Selectors find quantities, conditions judge them, verdicts say what was found."""

from lstm_state_probe.expectations.judge import Verdict, judge_operation

__all__ = ["Verdict", "judge_operation"]
