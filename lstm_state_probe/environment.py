"""What a report was made with."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from lstm_state_probe import __version__
from lstm_state_probe.engines import Engine


def environment(engines: Sequence[Engine]) -> dict[str, object]:
    """Return versions, platform and devices; one entry for each engine that is loaded."""
    import numpy as np
    import tensorflow as tf

    found: dict[str, object] = {
        "lstm_state_probe": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "devices": [device.device_type for device in tf.config.list_physical_devices()],
    }
    found.update({engine.package: engine.version() for engine in engines})
    return found
