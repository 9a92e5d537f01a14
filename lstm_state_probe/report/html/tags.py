"""HTML as text: whatever is not made here is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from lstm_state_probe.safe import printable

Part = str | Iterable[str]


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *parts: Part, **attributes: str) -> Html:
    """Make an element; `class_` loses its underscore, empty attributes are left out."""
    written = "".join(
        f' {key.rstrip("_")}="{escape(printable(value))}"'
        for key, value in attributes.items()
        if value
    )
    return Html(f"<{name}{written}>{joined(*parts)}</{name}>")


def joined(*parts: Part) -> Html:
    """Put parts one after the other."""
    texts = (text for part in parts for text in ([part] if isinstance(part, str) else part))
    return Html("".join(t if isinstance(t, Html) else escape(printable(t)) for t in texts))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], **attributes: str) -> Html:
    """Make a table of rows of cells."""
    body = (tag("tr", (tag("td", cell) for cell in row)) for row in rows)
    head = tag("tr", (tag("th", text, scope="col") for text in heads))
    return tag(
        "div", tag("table", tag("thead", head), tag("tbody", body)), class_="wide", **attributes
    )
