"""The recurrent models that the Keras documentation describes, at a small size, for either Keras.

`keras` is bound from outside: by the probe where this file is a `factory`, else by the test.
"""

from __future__ import annotations

from typing import Any

keras: Any = None


def character_lstm() -> Any:
    """Text generation: one-hot characters in, the next character out."""
    model = keras.Sequential(
        [
            keras.Input((8, 11)),
            keras.layers.LSTM(16, name="lstm"),
            keras.layers.Dense(11, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "categorical_crossentropy")
    return model


def addition_seq2seq() -> Any:
    """Addition learned from text: an encoder, its last output repeated, a decoder."""
    model = keras.Sequential(
        [
            keras.Input((7, 12)),
            keras.layers.LSTM(16, name="encoder"),
            keras.layers.RepeatVector(4),
            keras.layers.LSTM(16, return_sequences=True, name="decoder"),
            keras.layers.Dense(12, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def bidirectional_sentiment() -> Any:
    """Reviews of any length, as word numbers, through two bidirectional layers."""
    inputs = keras.Input((None,), dtype="int32", name="words")
    x = keras.layers.Embedding(50, 8)(inputs)
    x = keras.layers.Bidirectional(keras.layers.LSTM(6, return_sequences=True), name="first")(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(6), name="second")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def stateful_sine() -> Any:
    """A wave, one value at a time, the state kept from batch to batch."""
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(4, 1, 1)),
            keras.layers.LSTM(8, return_sequences=True, stateful=True, name="lower"),
            keras.layers.LSTM(8, stateful=True, name="upper"),
            keras.layers.Dense(1),
        ]
    )
    model.compile("rmsprop", "mse")
    return model


def conv_lstm_next_frame() -> Any:
    """A film in, each of its frames shifted by one out."""
    inputs = keras.Input((None, 6, 6, 1), name="frames")
    x = inputs
    for number, kernel in enumerate((5, 3, 1)):
        x = keras.layers.ConvLSTM2D(
            3,
            kernel,
            padding="same",
            return_sequences=True,
            activation="relu",
            name=f"conv_{number}",
        )(x)
        x = keras.layers.BatchNormalization()(x) if number < 2 else x
    x = keras.layers.Conv3D(1, 3, activation="sigmoid", padding="same")(x)
    model = keras.Model(inputs, x)
    model.compile("adam", "binary_crossentropy")
    return model


def translation_seq2seq() -> Any:
    """Character translation: the decoder starts from the states of the encoder."""
    source = keras.Input((None, 9), name="source")
    target = keras.Input((None, 10), name="target")
    _, h, c = keras.layers.LSTM(12, return_state=True, name="encoder")(source)
    decoder = keras.layers.LSTM(12, return_sequences=True, return_state=True, name="decoder")
    outputs, _, _ = decoder(target, initial_state=[h, c])
    outputs = keras.layers.Dense(10, activation="softmax")(outputs)
    model = keras.Model([source, target], outputs)
    model.compile("rmsprop", "categorical_crossentropy")
    return model


EXAMPLES = (
    character_lstm,
    addition_seq2seq,
    bidirectional_sentiment,
    stateful_sine,
    conv_lstm_next_frame,
    translation_seq2seq,
)
