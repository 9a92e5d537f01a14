"""A model that `tf.distribute` runs on two devices, in a process of its own: they are made once."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np, tensorflow as tf, tf_keras
from lstm_state_probe import record

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x = np.random.default_rng(0).normal(size=(8, 4, 2)).astype("float32")

def built():
    tf_keras.utils.set_random_seed(3)
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        lstm = tf_keras.layers.LSTM(3, name="lstm", input_shape=(4, 2))
        model = tf_keras.Sequential([lstm, tf_keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    return model

def done(model):
    loss = model.fit(x, x[:, :1, 0], batch_size=4, epochs=2, shuffle=False, verbose=0)
    predicted = model.predict(x, batch_size=4, verbose=0)
    return [np.array(loss.history["loss"]), predicted, *model.get_weights()]

plain, model = done(built()), built()
with record(model) as recording:
    watched = done(model)
assert all(map(np.array_equal, plain, watched))
assert recording.missed == ()
assert [call.states["h"].final.shape for call in recording.calls] == [(2, 3)] * 12
assert recording.verified is True
"""


def test_each_replica_s_call_is_recorded_and_the_results_keep_their_bits() -> None:
    pytest.importorskip("tf_keras")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
