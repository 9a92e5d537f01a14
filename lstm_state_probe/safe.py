r"""Text from outside, made harmless: names, labels, messages of Keras, what a file says.

Whatever a scenario, a model, a report or a file is called may hold an escape that a terminal obeys,
a NUL that no XML may hold, a line end that makes a second line of a name, or the beginning of a
command that a runner of GitHub's obeys. Every writer, and whatever prints, goes through here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, TextIO

_COMMAND = re.compile(r"(?:^|(?<=\r))([^\S\r\n]*:):|(##)\[", re.M)
"""What the runner reads as a command: `::` where a line begins, and `##[` wherever it stands
(actions/runner 2.3: `ActionCommand.TryParseV2` trims the line, `TryParse` searches it)."""


def printable(text: str) -> str:
    r"""Write what is not printable as an escape, `\x1b`; line ends stay, no line is a command."""
    return uncommanding(_escaped(text, "\n", _escape))


def one_line(text: str) -> str:
    r"""Write a name on one line: a line end in it is an escape too, `\n`."""
    return uncommanding(_escaped(text, "", _escape))


def uncommanding(text: str) -> str:
    r"""Break what a runner of GitHub's would obey: `:\x3aerror`, `##\x5berror]`."""
    return _broken(text) if "::" in text or "##[" in text else text


def within_json(text: str, encoding: str | None = "utf-8") -> str:
    r"""Write a JSON document so that its characters are harmless; what it says stays the same.

    Half of a surrogate pair, which comes from a file name that is not UTF-8, is no text that
    another reader of JSON takes: that alone becomes the text `\udcff`.
    """
    safe = _escaped(text, "\n", _json_escape).replace("##[", "##\\u005b")
    if encodable(safe, encoding) == safe:
        return safe
    return "".join(c if encodable(c, encoding) == c else _json_escape(c) for c in safe)


def encodable(text: str, encoding: str | None) -> str:
    r"""Write what an encoding has not as an escape: `\u2713`."""
    name = encoding or "ascii"
    return text.encode(name, "backslashreplace").decode(name)


class Guarded:
    r"""A stream on which no line is a command, however a text was folded or cut into pieces.

    What goes to `plain` is not looked at: that is for the commands that the probe means.
    """

    def __init__(self, plain: TextIO) -> None:
        self.plain = plain
        self._line = ""

    def write(self, text: str) -> int:
        """Write text; the line that is not ended yet is remembered."""
        whole = self._line + text
        done = uncommanding(self._line)
        self.plain.write(uncommanding(whole)[len(done) :])
        self._line = whole[max(whole.rfind("\n"), whole.rfind("\r")) + 1 :]
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


def plain(stream: Any) -> Any:
    """Return the stream below a guard."""
    return stream.plain if isinstance(stream, Guarded) else stream


def say(text: str = "", *, err: bool = False, end: str = "\n") -> None:
    """Print text that may come from outside, in whatever encoding there is; nowhere, if closed."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        words = encodable(printable(text), getattr(stream, "encoding", None))
        stream.write(words + end)
        stream.flush()


def say_json(text: str, *, end: str = "\n") -> None:
    """Print a JSON document; what the encoding has not is an escape of JSON's."""
    if sys.stdout is not None:
        say_plainly(within_json(text, sys.stdout.encoding) + end)


def say_plainly(text: str) -> None:
    """Print what was made here, past a guard."""
    below = plain(sys.stdout)
    below.write(text)
    below.flush()


def command(line: str, stream: Any) -> None:
    """Print a line that the runner shall obey; what is in it from outside was made harmless."""
    below = plain(stream)
    below.write(encodable(_escaped(line, "", _escape), getattr(below, "encoding", None)) + "\n")


def _broken(text: str) -> str:
    return _COMMAND.sub(lambda m: f"{m[1]}\\x3a" if m[1] else f"{m[2]}\\x5b", text)


def _escaped(text: str, kept: str, escape: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    others = {ord(char): escape(char) for char in set(text) if not _shows(char, kept)}
    return text.translate(others)


def _shows(char: str, kept: str) -> bool:
    return char.isprintable() or char in kept


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _json_escape(char: str) -> str:
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[k] << 8 | units[k + 1]:04x}" for k in range(0, len(units), 2))
