"""What must fit together in a scenario, told without Keras."""
