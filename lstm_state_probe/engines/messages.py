"""Keras's own message without the decoration that Keras and TensorFlow put around it."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CALLING = re.compile(r"Exception encountered when calling .*?\n\n", re.DOTALL)
_ARGUMENTS = re.compile(r"\n+\s*(Arguments received by|Call arguments received by) .*", re.DOTALL)
_NODE = re.compile(r"\n?\s*\[\[\{\{node.*", re.DOTALL)
_OPERATION = re.compile(r"\s*\[Op:[^\]]*\].*", re.DOTALL)
_GRAPH = re.compile(r"Graph execution error:\s*", re.DOTALL)
_DETECTED = re.compile(r"^Detected at node .*?(?=^Node: )", re.DOTALL | re.MULTILINE)
_USER_CODE = re.compile(r'^in user code:\n.*\n\s+(?=\w+(Error|Exception)?: )', re.DOTALL)
_NODE_NAME = re.compile(r"^Node: .*\n", re.MULTILINE)
_DEFINED = re.compile(r"^Detected at node .*?(?:\n\n|\n(?=\S))", re.DOTALL)
_FRAMES = re.compile(r'^\s*File "[^"]*", line \d+.*\n?(?:\s{4,}.*\n?)?', re.MULTILINE)


def plain_message(error: BaseException) -> str:
    """Return the text of an error in the words of Keras, on few lines, without its type."""
    text = _ANSI.sub("", str(error)).strip()
    for pattern in (_USER_CODE, _CALLING, _ARGUMENTS):
        text = pattern.sub("", text)
    text = _DETECTED.sub("", _GRAPH.sub("", text))
    for pattern in (_NODE_NAME, _FRAMES, _NODE, _OPERATION):
        text = pattern.sub("", text)
    lines = [line.strip() for line in text.splitlines()]
    joined = "\n".join(line for line in lines if line)
    return joined or type(error).__name__


def described(error: BaseException) -> str:
    """Return `Type: message`, the form that `raises` is matched with."""
    return f"{type(error).__name__}: {plain_message(error)}"
