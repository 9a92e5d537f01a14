"""The little language of `-k` and `--tag`: words with and, or, not and parentheses.

    expression: term ("or" term)*
    term:       factor ("and" factor)*
    factor:     "not" factor | "(" expression ")" | word

A word ends at a blank or a parenthesis; one with blanks in it stands in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lstm_state_probe.errors import UsageError, nearest

Matches = Callable[[str], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()]+))"""
)
_KEYWORDS = ("and", "or", "not")
_END = "the end"
_DEEPEST = 100


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its text, its words, and whether it holds for what words match."""

    text: str
    words: tuple[str, ...]
    holds: Callable[[Matches], bool]


@dataclass(frozen=True)
class _Token:
    kind: str  # a keyword, a parenthesis, 'word', or the end
    text: str
    column: int


def parse_expression(text: str, *, option: str) -> Expression:
    """Read an expression; `option` is named where it is wrong.

    Raises:
        UsageError: with the expression and a caret below what is wrong.
    """
    parser = _Parser(text, option, list(_tokens(text)))
    holds = parser.any_of()
    if parser.token.kind != _END:
        parser.fail("expected 'and' or 'or'")
    return Expression(text, tuple(parser.words), holds)


def _tokens(text: str) -> Iterator[_Token]:
    end = 0
    while match := _TOKEN.match(text, end):
        end = match.end()
        kind = str(match.lastgroup)
        word = match[kind]
        plain = kind == "paren" or (kind == "bare" and word in _KEYWORDS)
        yield _Token(word if plain else "word", word, match.start(kind) - (kind in _QUOTED))
    yield _Token(_END, _END, len(text))


_QUOTED = ("double", "single")


@dataclass
class _Parser:
    text: str
    option: str
    tokens: list[_Token]
    words: list[str] = field(default_factory=list)
    next: int = 0
    depth: int = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def accept(self, kind: str) -> bool:
        found = self.token.kind == kind
        self.next += found
        return found

    def any_of(self) -> Callable[[Matches], bool]:
        parts = [self.all_of()]
        while self.accept("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda m: any(part(m) for part in parts)

    def all_of(self) -> Callable[[Matches], bool]:
        parts = [self.factor()]
        while self.accept("and"):
            parts.append(self.factor())
        return parts[0] if len(parts) == 1 else lambda m: all(part(m) for part in parts)

    def factor(self) -> Callable[[Matches], bool]:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"nested more than {_DEEPEST} levels deep")
        found = self.negated() if self.accept("not") else self.operand()
        self.depth -= 1
        return found

    def negated(self) -> Callable[[Matches], bool]:
        inner = self.factor()
        return lambda matches: not inner(matches)

    def operand(self) -> Callable[[Matches], bool]:
        opened = self.token
        if self.accept("("):
            inner = self.any_of()
            if not self.accept(")"):
                self.fail(f"expected ')' for the '(' in column {opened.column + 1}")
            return inner
        if self.token.kind != "word":
            self.fail("expected a word, 'not' or '('")
        word = self.token.text
        self.next += 1
        self.words.append(word)
        return lambda matches: matches(word)

    def fail(self, expected: str) -> None:
        token = self.token
        found = _END if token.kind == _END else repr(token.text)
        near = nearest(token.text.lower(), _KEYWORDS) if token.kind == "word" else ""
        shown = "".join(char if char.isprintable() else " " for char in self.text)
        raise UsageError(
            f"{self.option}: {expected}, found {found}{near}\n  {shown}\n  {' ' * token.column}^"
        )
