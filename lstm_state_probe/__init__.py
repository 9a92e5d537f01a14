"""lstm-state-probe: what Keras does with the states of recurrent layers.

Importing the package loads nothing heavy: neither TensorFlow nor NumPy.
"""

__version__ = "0.1.0"
