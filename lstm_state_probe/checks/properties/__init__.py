"""The properties, a subject a file."""
