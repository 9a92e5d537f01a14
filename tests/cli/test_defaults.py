"""Defaults: the command line before the environment before `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lstm_state_probe.cli import COMMANDS, cli, run_command_line
from lstm_state_probe.cli.options.defaults import default_map, name_of, shared_names
from lstm_state_probe.errors import Complaint
from lstm_state_probe.host.project import ProjectError

BODY = "model: {batch_shape: [2, 3], layers: [Flatten]}\noperations: [reload]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in "abc":
        (tmp_path / "sub" / f"{name}.yaml").write_text(f"name: {name}\n{BODY}")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    return tmp_path


def table(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(
        f"[project]\nname = 'x'\n\n[tool.lstm-state-probe]\n{text}\n"
    )


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run_command_line(["list", *words]) == 0
    return "".join(line.partition("::")[2][0] for line in capsys.readouterr().out.splitlines())


def test_the_command_line_counts_before_the_environment_before_the_file(
    project, monkeypatch, capsys
) -> None:
    assert listed(capsys, "sub") == "abc"
    table(project, 'k = "a.yaml"')
    assert listed(capsys, "sub") == "a"
    monkeypatch.setenv("PROBE_K", "b.yaml")
    assert listed(capsys, "sub") == "b"
    assert listed(capsys, "sub", "-k", "c.yaml") == "c"


def test_paths_are_relative_to_the_file_and_give_way_to_those_of_the_words(
    project, monkeypatch, capsys
) -> None:
    table(project, 'paths = ["sub/a.yaml", "sub/b.yaml"]')
    assert listed(capsys) == "ab"
    assert listed(capsys, "sub/c.yaml") == "c"
    monkeypatch.chdir(project / "sub")
    assert listed(capsys) == "ab"
    assert run_command_line(["list", "--shipped"]) == 0
    assert "a.yaml" not in capsys.readouterr().out
    monkeypatch.setenv("PROBE_PATHS", "c.yaml")
    assert listed(capsys) == "c"


def test_a_text_stands_for_a_list_of_one_and_a_table_for_variables(project) -> None:
    table(
        project,
        'engine = "tf_keras"\nreport = ["a.json", "b.npz"]\nmax_fail = 3\ngates = true\n'
        '[tool.lstm-state-probe.var]\nunits = 4\nkind = "it\'s 4"\nslow = true',
    )
    run = default_map(COMMANDS, project)["run"]
    assert run == {
        "engines": ["tf_keras"],
        "reports": ["a.json", "b.npz"],
        "max_fail": "3",
        "gates": "true",
        "var": ["units=4", "kind='it''s 4'", "slow=true"],
    }
    assert "engine" not in default_map(COMMANDS, project)["source"], "its --engine is another"


def test_a_variable_of_the_file_need_not_be_used_one_of_the_words_must(project, capsys) -> None:
    table(project, "var = {units = 4}")
    assert listed(capsys, "sub") == "abc"
    assert run_command_line(["list", "sub", "--var", "units=4"]) == 2


WRONG = [
    ('engin = "keras3"', "pyproject.toml:5:1: error: unknown key 'engin'; allowed: "),
    ("quiet = true\nengin = 1", "pyproject.toml:6:1: error: unknown key 'engin'"),
    ('engine = "keras"', "pyproject.toml:5:1: error: engine: 'keras' is not one of"),
    ("max-fail = 0", "pyproject.toml:5:1: error: max-fail: 0 is not in the range x>=1"),
    ("units = [1, 2]", "pyproject.toml:5:1: error: units: expected one value, found a list"),
    ('timesteps = "fist"', "pyproject.toml:5:1: error: timesteps: 'fist' chooses no timestep"),
    ("help = true", "unknown key 'help'"),
    ("units = 1 2", "pyproject.toml:5:11: error: not valid TOML: "),
    ("[tool.lstm-state-probe.units]\na = 1", "error: units: expected one value, found a mapping"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[row[0][:25] for row in WRONG])
def test_what_is_wrong_in_the_table_is_told_with_its_place(text, said, project, capsys) -> None:
    table(project, text)
    assert run_command_line(["list", "sub"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "\n  " in err, "the line and a caret"


def test_the_nearest_key_is_named(project, capsys) -> None:
    table(project, "max_fial = 3")
    assert run_command_line(["run"]) == 2
    assert "did you mean 'max-fail'?" in capsys.readouterr().err


def test_a_table_further_up_counts_where_a_nearer_file_has_none(
    project, monkeypatch, capsys
) -> None:
    table(project, 'k = "a.yaml"')
    (project / "sub" / "pyproject.toml").write_text("[project]\nname = 'inner'\n")
    monkeypatch.chdir(project / "sub")
    assert listed(capsys, ".") == "a"


def test_every_option_has_a_variable_of_its_own_name() -> None:
    for command in COMMANDS:
        for option in (p for p in command.params if isinstance(p, click.Option)):
            name = name_of(option).upper().replace("-", "_")
            plain, mine = f"PROBE_{name}", f"PROBE_{command.name}_{name}".upper()
            assert option.envvar == (
                plain if option in shared_names(COMMANDS)[name_of(option)] else mine
            )
    assert {p.envvar for p in COMMANDS[0].params} >= {"PROBE_MAX_FAIL", "PROBE_LF", "PROBE_PATHS"}


def test_a_variable_that_means_something_else_elsewhere_has_the_command_in_its_name(
    monkeypatch,
) -> None:
    monkeypatch.setenv("PROBE_REPORT", "x.json y.npz")  # of `run`
    assert "draft-07" in CliRunner().invoke(cli, ["schema"]).output
    monkeypatch.setenv("PROBE_SCHEMA_REPORT", "1")
    assert "no_expectations" in CliRunner().invoke(cli, ["schema"]).output


def test_what_was_typed_is_not_at_odds_with_a_default(project, capsys, monkeypatch) -> None:
    table(project, "verbose = true\nledger = true")
    for words in (["-q"], ["--gates"], ["--calls", "all"]):
        assert run_command_line(["run", "sub", "--list", *words]) == 0
    monkeypatch.setenv("PROBE_QUIET", "1")
    assert run_command_line(["run", "sub", "--list"]) == 0
    assert run_command_line(["run", "sub", "--list", "-v", "-q"]) == 2
    assert "-v and -q exclude each other" in capsys.readouterr().err


TOML = ("true", "-1", "99999999999999999999", "1.5", "nan", "-inf", "''", "'a/b'", '"\\u0000"')
TOML += ("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "[]", "[[1]]", "[1979-05-27]", "{}")
TOML += ("{a = {b = 1}}", "[{a = 1}]")


@pytest.mark.parametrize("value", TOML)
def test_a_value_of_any_type_is_taken_or_told_at_its_line(value: str, project: Path) -> None:
    for name in shared_names(COMMANDS):
        table(project, f"{name} = {value}")
        told: tuple[Complaint, ...] = ()
        try:
            default_map(COMMANDS, project)
        except ProjectError as error:
            told = error.complaints
        assert all(complaint.line == 5 for complaint in told)


def test_a_date_is_no_text(project: Path) -> None:
    table(project, "k = 1979-05-27")
    with pytest.raises(ProjectError, match="k: expected one value, found the date 1979-05-27"):
        default_map(COMMANDS, project)
