"""The README and the docs say what the program does: commands, output, scenarios are compared."""

import contextlib
import io
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from lstm_state_probe.cli import COMMANDS, run_command_line
from lstm_state_probe.scenario.read import read_scenarios

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OUTPUT = re.compile(r"<!-- output of: (.*?) -->\n```text\n(.*?)\n```", re.DOTALL)
FRACTION = re.compile(r"\d+\.\d+")
TIMES = re.compile(r"\d+\.\d+ s\b")


def shown_outputs() -> list[tuple[str, str, str]]:
    return [
        (page.name, command, block)
        for page in PAGES
        for command, block in OUTPUT.findall(page.read_text(encoding="utf-8"))
    ]


@cache
def real_output(command: str) -> str:
    """Run a command as the program does, here: a process each would import TensorFlow each time."""
    assert command.startswith("probe ")
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(ROOT)
        patch.setenv("COLUMNS", "80")
        patch.delenv("FORCE_COLOR", raising=False)
        run_command_line(shlex.split(command)[1:])
    return out.getvalue() + err.getvalue()


def masked(text: str) -> str:
    """Make times equal: they differ from run to run."""
    lines = (TIMES.sub("0.00 s", line).rstrip() for line in text.splitlines())
    return "\n".join(lines)


def same(shown: str, real: str) -> bool:
    """Find a text in another; decimal fractions may differ as two processors do, by 1 in 1000."""
    at = FRACTION.sub("#", real).find(FRACTION.sub("#", shown))
    before = FRACTION.sub("#", real)[: max(at, 0)].count("#")
    numbers = FRACTION.findall(shown)
    found = FRACTION.findall(real)[before : before + len(numbers)]
    close = (
        abs(float(a) - float(b)) <= 1e-3 * abs(float(b))
        for a, b in zip(numbers, found, strict=True)
    )
    return at >= 0 and len(found) == len(numbers) and all(close)


@pytest.mark.parametrize(
    ("page", "command", "block"), shown_outputs(), ids=lambda value: str(value)[:40]
)
def test_output_that_a_page_shows_is_the_real_one(page: str, command: str, block: str) -> None:
    real = masked(real_output(command))
    for part in masked(block).split("\n…\n"):
        assert same(part, real), f"{command} shows:\n{real}"


def yaml_blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        blocks = re.findall(r"```yaml\n(.*?)\n```", page.read_text(encoding="utf-8"), re.DOTALL)
        found += [(page.name, block) for block in blocks if re.search(r"^operations:", block, re.M)]
    return found


@pytest.mark.parametrize(("page", "block"), yaml_blocks(), ids=lambda value: str(value)[:30])
def test_every_whole_scenario_that_a_page_shows_is_valid(
    page: str, block: str, tmp_path: Path
) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(block, encoding="utf-8")
    assert read_scenarios(path)


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`probe {command.name}" in text


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_ci_runs_the_commands_of_the_readme_as_they_stand() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("main", "tests"):
        assert f"command_of_readme {name}" in script
        assert f"<!-- command: {name} -->\n```sh\n" in readme
