# ruff: noqa: F821
"""Models that look wrong and are right, or look right and are wrong; `keras` is the engine's Keras.

Each function makes one; what is found of it stands in the table of `test_misleading.py`.
"""

import numpy as np
import tensorflow as tf

layers = keras.layers
TINY = {"kernel_initializer": keras.initializers.Constant(1e-7), "use_bias": False}


def chain(*made, shape=(3, 6, 2), dtype=None):
    """Stack layers on an input of this shape, the batch axis first."""
    entrance = keras.Input(batch_shape=shape, dtype=dtype)
    return keras.Sequential([entrance, *made])


def variables(layer):
    return tf.nest.flatten(layer.states)


def lstm(name="lstm", **other):
    return layers.LSTM(2, name=name, stateful=True, **other)


def rows(inputs, batch_size):
    return tf.shape(inputs)[0] if batch_size is None else batch_size


def through(function, name, supports_masking=False):
    """Make a layer of a function of tensors that keeps their shape."""

    class Through(layers.Layer):
        def __init__(self, **other):
            super().__init__(**other)
            self.supports_masking = supports_masking

        def call(self, x):
            return function(x)

        def compute_output_shape(self, shape):
            return shape

    return Through(name=name)


# Resets


class FromOnes(layers.SimpleRNNCell):
    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return [tf.ones((rows(inputs, batch_size), self.units))]


class BackToOnes(layers.RNN):
    """Begins with ones, and so it does after its reset."""

    def reset_states(self, states=None):
        for variable in variables(self):
            variable.assign(tf.ones_like(variable))

    reset_state = reset_states


def from_ones():
    return chain(BackToOnes(FromOnes(2), stateful=True, name="ones"))


class OnlyH(layers.LSTM):
    """Resets h and forgets c."""

    def reset_states(self, states=None):
        if self.states and self.states[0] is not None:
            self.states[0].assign(tf.zeros_like(self.states[0]))

    reset_state = reset_states


def only_h():
    return chain(OnlyH(2, stateful=True, name="lstm"))


class NoReset(layers.GRU):
    def reset_states(self, states=None):
        """Leave everything as it is, but for the first time, when tf_keras makes the states."""
        if variables(self)[0] is None and not hasattr(layers.RNN, "reset_state"):
            super().reset_states()

    reset_state = reset_states


def second_resets_not():
    return chain(lstm(return_sequences=True), NoReset(2, stateful=True, name="gru"))


def second_resets():
    return chain(lstm(return_sequences=True), layers.GRU(2, stateful=True, name="gru"))


def shared():
    x = keras.Input(batch_shape=(3, 6, 2))
    twice = lstm()
    return keras.Model(x, [twice(x), twice(2 * x)])


def both_ways():
    return chain(layers.Bidirectional(lstm("inner"), name="both"))


class Hiding(layers.Layer):
    def __init__(self, **other):
        super().__init__(**other)
        self.inner = lstm("inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x)

    def compute_output_shape(self, shape):
        return (shape[0], 2)


def hidden_behind_another():
    return chain(lstm(return_sequences=True), Hiding(name="hiding"))


# Repetition


def dropped_out():
    return chain(layers.Dropout(0.5), lstm(dropout=0.5), layers.Dropout(0.5))


def faint_noise():
    def noisy(h):
        return 1e-7 * (h + tf.random.normal(tf.shape(h)))

    return chain(layers.LSTM(2, name="lstm"), through(noisy, "noisy"))


class EveryThird(layers.Layer):
    """Adds something at each third call."""

    def build(self, shape):
        self.count = self.add_weight(name="n", shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.count.assign_add(1.0)
        late = tf.math.floormod(tf.convert_to_tensor(self.count), 3.0) < 0.5
        return x + tf.cast(late, tf.float32)

    def compute_output_shape(self, shape):
        return shape


def every_third():
    return chain(EveryThird(), layers.LSTM(2, name="lstm"))


def unread_memory():
    """Let nothing of the recurrent layer, which counts on, reach the output."""
    x = keras.Input(batch_shape=(3, 6, 2))
    h = NoReset(2, stateful=True, name="gru")(x)
    out = layers.Add()([layers.GlobalAveragePooling1D()(x), through(tf.zeros_like, "nought")(h)])
    return keras.Model(x, out)


# Rows


def normalised():
    norm = layers.BatchNormalization(moving_mean_initializer="ones")
    return chain(norm, layers.GRU(2, return_sequences=True, name="gru"), lstm())


class Folding(layers.Layer):
    """Lays the timesteps of (batch, timesteps, features) into the batch, as several sequences."""

    def call(self, x):
        return tf.reshape(x, (-1, 3, 2))

    def compute_output_shape(self, shape):
        return (shape[0] * 2, 3, 2)


class Unfolding(layers.Layer):
    def call(self, x):
        return tf.reshape(x, (-1, 4))

    def compute_output_shape(self, shape):
        return (shape[0] // 2, 4)


def folded():
    return chain(Folding(), layers.LSTM(2, name="lstm"), Unfolding())


def running_sum_of_rows():
    return chain(through(lambda x: tf.cumsum(x, axis=0), "sum"), layers.GRU(2, name="gru"))


class AlwaysTraining(layers.Layer):
    def __init__(self, **other):
        super().__init__(**other)
        self.norm = layers.BatchNormalization()

    def build(self, shape):
        self.norm.build(shape)

    def call(self, x):
        return self.norm(x, training=True)

    def compute_output_shape(self, shape):
        return shape


def normalised_by_the_batch():
    first = layers.LSTM(2, return_sequences=True, name="first")
    return chain(first, AlwaysTraining(), layers.GRU(2, name="second"))


class MixingCell(layers.SimpleRNNCell):
    """Reads the states of the other rows: nothing of that shows in the first timestep."""

    def call(self, x, states, training=None):
        (h,) = states if isinstance(states, (list, tuple)) else [states]
        out, new = super().call(x, [h + tf.reduce_mean(h, axis=0, keepdims=True)])
        return out, new


def mixing_states():
    return chain(layers.RNN(MixingCell(2), stateful=True, name="rnn"), shape=(3, 1, 2))


# Chunks


def pooled_by_two():
    return chain(layers.MaxPooling1D(2), lstm(), shape=(3, None, 2))


def stateless_above():
    return chain(lstm(return_sequences=True), layers.GRU(2, name="gru"), shape=(3, None, 2))


class PositionOfThree(layers.Layer):
    """Adds the position, counted to three again and again."""

    def call(self, x):
        return x + tf.cast(tf.range(tf.shape(x)[1]) % 3, tf.float32)[None, :, None]

    def compute_output_shape(self, shape):
        return shape


def position_of_three():
    return chain(PositionOfThree(), lstm(), shape=(3, None, 2))


def tiny_backwards():
    tiny = layers.SimpleRNN(2, stateful=True, go_backwards=True, name="back", **TINY)
    return chain(tiny, shape=(3, None, 2))


def tiny():
    small = layers.SimpleRNN(2, stateful=True, name="tiny", **TINY)
    return chain(small, layers.Dense(1, name="out"), shape=(2, None, 2))


# Masks and padding


def rescaled_then_masked():
    mask = layers.Masking(mask_value=-1.0, name="masking")
    return chain(layers.Rescaling(0.1, offset=-1.0), mask, layers.LSTM(2, name="lstm"))


def decoder():
    encoder = layers.LSTM(2, name="encoder")
    decoding = layers.GRU(2, name="decoder")
    masking = layers.Masking(mask_value=-7.0)
    return chain(masking, encoder, layers.RepeatVector(3), decoding, shape=(3, None, 2))


def autoencoder():
    """See six timesteps twice, of which the second six are not those of the input."""
    encoder, decoding = layers.LSTM(2, name="encoder"), layers.GRU(2, name="decoder")
    return chain(layers.Masking(mask_value=-7.0), encoder, layers.RepeatVector(6), decoding)


def halved_behind_a_mask():
    first, second = layers.LSTM(2, return_sequences=True), layers.LSTM(2, name="second")
    return chain(layers.Masking(mask_value=-7.0), first, layers.AveragePooling1D(2), second)


def two_masked_inputs():
    a, b = (keras.Input(batch_shape=(3, None), dtype="int32", name=n) for n in "ab")
    read = [
        layers.GRU(2, name=f"gru_{n}")(layers.Embedding(5, 2, mask_zero=True)(x))
        for n, x in (("a", a), ("b", b))
    ]
    return keras.Model({"a": a, "b": b}, layers.Concatenate()(read))


def one_of_two_unmasked():
    a, b = (keras.Input(batch_shape=(3, None), dtype="int32", name=n) for n in "ab")
    read = []
    for name, x in (("a", a), ("b", b)):
        looked_up = layers.Embedding(5, 2, mask_zero=True)(x)
        if name == "b":
            looked_up = through(lambda x: x + 0.0, "dropping")(looked_up)
        read.append(layers.GRU(2, name=f"gru_{name}")(looked_up))
    return keras.Model({"a": a, "b": b}, layers.Concatenate()(read))


def pooled_behind_a_mask():
    first = layers.LSTM(2, return_sequences=True, name="first")
    return chain(first, layers.MaxPooling1D(1), layers.LSTM(2, name="second"))


def dropped_at_one_length():
    first = layers.GRU(2, return_sequences=True, name="first")
    drops = through(lambda x: x + 0.0, "dropping")
    masking = layers.Masking(mask_value=-7.0)
    return chain(masking, first, drops, layers.GRU(2, go_backwards=True, name="second"))


def running_sum(**other):
    return layers.SimpleRNN(
        2,
        activation="linear",
        use_bias=False,
        kernel_initializer="ones",
        recurrent_initializer="identity",
        **other,
    )


def sum_of_everything():
    return chain(running_sum(name="sum"), shape=(3, None, 2))


def fixed_by_a_reshape():
    conv = layers.Conv1D(2, 3, padding="same", activation="relu")
    return chain(conv, layers.Reshape((6, 2)), layers.LSTM(2, name="lstm"), shape=(3, None, 2))


def pooled_by_four():
    return chain(layers.MaxPooling1D(4), layers.LSTM(2, name="lstm"), shape=(3, None, 2))


# Fitting


def resetting(*when, which=slice(None)):
    """Make a callback that sets states to zero at these moments, of some of the layers."""

    class Resetting(keras.callbacks.Callback):
        def zero(self, *args, **kwargs):
            stateful = [one for one in self.model.layers if getattr(one, "stateful", False)]
            for layer in stateful[which]:
                for variable in variables(layer):
                    variable.assign(tf.zeros_like(variable))

    for name in when:
        setattr(Resetting, name, Resetting.zero)
    return Resetting


EachEpoch = resetting("on_epoch_begin")
AtTheStart = resetting("on_train_begin")
FirstOfTwo = resetting("on_epoch_begin", which=slice(1))
EachBatch = resetting("on_train_batch_begin")


def fitted():
    return chain(lstm(), layers.Dense(1, name="out"), shape=(2, 6, 2))


def fitted_stack():
    return chain(lstm("one", return_sequences=True), lstm("two"), layers.Dense(1), shape=(2, 6, 2))


def logarithm():
    return chain(through(tf.math.log, "log"), lstm(), layers.Dense(1), shape=(2, 6, 2))


class Apart(keras.Sequential):
    """Puts the states back after each batch of a validation."""

    def test_step(self, data):
        held = [v for layer in self.layers if hasattr(layer, "states") for v in variables(layer)]
        before = [tf.identity(tf.convert_to_tensor(v)) for v in held]
        found = super().test_step(data)
        with tf.control_dependencies(tf.nest.flatten(found)):
            for variable, value in zip(held, before, strict=True):
                variable.assign(value)
        return found


def validated_apart():
    entrance = keras.Input(batch_shape=(2, 6, 2))
    return Apart([entrance, lstm(), layers.Dense(1)])


# Partial batches


def predicting(act):
    """Make a model whose predict is `act(model, its own predict, x, …)`."""

    class Predicting(keras.Sequential):
        def predict(self, x, *args, **kwargs):
            return act(self, super().predict, x, *args, **kwargs)

    entrance = keras.Input(batch_shape=(3, 6, 2))
    return Predicting([entrance, lstm()])


def looks_first():
    def act(model, predict, x, *args, **kwargs):
        if len(x) % 3:
            raise ValueError("whole batches of 3, please")
        return predict(x, *args, **kwargs)

    return predicting(act)


def puts_back(model, states):
    for variable, value in zip(variables(model.layers[-1]), states, strict=True):
        variable.assign(value)


def puts_back_after_failing():
    def act(model, predict, x, *args, **kwargs):
        held = [np.array(tf.convert_to_tensor(v)) for v in variables(model.layers[-1])]
        try:
            return predict(x, *args, **kwargs)
        except Exception:
            puts_back(model, held)
            raise

    return predicting(act)


def zeros_after_failing():
    def act(model, predict, x, *args, **kwargs):
        try:
            return predict(x, *args, **kwargs)
        except Exception:
            puts_back(model, [np.zeros((3, 2), "float32")] * 2)
            raise

    return predicting(act)


def never_predicts():
    def act(model, predict, x, *args, **kwargs):
        raise ValueError("not today")

    return predicting(act)


def memoryless():
    """End each call in a state that the input alone decides."""
    plain = layers.SimpleRNN(2, stateful=True, recurrent_initializer="zeros", name="plain")
    return chain(plain)


class AtMost(layers.Layer):
    def __init__(self, least, most, **other):
        super().__init__(**other)
        self.least, self.most = least, most

    def call(self, x):
        tf.debugging.assert_less_equal(tf.shape(x)[0], self.most)
        tf.debugging.assert_greater_equal(tf.shape(x)[0], self.least)
        return x

    def compute_output_shape(self, shape):
        return shape


def exactly_three():
    return chain(AtMost(3, 3), lstm())


def at_most_three():
    return chain(AtMost(1, 3), lstm())


# Saving, and looking


class Keeping(layers.LSTM):
    """Saves its states beside its weights."""

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for k, variable in enumerate(variables(self)):
            store[f"state{k}"] = np.array(tf.convert_to_tensor(variable))

    def load_own_variables(self, store):
        for k, variable in enumerate(variables(self)):
            variable.assign(store[f"state{k}"])


def kept():
    return chain(Keeping(2, stateful=True, name="lstm"))


class Written(layers.GRU):
    """Writes its states into its configuration."""

    def __init__(self, *args, held=None, **other):
        super().__init__(*args, **other)
        self.held_before = held

    def build(self, shape):
        super().build(shape)
        if self.held_before is not None:
            for variable, value in zip(variables(self), self.held_before, strict=True):
                variable.assign(np.array(value, "float32"))

    def get_config(self):
        held = [np.array(tf.convert_to_tensor(v)).tolist() for v in variables(self)]
        return {**super().get_config(), "held": held}


def written_down():
    return chain(Written(2, stateful=True, name="gru"))


def still():
    nothing = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    return layers.SimpleRNN(2, stateful=True, return_sequences=True, name="still", **nothing)


def nothing_moves():
    return chain(still())


def kept_below_another():
    return chain(Keeping(2, stateful=True, return_sequences=True, name="kept"), lstm())


def still_below_another():
    return chain(still(), lstm(bias_initializer="ones"))


class Subclassed(keras.Model):
    def __init__(self, **other):
        super().__init__(**other)
        self.inner = lstm()

    def call(self, x):
        return self.inner(x)


def without_a_graph():
    model = Subclassed()
    model(np.zeros((3, 6, 2), "float32"))
    return model


class Asked(layers.LSTM):
    """Carries its states on for its own model alone, and begins anew for any other."""

    carrying = False

    def __call__(self, *args, **kwargs):
        self.stateful = self.carrying or not self.built
        try:
            return super().__call__(*args, **kwargs)
        finally:
            self.stateful = True


class Carrying(keras.Sequential):
    def call(self, *args, **kwargs):
        Asked.carrying = True
        try:
            return super().call(*args, **kwargs)
        finally:
            Asked.carrying = False


def carried_for_its_own_model():
    entrance = keras.Input(batch_shape=(3, 6, 2))
    return Carrying([entrance, Asked(2, stateful=True, name="lstm")])


# Values


def leaky(factor=0.9):
    identity = keras.initializers.Identity(factor)
    return layers.SimpleRNN(
        2,
        stateful=True,
        activation="linear",
        kernel_initializer="ones",
        recurrent_initializer=identity,
        name="leaky",
    )


def settles():
    return chain(through(lambda x: 100 + x, "far"), leaky())


def shrinks():
    return chain(through(lambda x: 1e6 * x, "large"), leaky(0.5))


def grows_above():
    return chain(lstm(return_sequences=True), running_sum(name="sum", stateful=True))


def grows_inside():
    """Add to c at each timestep, while h stays below 1."""
    open_ = keras.initializers.Constant(30.0)
    none = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    return chain(lstm(bias_initializer=open_, unit_forget_bias=False, **none))


def rectified(**other):
    given = {"activation": "relu", "kernel_initializer": "identity", "use_bias": False}
    return layers.SimpleRNN(2, recurrent_initializer="zeros", **given, **other)


def ends_in_zero():
    return chain(rectified(name="relu"), shape=(2, 3, 2))


def dead_backwards():
    down = keras.initializers.Constant(-50.0)
    back = layers.SimpleRNN(2, activation="relu", bias_initializer=down, go_backwards=True)
    alive = layers.SimpleRNN(2, activation="relu", kernel_initializer="ones")
    return chain(layers.Bidirectional(alive, backward_layer=back, name="both"))


def not_a_number():
    return chain(through(lambda x: x * float("nan"), "nan"), layers.LSTM(2, name="lstm"))


def huge_where_masked():
    return chain(layers.Masking(mask_value=1e6), layers.LSTM(2, name="lstm"), shape=(2, 3, 2))


def candidate_alone():
    """Hold the candidate at 1, and no gate."""
    high = tf.constant_initializer([0.0] * 4 + [30.0] * 2 + [0.0] * 2)

    class Bias(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None, **kwargs):
            return tf.reshape(tf.cast(high((8,)), tf.float32), shape)

        def get_config(self):
            return {}

    return chain(layers.LSTM(2, name="lstm", bias_initializer=Bias(), unit_forget_bias=False))


def stuck_above():
    stuck = layers.LSTM(
        2,
        name="stuck",
        bias_initializer=keras.initializers.Constant(20.0),
        unit_forget_bias=False,
    )
    return chain(layers.LSTM(2, name="free", return_sequences=True), stuck)
