"""What an inspection shows: JSON, tables, words."""
