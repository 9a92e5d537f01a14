"""What a built model is, without a scenario: its recurrent layers, and what calls do to them."""
