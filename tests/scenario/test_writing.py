"""The one writer of scenario YAML: whatever it writes is read back as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lstm_state_probe.scenario.text.document import parse_documents
from lstm_state_probe.scenario.text.filling import fill
from lstm_state_probe.scenario.text.template import Template
from lstm_state_probe.scenario.text.writing import as_text, inline

AWKWARD = (
    *("m_${x}.keras", "$${x}", "$$$", "a: b", "# no", "[x"),
    *("*/h", "on", "1e-3", "null", "{", "'", "a\nb", "012"),
)
TEXTS = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


def read_back(text: str) -> Any:
    """Read YAML as a scenario is read, variables filled in."""
    (document,), complaints = parse_documents(text, file="x")
    assert not complaints, complaints
    return fill(Template.of(document), {}).data


@given(TEXTS)
def test_a_text_in_a_line_is_read_back(value: str) -> None:
    assert "\n" not in inline(value)
    lines = f"a: {inline(value)}  # a comment\nb: {{c: {inline(value)}, d: [{inline(value)}]}}\n"
    assert read_back(lines) == {"a": value, "b": {"c": value, "d": [value]}}


@given(st.text(st.characters(categories=["L", "Nd"], include_characters="${}*/: "), min_size=1))
def test_a_key_is_read_back(key: str) -> None:
    assert read_back(f"{inline(key)}: {inline({key: 1})}\n") == {key: {key: 1}}


@given(TEXTS)
def test_a_text_in_a_whole_scenario_is_read_back(value: str) -> None:
    assert read_back(as_text({"a": value, "b": [value, {"c": value}]})) == {
        "a": value,
        "b": [value, {"c": value}],
    }
