"""Stand-ins for cuDNN on a machine without a GPU: kernels that compute a call without a loop."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest


def block_lstm(inputs: Any, h: Any, c: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    """TensorFlow's fused LSTM of the CPU; returns h and c at every timestep, time first."""
    import tensorflow as tf

    zeros = tf.zeros_like(h)[0]
    out = tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.cast(tf.shape(inputs)[1], tf.int64),
        x=tf.transpose(inputs, (1, 0, 2)),
        cs_prev=c,
        h_prev=h,
        w=tf.concat([kernel, recurrent_kernel], axis=0),
        wci=zeros,
        wcf=zeros,
        wco=zeros,
        b=tf.convert_to_tensor(bias),
        use_peephole=False,
    )
    return out.h, out.cs


def keras3_lstm(
    inputs: Any,
    initial_state_h: Any,
    initial_state_c: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    **arguments: Any,
) -> Any:
    """As `keras.src.backend.lstm` on a GPU: (last output, outputs, states)."""
    import tensorflow as tf

    h, c = block_lstm(inputs, initial_state_h, initial_state_c, kernel, recurrent_kernel, bias)
    outputs = tf.transpose(h, (1, 0, 2)) if arguments["return_sequences"] else h[-1][:, None]
    return h[-1], outputs, [h[-1], c[-1]]


def keras3_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Keras 3 believe that cuDNN takes what it takes on a GPU."""
    from keras.src import backend

    rnn = import_module("keras.src.backend.tensorflow.rnn")

    def supported(*arguments: Any, **named: Any) -> bool:
        chosen = rnn._do_gru_arguments_support_cudnn
        if "reset_after" not in named:
            chosen = rnn._do_lstm_arguments_support_cudnn
        return bool(chosen(*arguments, **named))

    def lstm(*tensors: Any, **given: Any) -> Any:
        names = ("activation", "recurrent_activation", "unroll")
        if not supported(*(given[name] for name in names), use_bias=given["bias"] is not None):
            raise NotImplementedError
        return keras3_lstm(*tensors, **given)

    monkeypatch.setattr(backend, "cudnn_ok", supported)
    monkeypatch.setattr(backend, "lstm", lstm)


def tf_keras_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tf_keras run a fused kernel, in a graph by its own choice at run time."""
    import tensorflow as tf
    from tf_keras.src.layers.rnn import gru_lstm_utils, lstm

    from lstm_state_probe.engines.tap import kernel as kernels
    from lstm_state_probe.recording.witness import ask as witness

    def gpu_lstm(**given: Any) -> Any:
        names = ("inputs", "init_h", "init_c", "kernel", "recurrent_kernel", "bias")
        h, c = block_lstm(*(given[name] for name in names))
        outputs = tf.transpose(h, (1, 0, 2)) if given["return_sequences"] else h[-1][:, None]
        runtime = gru_lstm_utils.runtime(gru_lstm_utils.RUNTIME_GPU)
        return h[-1], outputs, h[-1], c[-1], runtime

    monkeypatch.setattr(kernels, "has_gpu", lambda: True)
    monkeypatch.setattr(witness, "computes_tf32", lambda: False)
    monkeypatch.setattr(gru_lstm_utils, "get_context_device_type", lambda: "GPU")
    monkeypatch.setattr(lstm, "gpu_lstm", gpu_lstm)
    monkeypatch.setattr(lstm, "lstm_with_backend_selection", lambda **given: gpu_lstm(**given))
