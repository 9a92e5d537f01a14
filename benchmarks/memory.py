"""Peak memory with the recorder against the bare operation, each in a process of its own.

    python benchmarks/memory.py

Goal: within 1.5 times the bare operation plus the budget of the recording (256 MiB).
"""

from __future__ import annotations

import resource
import subprocess
import sys

CASES = {
    "predict, 100,000 timesteps x 8 units": (1, 100_000, 4, 8, "predict", 1),
    "fit, 200 batches of (32, 100) x 64 units": (32, 100, 16, 64, "fit", 200),
}
BUDGET = 256


def child(name: str, recorded: bool) -> None:
    """Do one operation and print the peak of this process in MiB."""
    import numpy as np

    from lstm_state_probe.engines import load_engine
    from lstm_state_probe.recording.origin import Origins
    from lstm_state_probe.recording.plan import Plan
    from lstm_state_probe.recording.recorder import Recorder

    batch, timesteps, features, units, operation, batches = CASES[name]
    engine = load_engine("keras3")
    keras = engine.keras
    layers = [keras.layers.LSTM(units), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(batch, timesteps, features)), *layers])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch * batches, timesteps, features)).astype("float32")
    recorder = None
    if recorded:
        recorder = Recorder.attach(engine, model, Origins(), plan=Plan(gates=True))
    if operation == "fit":
        model.fit(x, np.zeros((len(x), 1)), batch_size=batch, verbose=0, shuffle=False)
    else:
        model.predict(x, batch_size=batch, verbose=0)
    if recorder is not None:
        calls, _ = recorder.take()
        assert len(calls) == batches
        assert all(len(call.kept) == timesteps for call in calls)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peak(name: str, how: str) -> float:
    """Run a child process and return its peak in MiB."""
    words = [sys.executable, __file__, name, how]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Compare the peaks of each case."""
    if len(sys.argv) == 3:
        child(sys.argv[1], sys.argv[2] == "recorded")
        return
    for name in CASES:
        bare, recorded = peak(name, "bare"), peak(name, "recorded")
        allowed = 1.5 * bare + BUDGET
        print(
            f"{name}: {bare:.0f} MiB bare, {recorded:.0f} recorded, {allowed:.0f} allowed",
            flush=True,
        )


if __name__ == "__main__":
    main()
