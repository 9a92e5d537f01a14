"""The Python API: records the user's own calls, and keeps, puts back and resets states."""
