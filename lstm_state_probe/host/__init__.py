"""The process and the installation that the probe runs in."""
