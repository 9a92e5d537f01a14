"""The JSON report: its models, its writer, and reading it back."""
