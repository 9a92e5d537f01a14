"""Keras's own words, without what Keras and TensorFlow put around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstm_state_probe.engines.messages import described, limit, plain_message, whole_message

DECORATED = {
    "the layer and the arguments that it received": (
        """Exception encountered when calling LSTM.call().

\x1b[1mIf an RNN is stateful, the batch size must match.\x1b[0m - Expected batch size: 2

Arguments received by LSTM.call():
  • sequences=tf.Tensor(shape=(3, 3, 2), dtype=float32)
  • mask=None""",
        "If an RNN is stateful, the batch size must match. - Expected batch size: 2",
    ),
    "code of a traced function": (
        """in user code:

    File "/venv/lib/keras/engine/training.py", line 1, in train_function  *
        return step_function(self, iterator)
    File "/venv/lib/keras/losses.py", line 2, in __call__
        losses = call_fn(y_true, y_pred)

    ValueError: Shapes (2, 3) and (2, 1) are incompatible
""",
        "Shapes (2, 3) and (2, 1) are incompatible",
    ),
    "nodes of a graph": (
        """Graph execution error:

Detected at node sequential/lstm/add defined at (most recent call last):
  File "/home/a.py", line 1, in <module>

  File "/home/b.py", line 9, in fit

Incompatible shapes: [3,8] vs. [2,8]
\t [[{{node sequential/lstm/add}}]] [Op:__inference_train_function_123]""",
        "Incompatible shapes: [3,8] vs. [2,8]",
    ),
    "an op of eager code": (
        "{{function_node __wrapped__AddV2}} Incompatible shapes: [3,8] vs. [2,8] [Op:AddV2] name: ",
        "Incompatible shapes: [3,8] vs. [2,8]",
    ),
    "a node in the middle": (
        "Dimensions must be equal, but are 5 and 2 for '{{node a/b}} = Sub[T=DT_FLOAT](data, c)'"
        " with input shapes: [5,1], [2,1].",
        "Dimensions must be equal, but are 5 and 2 with input shapes: [5,1], [2,1].",
    ),
    "a function before the message": (
        "{{function_node __inference_one_step_on_data_12}} Incompatible shapes: [3] vs. [2]\n"
        "\t [[{{node a/b}}]]",
        "Incompatible shapes: [3] vs. [2]",
    ),
    "nothing": ("plain", "plain"),
    "no words": ("", "ValueError"),
    "several lines": ("First.\n\n  Second.  \n", "First.\nSecond."),
}


@pytest.mark.parametrize("decorated", DECORATED)
def test_the_decoration_is_taken_off(decorated: str) -> None:
    text, plain = DECORATED[decorated]
    assert plain_message(ValueError(text)) == plain


def test_an_error_is_described_with_its_type() -> None:
    assert described(TypeError("no")) == "TypeError: no"


NOISE = ("\x1b[", "Traceback", 'File "', "{{", "}}", "[Op:", "encountered", "in user code")


def _raised(act: Any) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever Keras raises
        act()
    return caught.value


@pytest.fixture(params=[False, True], ids=["graph", "eager"])
def model(engine: Any, request: pytest.FixtureRequest) -> Any:
    keras = engine.keras
    engine.clear()
    made = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 3, 2)),
            keras.layers.LSTM(4, stateful=True),
            keras.layers.Dense(1),
        ]
    )
    made.compile(optimizer="sgd", loss="mse", run_eagerly=request.param)
    return made


def zeros(*shape: int) -> Any:
    return np.zeros(shape, "float32")


FAILING = {
    "call with another batch": lambda m: m(zeros(3, 3, 2)),
    "predict with another batch": lambda m: m.predict(zeros(3, 3, 2), verbose=0),
    "predict with other features": lambda m: m.predict(zeros(2, 3, 5), verbose=0),
    "train with another batch": lambda m: m.train_on_batch(zeros(3, 3, 2), zeros(3, 1)),
    "a batch that does not divide": lambda m: m.predict(zeros(5, 3, 2), batch_size=3, verbose=0),
    "text in the place of numbers": lambda m: m(np.full((2, 3, 2), "a")),
    "targets of another size": lambda m: m.test_on_batch(zeros(2, 3, 2), zeros(5, 1)),
    "no timesteps": lambda m: m.predict(zeros(2, 0, 2), verbose=0),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_real_error_is_short_and_without_noise(model: Any, what: str) -> None:
    error = _raised(lambda: FAILING[what](model))
    message = plain_message(error)
    assert message != type(error).__name__, "no words are left"
    for noise in NOISE:
        assert noise not in message, message
    assert len(message) < 600, message
    assert all(word in str(error) for word in message.split()), "the words are Keras's own"


def test_what_this_tensorflow_cannot_compute_is_told_beside_keras_s_words() -> None:
    words = "The Conv2D op currently only supports the NHWC tensor format on the CPU."
    first, second = whole_message(ValueError(words)).split("\n")
    assert first == words
    assert second.startswith("this TensorFlow, on this processor, cannot compute channels_first")
    for other in (
        "Default MaxPoolingOp only supports NHWC on device type CPU",
        "CPU implementation of Conv3D currently only supports the NDHWC tensor format.",
    ):
        assert limit(ValueError(other)) == second
    assert "no kernel" in limit(ValueError("No OpKernel was registered to support Op 'CudnnRNN'"))
    for harmless in ("shapes (2, 3)", "on the CPU", "data_format NHWC has 4 axes"):
        assert limit(ValueError(harmless)) == ""


@pytest.mark.parametrize("eager", [False, True], ids=["graph", "eager"])
def test_the_layer_in_which_it_was_raised_stands_in_the_message_by_its_name(
    engine: Any, eager: bool
) -> None:
    import tensorflow as tf

    layers = engine.keras.layers

    class Fails(layers.Layer):
        bad = False

        def call(self, x: Any) -> Any:
            if self.bad:
                raise ValueError("it fails")
            return x

    class Holds(layers.Layer):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def call(self, x: Any) -> Any:
            return self.inner(x)

    model = engine.keras.Sequential([Holds(Fails(name="first")), Holds(Fails(name="second"))])
    x = tf.zeros((2, 3))
    model(x)
    model.layers[1].inner.bad = True
    act = model if eager else tf.function(lambda x: model(x), autograph=False)
    first, second = whole_message(_raised(lambda: act(x))).split("\n")
    assert first == "it fails"
    assert second.startswith("in the layer ")
    assert second.endswith("'second' (Fails)")
    assert "first" not in second


def test_a_graph_that_fails_while_it_runs_names_its_node(engine: Any) -> None:
    layers = engine.keras.layers
    model = engine.keras.Sequential([layers.Embedding(3, 2, name="words"), layers.GRU(2)])
    error = _raised(lambda: model.predict_on_batch(np.full((2, 3), 9)))
    assert "/words" in whole_message(error).splitlines()[-1]
    assert "in the layer 'words' (Embedding)" in whole_message(
        _raised(lambda: model(np.full((2, 3), 9)))
    )


def test_a_refused_argument_keeps_its_name(engine: Any) -> None:
    error = _raised(lambda: engine.keras.layers.LSTM(2, unitz=3))
    assert "unitz" in plain_message(error)
