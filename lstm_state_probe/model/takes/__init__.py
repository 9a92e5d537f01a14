"""What a model takes: its inputs, generated or given."""
