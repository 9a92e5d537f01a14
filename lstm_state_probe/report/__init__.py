"""The report: plain data, then one writer a file."""

from __future__ import annotations

WRITERS: dict[str, str] = {
    ".json": "lstm_state_probe.report.json.writer:write",
    ".junit.xml": "lstm_state_probe.report.junit:write",
    ".md": "lstm_state_probe.report.markdown:write",
    ".html": "lstm_state_probe.report.html.page:write",
    ".tap": "lstm_state_probe.report.tap:write",
    ".npz": "lstm_state_probe.report.arrays:write",
}
"""Suffix of a report's path to 'module:function'; the function takes a SuiteReport."""

FORMATS: dict[str, str] = {
    "table": "lstm_state_probe.report.terminal.tables:Tables",
    "json": "lstm_state_probe.report.json.writer:Json",
    "github": "lstm_state_probe.report.github:Github",
}
"""What stdout can show, to 'module:class' of a `Shown`."""
