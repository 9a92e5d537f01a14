"""A wheel that is installed elsewhere works outside the repository and carries the scenarios."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy of the sources, and install it into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True
    )
    if tracked.returncode:
        pytest.skip("not a git checkout: the sources cannot be told from what was built")
    for name in filter(None, tracked.stdout.decode().split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            target.symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_file():
            target.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source)],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)],
        check=True,
        capture_output=True,
    )
    return folder / "site"


def probe(site: Path, *words: str) -> subprocess.CompletedProcess:
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import lstm_state_probe as package\n"
        f"assert package.__file__.startswith({str(site)!r}), package.__file__\n"
        "from lstm_state_probe.__main__ import main\n"
        f"sys.argv[1:] = {list(words)!r}\nmain()"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=site.parent,
        env=os.environ,
    )


def test_the_wheel_lists_every_scenario_of_the_repository(installed: Path) -> None:
    done = probe(installed, "list", "--shipped")
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    assert listed == {path.stem for path in (ROOT / "scenarios").glob("*.yaml")}


def test_the_wheel_runs_a_shipped_scenario(installed: Path) -> None:
    done = probe(installed, "run", "--shipped", "stateful_lstm", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_wheel_carries_templates_types_and_the_licence(installed: Path) -> None:
    package = installed / "lstm_state_probe"
    assert {path.stem for path in (package / "cli" / "templates").glob("*.yaml")} >= {"lstm", "gru"}
    assert (package / "py.typed").is_file()
    assert list(installed.glob("lstm_state_probe-*.dist-info/licenses/LICENSE"))
