"""What a person writes: YAML read with positions, strict models, and what must fit together."""
