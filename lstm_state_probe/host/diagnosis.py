"""What an installation can do, and how to get what is missing."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from lstm_state_probe.engines import ENGINES, load_engine
from lstm_state_probe.errors import EngineMissing
from lstm_state_probe.version import __version__

SUPPORTED = ((2, 16), (2, 21))
EXTRAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tf_keras": ("Keras 2, the other engine", ("tf_keras",)),
    "cluster": ("--cluster: scenarios on a Dask cluster", ("distributed",)),
    "xarray": ("recording.to_xarray()", ("xarray",)),
    "tensorboard": ("StateRecorder(log_dir=…)", ("tensorboard",)),
}
"""Extra to what it is for and the packages that it brings."""
LIBRARIES = ("tensorflow", "numpy", "click", "rich", "pydantic", "pyyaml")


@dataclass(frozen=True)
class Finding:
    """One thing about the installation; not `good` where something is missing."""

    subject: str
    text: str
    good: bool = True


def diagnose() -> list[Finding]:
    """Look at everything; an engine that is missing is a finding, not an error."""
    return [
        Finding("lstm-state-probe", __version__),
        Finding(
            "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
        ),
        *_libraries(),
        *_engines(),
        *_devices(),
        *_extras(),
    ]


def _libraries() -> Iterator[Finding]:
    for name in LIBRARIES:
        found = _version(name)
        if found is None:
            yield Finding(name, "not installed; pip install lstm-state-probe", good=False)
        elif name == "tensorflow" and not _supported(found):
            low, high = (".".join(map(str, bound)) for bound in SUPPORTED)
            yield Finding(name, f"{found}, outside the tested range {low} to {high}", good=False)
        else:
            yield Finding(name, found)


def _supported(found: str) -> bool:
    major, minor = (int(part) for part in found.split(".")[:2])
    return SUPPORTED[0] <= (major, minor) <= SUPPORTED[1]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _engines() -> Iterator[Finding]:
    for name in ENGINES:
        try:
            engine = load_engine(name)
        except EngineMissing as error:
            yield Finding(f"engine {name}", str(error), good=False)
            continue
        apis = ", ".join(f"{owner}: {names}" for owner, names in engine.reset_apis().items())
        yield Finding(
            f"engine {name}", f"{engine.package} {engine.version()}; reset API of a {apis}"
        )


def _devices() -> Iterator[Finding]:
    if _version("tensorflow") is None:
        return
    import tensorflow as tf

    devices = [device.name.partition(":")[2] for device in tf.config.list_physical_devices()]
    gpu = any("GPU" in device for device in devices)
    yield Finding(
        "devices", ", ".join(devices) + ("" if gpu else " (no GPU: the cuDNN kernels are not used)")
    )


def _extras() -> Iterator[Finding]:
    for extra, (purpose, packages) in EXTRAS.items():
        missing = [package for package in packages if _version(package) is None]
        how = f"missing {', '.join(missing)}; pip install 'lstm-state-probe[{extra}]'"
        state = how if missing else "installed"
        yield Finding(f"extra {extra}", f"{state}; for {purpose}", good=not missing)
