"""The frozen models of what a person writes, and their schema."""
