"""The text of a scenario: YAML with positions, variables, the matrix."""
