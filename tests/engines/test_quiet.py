"""What TensorFlow writes while it is imported is kept back, unless the import fails."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from lstm_state_probe.engines import ENGINES, load_engine
from lstm_state_probe.errors import EngineMissing, UsageError


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_what_is_written_to_the_descriptor_is_kept_back() -> None:
    done = run(
        """
        import os, sys
        from lstm_state_probe.engines.quiet import quiet_stderr
        with quiet_stderr():
            os.write(2, b"a line of C++\\n")
            print("a line of Python", file=sys.stderr)
        print("after", file=sys.stderr)
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "after\n")


def test_what_was_caught_is_shown_when_the_body_fails() -> None:
    done = run(
        """
        import os
        from lstm_state_probe.engines.quiet import quiet_stderr
        with quiet_stderr():
            os.write(2, b"libfoo.so is missing\\n")
            raise RuntimeError("cannot import")
        """
    )
    assert done.returncode == 1
    caught, _, traceback = done.stderr.partition("Traceback")
    assert caught == "libfoo.so is missing\n"
    assert traceback.endswith("RuntimeError: cannot import\n")


def test_it_does_no_harm_where_stderr_is_closed() -> None:
    done = subprocess.run(
        [
            "/bin/sh", "-c",
            f'"{sys.executable}" -c "from lstm_state_probe.engines.quiet import quiet_stderr\n'
            'with quiet_stderr():\n    print(1)\nprint(2)" 2>&-',
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1\n2\n")


@pytest.mark.parametrize("name", ENGINES)
def test_an_import_that_fails_shows_what_it_wrote(name: str) -> None:
    done = run(
        f"""
        import os, sys

        class Broken:
            def find_spec(self, name, path=None, target=None):
                if name == "tensorflow":
                    os.write(2, b"libcudart.so.99: cannot open\\\\n")
                    raise ImportError("DLL load failed")

        sys.meta_path.insert(0, Broken())
        from lstm_state_probe.engines import load_engine
        load_engine("{name}")
        """
    )
    assert done.returncode == 1
    assert "libcudart.so.99: cannot open" in done.stderr
    assert "ImportError: DLL load failed" in done.stderr


def test_a_package_that_is_not_whole_is_no_fault_of_the_probe() -> None:
    from lstm_state_probe.engines.quiet import importing
    from lstm_state_probe.errors import EngineMissing

    with (
        pytest.raises(EngineMissing, match=r"numpy is installed, but not whole: .*'tree'"),
        importing("numpy", "pip install it"),
    ):
        raise ModuleNotFoundError("No module named 'tree'", name="tree")


@pytest.mark.parametrize(
    ("name", "package", "command"),
    [
        ("tf_keras", "tf_keras", "pip install 'lstm-state-probe[tf_keras]'"),
        ("keras3", "keras", "pip install lstm-state-probe"),
        ("keras3", "tensorflow", "pip install lstm-state-probe"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    name: str, package: str, command: str
) -> None:
    done = run(
        f"""
        import sys

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "{package}":
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        sys.meta_path.insert(0, Missing())
        from lstm_state_probe.engines import load_engine
        from lstm_state_probe.errors import EngineMissing
        try:
            load_engine("{name}")
        except EngineMissing as missing:
            print(missing, missing.exit_code)
        """
    )
    assert done.stdout == f"{package} is not installed; install it with: {command} 2\n", done.stderr
    assert done.stderr == ""


def test_an_engine_of_another_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"allowed: keras3, tf_keras; did you mean 'keras3'\?"):
        load_engine("keras")
    assert issubclass(EngineMissing, Exception)
