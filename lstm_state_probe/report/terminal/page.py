"""The page that the tables are written on: text made safe, styles, symbols, folding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.words.symbols import ASCII, SYMBOLS
from lstm_state_probe.safe import encodable, one_line

Part = str | tuple[str, str]
"""Text, or text and the name of its style."""

STYLES: Mapping[str, str] = {
    "heading": "bold",
    "label": "cyan",
    "faint": "dim",
    "bad": "bold red",
    "good": "green",
    "unsure": "yellow",
}
TONES: Mapping[str, str] = {
    "passed": "good",
    "failed": "bad",
    "error": "bad",
    "no expectations": "unsure",
}
"""Status to the name of its style."""


class Page:
    """A console and what a user chose; nothing that is written here is cut or interpreted."""

    def __init__(self, console: Console, options: ShowOptions) -> None:
        self.console = console
        self.options = options
        self.unicode = _can_write("".join(SYMBOLS.values()), console.encoding)
        self.styled = console.color_system is not None and not console.no_color
        self.symbols = SYMBOLS if self.unicode else ASCII

    @property
    def width(self) -> int:
        """The columns of the terminal, or of what stands for it."""
        return max(1, self.console.width)

    def style(self, name: str) -> str:
        """Return a style of Rich's; none at all without colour: NO_COLOR is no escape."""
        return STYLES.get(name, "") if self.styled else ""

    def text(self, *parts: Part) -> Text:
        """Put parts into one line; control characters, line ends included, are made visible."""
        text = Text(overflow="fold")
        for part in parts:
            content, style = (part, "") if isinstance(part, str) else part
            text.append(self.visible(content), self.style(style) or None)
        return text

    def visible(self, text: str) -> str:
        r"""Write on one line, what is not printable or not in the encoding as an escape."""
        return encodable(one_line(text), self.console.encoding)

    def say(self, *parts: Part, indent: int = 0, hang: int = 0) -> None:
        """Write one line, folded where the page is narrower; later lines hang further in."""
        if indent + hang > self.width // 3:
            indent = hang = 0
        lines = self.text(*parts).wrap(self.console, self.width - indent - hang, overflow="fold")
        for k, line in enumerate(lines):
            line.rstrip()
            self.console.print(Text(" " * (indent + hang * (k > 0))) + line, soft_wrap=True)

    def table(self, table: Table, *, indent: int = 0) -> None:
        """Write a table without the blanks that Rich fills its last column with."""
        written: list[Segment] = []
        options = self.console.options.update(width=max(1, self.width - indent))
        for line in self.console.render_lines(table, options, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            written += [Segment(" " * indent)] if indent and line else []
            written += line[:-1]
            written += [Segment(part.text.rstrip(), part.style) for part in line[-1:]]
            written.append(Segment.line())
        self.console.print(Segments(written), crop=False, end="")

    def lines(self, lines: Sequence[Text]) -> None:
        """Write lines all at once, which is faster; what is wider than the page is folded."""
        whole = [
            part
            for line in lines
            for part in ([line] if len(line) <= self.width else self._folded(line))
        ]
        for line in whole:
            line.rstrip()
        if whole:
            self.console.print(Text("\n").join(whole), soft_wrap=True)

    def _folded(self, line: Text) -> Sequence[Text]:
        return list(line.wrap(self.console, self.width, overflow="fold"))

    def block(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """Write text of several lines, each folded by itself."""
        for line in text.expandtabs(4).splitlines():
            self.say((line, style), indent=indent)

    def as_is(self, text: str, style: str = "") -> None:
        """Write lines that a program or a caret relies on: the terminal folds them, not we."""
        for line in text.expandtabs(4).splitlines():
            self.console.print(self.text((line, style)), soft_wrap=True)

    def line(self) -> None:
        """Leave a line empty."""
        self.console.print()


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
