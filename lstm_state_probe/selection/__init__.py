"""Which of the scenarios that were found shall run."""
