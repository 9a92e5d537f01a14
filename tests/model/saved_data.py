"""What the saved models of these tests were trained on: (batch, timesteps, features)."""

import numpy as np

X = np.random.default_rng(3).normal(size=(2, 3, 2)).astype(np.float32)
Y = np.array([[0.0], [1.0]], np.float32)
