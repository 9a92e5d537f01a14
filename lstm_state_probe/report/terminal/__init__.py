"""The report as Rich tables."""
