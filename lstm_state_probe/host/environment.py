"""What a report was made with."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from lstm_state_probe.engines import Engine
from lstm_state_probe.version import __version__

_TENSORFLOW = ("tensorflow", "tensorflow_cpu", "tensorflow-intel", "tf_nightly")
_COMPARED = ("keras", "tf_keras", "numpy")


@lru_cache(maxsize=1)
def installed() -> dict[str, str]:
    """Return the versions that must agree where a scenario travels; nothing is imported for it."""
    major, minor, _ = platform.python_version_tuple()
    found = {"lstm_state_probe": __version__, "Python": f"{major}.{minor}"}
    names = {"tensorflow": _TENSORFLOW} | {package: (package,) for package in _COMPARED}
    for name, packages in names.items():
        versions = [v for package in packages if (v := _version(package)) is not None]
        if versions:
            found[name] = versions[0]
    return found


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def without_tensorflow() -> dict[str, object]:
    """Return what can be told where nothing was carried out and TensorFlow was not imported."""
    found: dict[str, object] = {"tensorflow": "not installed", "numpy": "not installed"}
    return {
        **found,
        **{name: version for name, version in installed().items() if name != "Python"},
        "python": platform.python_version(),
        "platform": _platform(),
        "devices": [],
    }


def _platform() -> str:
    return f"{platform.system()} {platform.machine()}"


def environment(engines: Sequence[Engine]) -> dict[str, object]:
    """Return versions, platform and devices; one entry for each engine that is loaded."""
    import numpy as np
    import tensorflow as tf

    found: dict[str, object] = {
        "lstm_state_probe": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "platform": _platform(),
        "devices": [device.device_type for device in tf.config.list_physical_devices()],
    }
    found.update({engine.package: engine.version() for engine in engines})
    return found
