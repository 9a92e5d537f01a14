"""Keras's own message without the decoration that Keras and TensorFlow put around it.

The decorations were seen in Keras 3.12 to 3.15 and tf_keras 2.16 to 2.21: the layer that was
being called and the arguments that it received, colour, the stack of the traced graph, the names
of nodes and of inference functions.
"""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_USER_CODE = re.compile(r"\Ain user code:.*^ +\w+(?:Error|Exception): ", re.DOTALL | re.MULTILINE)
_ARGUMENTS = re.compile(
    r"^\s*(?:Call arguments|Arguments) received by .*", re.DOTALL | re.MULTILINE
)
_DECORATION = re.compile(
    r'Exception encountered when calling |Graph execution error:|Detected at node |File "'
    r"|<stack traces unavailable>|Node: |\[\[|Stack trace for op definition"
)
_NODE = re.compile(
    r"\{\{function_node [^}]*\}\}\s*"  # before the message of an op: only this goes
    r"|\s*for '\{\{node [^']*'"  # in the middle of one
    r"|\s*(?:\[\[)?\{\{node .*"
    r"|\s*\[Op:[^\]]*\].*"
)


def plain_message(error: BaseException) -> str:
    """Return the text of an error in the words of Keras, without its type."""
    text = _ANSI.sub("", str(error))
    text = _ARGUMENTS.sub("", _USER_CODE.sub("", text))
    lines = (_NODE.sub("", line).strip() for line in text.splitlines())
    kept = [line for line in lines if line and not _DECORATION.match(line)]
    return "\n".join(kept) or type(error).__name__


def described(error: BaseException) -> str:
    """Return `Type: message`, the form that `raises` is matched with."""
    return f"{type(error).__name__}: {plain_message(error)}"
