"""`-k` and `--tag`: the language means what Python's own and, or, not mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_state_probe.errors import UsageError
from lstm_state_probe.suite.expressions import parse_expression

WORDS = ["a", "b", "c"]


def texts() -> st.SearchStrategy[str]:
    return st.recursive(
        st.sampled_from(WORDS),
        lambda inner: st.one_of(
            st.builds("not {}".format, inner),
            st.builds("({})".format, inner),
            st.builds("{} and {}".format, inner, inner),
            st.builds("{}  or {}".format, inner, inner),
        ),
        max_leaves=12,
    )


@given(text=texts(), true=st.sets(st.sampled_from(WORDS)))
def test_an_expression_means_what_it_means_to_python(text: str, true: set[str]) -> None:
    names = {word: word in true for word in WORDS}
    expected = eval(text, {"__builtins__": {}}, names)
    assert parse_expression(text, option="-k").holds(true.__contains__) is expected


@given(text=st.text("ab()'\"= not or and\t", max_size=30))
def test_any_text_is_an_expression_or_a_sentence_with_a_caret(text: str) -> None:
    try:
        parse_expression(text, option="-k").holds(lambda word: True)
    except UsageError as error:
        message, shown, caret = str(error).split("\n")
        assert message.startswith("-k: expected ")
        assert len(caret) <= len(shown) + 1


@pytest.mark.parametrize(
    ("text", "said", "column"),
    [
        ("lstm and", "expected a word, 'not' or '(', found the end", 8),
        ("(lstm or gru", "expected ')' for the '(' in column 1, found the end", 12),
        ("lstm andd gru", "found 'andd'; did you mean 'and'?", 5),
        ("lstm )", "expected 'and' or 'or', found ')'", 5),
        ("or", "expected a word, 'not' or '(', found 'or'", 0),
        ('lstm "big one"', "expected 'and' or 'or', found 'big one'", 5),
        ("(" * 101 + "a", "nested more than 100 levels deep", 100),
    ],
)
def test_a_mistake_is_shown_with_a_caret(text: str, said: str, column: int) -> None:
    with pytest.raises(UsageError) as caught:
        parse_expression(text, option="--tag")
    message, _, caret = str(caught.value).split("\n")
    assert said in message
    assert caret == f"  {' ' * column}^"


@pytest.mark.parametrize("text", ["'and'", '"not (x"', "units=4,stateful=true]", "a::b"])
def test_a_word_may_be_quoted_and_may_hold_signs(text: str) -> None:
    assert parse_expression(text, option="-k").words == (text.strip("'\""),)
