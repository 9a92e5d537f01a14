"""What an initial state was made from, and who else writes to it."""
