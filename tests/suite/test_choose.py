"""What is left of what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_state_probe.errors import UsageError
from lstm_state_probe.suite.choose import Choice, choose, key_of
from lstm_state_probe.suite.expressions import parse_expression
from lstm_state_probe.suite.last_run import Entry, LastRun
from lstm_state_probe.suite.run import Selection, find_files, select
from lstm_state_probe.suite.shards import Shard

BODY = "model: {batch_shape: [2, 3], layers: [Flatten]}\noperations: [reload]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name, tags in (("LSTM big", "[slow, lstm]"), ("lstm", "[lstm]"), ("gru", "[]")):
        text = f"name: {name}\ntags: {tags}\n{BODY}"
        (tmp_path / "sub" / f"{name.replace(' ', '_')}.yaml").write_text(text)
    return tmp_path


def chosen(**choice: object) -> list[str]:
    parsed = {
        name: parse_expression(value, option=name) if isinstance(value, str) else value
        for name, value in choice.items()
    }
    return [s.name for s in select(["sub"], choice=Choice(**parsed)).scenarios]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("lstm", ["LSTM big", "lstm"]),
        ("LSTM and not big", ["lstm"]),
        ("big or gru", ["LSTM big", "gru"]),
        ("'lstm big'", ["LSTM big"]),
        ("sub/gru.yaml::", ["gru"]),
        ("not (lstm or gru)", []),
    ],
)
def test_k_looks_for_words_in_the_id_in_any_case(text: str, names: list[str], folder) -> None:
    assert chosen(keyword=text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [("lstm", ["LSTM big", "lstm"]), ("not slow", ["gru", "lstm"]), ("LSTM", []), ("lst", [])],
)
def test_tag_is_a_whole_tag(text: str, names: list[str], folder) -> None:
    assert sorted(chosen(tag=text)) == sorted(names)


def selection(**choice: object) -> Selection:
    return select(["sub"], choice=Choice(**choice))  # type: ignore[arg-type]


def test_each_narrows_what_the_one_before_left(folder) -> None:
    lstm, tag = parse_expression("lstm", option="-k"), parse_expression("slow", option="--tag")
    assert len(selection(keyword=lstm, tag=tag).scenarios) == 1
    assert selection(keyword=lstm, tag=tag, shard=Shard(2, 2)).nothing == (
        "--shard 2/2 selects none of 1 scenario"
    )
    none = parse_expression("nix", option="-k")
    assert selection(keyword=none).nothing == "-k 'nix' selects none of 3 scenarios"
    none = parse_expression("nix", option="--tag")
    assert selection(keyword=lstm, tag=none).nothing == "--tag 'nix' selects none of 2 scenarios"


def test_shards_are_the_whole_whatever_failed_last_and_however_paths_are_ordered(folder) -> None:
    names = [f"sub/{p.name}" for p in sorted((folder / "sub").iterdir())]
    parts = [selection(shard=Shard(i, 2)).scenarios for i in (1, 2)]
    assert sorted(s.name for part in parts for s in part) == ["LSTM big", "gru", "lstm"]
    turned = [
        {s.id for s in select(names[::-1], choice=Choice(shard=Shard(i, 2))).scenarios}
        for i in (1, 2)
    ]
    assert turned == [{s.id for s in part} for part in parts]


def test_lf_keeps_what_failed_and_everything_where_that_is_nothing(folder) -> None:
    found = select(["sub"]).scenarios
    entries = {key_of(s, LastRun(folder)): Entry("passed") for s in found}
    last = LastRun(folder, {**entries, ("sub/gru.yaml::gru", "keras3"): Entry("error")})
    assert [s.name for s in choose(found, Choice(last_failed=True), last).scenarios] == ["gru"]
    for remembered, said in (
        (
            LastRun(folder, entries),
            "--lf: none of these failed last time; all 3 scenarios selected",
        ),
        (LastRun(folder), "--lf: no run is remembered; all 3 scenarios selected"),
    ):
        everything = choose(found, Choice(last_failed=True), remembered)
        assert everything.scenarios == found
        assert everything.notes == (said,)


def test_a_scenario_on_two_engines_is_two(folder) -> None:
    found = select(["sub"], ["keras3", "tf_keras"]).scenarios
    assert len(found) == 6
    last = LastRun(folder, {("sub/gru.yaml::gru", "tf_keras"): Entry("failed")})
    (left,) = choose(found, Choice(last_failed=True), last).scenarios
    assert left.engine == "tf_keras"


def test_ids_are_relative_to_the_current_folder(folder, monkeypatch) -> None:
    wanted = {"sub/gru.yaml::gru", "sub/lstm.yaml::lstm", "sub/LSTM_big.yaml::LSTM big"}
    for path in ("sub", "./sub", str(folder / "sub"), "sub/../sub"):
        assert {s.id for s in select([path]).scenarios} == wanted
    monkeypatch.chdir(folder / "sub")
    assert {s.id for s in select(["."]).scenarios} == {i.removeprefix("sub/") for i in wanted}
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert {s.id for s in select(["../sub"]).scenarios} == {f"../{i}" for i in wanted}


def test_a_shipped_scenario_is_named_by_the_package(folder) -> None:
    from lstm_state_probe.shipped import shipped_paths

    (found,) = select(shipped_paths(["stateful_lstm"])).scenarios
    assert found.id.startswith("lstm_state_probe/shipped/stateful_lstm.yaml::")


def test_a_file_that_is_named_twice_or_in_two_ways_is_read_once(folder) -> None:
    paths = ["sub", "sub/gru.yaml", "./sub/gru.yaml", str(folder / "sub" / "gru.yaml")]
    assert len(find_files(paths)) == 3


def test_a_variable_of_the_command_line_that_no_scenario_uses_is_refused(folder) -> None:
    with pytest.raises(UsageError, match=r"--var uints: .*they use no variable"):
        select(["sub"], variables={"uints": 1}, must_use=["uints"])
    (folder / "sub" / "v.yaml").write_text("vars: {units: 1}\ndescription: ${units} units\n" + BODY)
    with pytest.raises(UsageError, match=r"no scenario uses \$\{uints\}; did you mean 'units'"):
        select(["sub"], variables={"uints": 1}, must_use=["uints"])
    assert len(select(["sub"], variables={"units": 1}, must_use=["units"]).scenarios) == 4
    assert len(select(["sub"], variables={"uints": 1}).scenarios) == 4
