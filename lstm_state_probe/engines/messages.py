"""Keras's own message without the decoration that Keras and TensorFlow put around it.

The decorations were seen in Keras 3.12 to 3.15 and tf_keras 2.16 to 2.21: the layer that was
being called and the arguments that it received, colour, the stack of the traced graph, the names
of nodes and of inference functions. What is a fact in it stands below the message: the layer by its
name (Keras 3 tells its class alone), the node of a graph, and what this TensorFlow cannot do.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from typing import Any

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


_DETECTED = re.compile(r"Detected at node '?([^\s']+)")
_LIMITS = {
    r"(?s)(?=.*\bND?HWC\b)(?=.*\bCPU\b)": "this TensorFlow, on this processor, cannot compute"
    " channels_first (others can: with oneDNN, or on a GPU)",
    r"No OpKernel was registered|Could not find compatible kernel": "this TensorFlow has no kernel"
    " for it on this machine (others may: another build, or a GPU)",
}
"""What a build of TensorFlow or a processor cannot do, by its words (TensorFlow 2.16 to 2.21)."""


def plain_message(error: BaseException) -> str:
    """Return the text of an error in the words of Keras, without its type."""
    text = _ANSI.sub("", str(error))
    text = _ARGUMENTS.sub("", _USER_CODE.sub("", text))
    lines = (_NODE.sub("", line).strip() for line in text.splitlines())
    kept = [line for line in lines if line and not _DECORATION.match(line)]
    return "\n".join(kept) or type(error).__name__


def whole_message(error: BaseException) -> str:
    """Return the text of an error in the words of Keras, and below it the facts beside them."""
    text = plain_message(error)
    return "\n".join([text, *filter(None, (_place(error, text), limit(error)))])


def described(error: BaseException) -> str:
    """Return `Type: message`, the form that `raises` is matched with."""
    return f"{type(error).__name__}: {whole_message(error)}"


def limit(error: BaseException) -> str:
    """Say what this TensorFlow, on this machine, cannot compute; '' where that is not the trouble.

    Another build, or another processor, may run the very same model.
    """
    text = str(error)
    return next((words for pattern, words in _LIMITS.items() if re.search(pattern, text)), "")


def _place(error: BaseException, text: str) -> str:
    """Say in which layer it was raised, or in which node of a graph; '' where nothing tells."""
    layers = next(filter(None, map(_layers, _chain(error))), [])
    if layers and not any(re.search(rf"['\"]{re.escape(name)}['\"]", text) for name, _ in layers):
        return f"in the layer {', '.join(f'{name!r} ({kind})' for name, kind in layers)}"
    node = None if layers else _DETECTED.search(str(error))
    return f"in the node {node[1]!r} of the graph" if node else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that Keras raised it for: it cuts its own frames from the last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _layers(error: BaseException) -> list[tuple[str, str]]:
    """Name the layers, and not the models, whose methods were running, the outermost first."""
    owners = (frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__))
    layers: list[Any] = [owner for owner in owners if _is_layer(owner)]
    return list({id(layer): (str(layer.name), type(layer).__name__) for layer in layers}.values())


def _is_layer(owner: Any) -> bool:
    inside = getattr(type(owner), "_flatten_layers", None) is not None
    # a layer whose making raised has no name yet (Keras 3.15)
    return inside and not hasattr(type(owner), "fit") and hasattr(owner, "name")
