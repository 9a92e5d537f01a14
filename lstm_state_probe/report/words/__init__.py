"""Sentences, numbers and findings, for every writer: no Rich, no HTML."""
