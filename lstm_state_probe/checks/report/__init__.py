"""What `probe check` shows."""
