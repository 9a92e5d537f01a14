"""Selectors find quantities, conditions judge them, verdicts say what was found."""
