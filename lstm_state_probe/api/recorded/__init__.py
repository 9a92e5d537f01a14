"""What was recorded, as a user reads it: selected, shown, exported, loaded."""
