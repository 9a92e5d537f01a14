"""Baselines: what was recorded once, kept in files, and compared with what is recorded now."""
