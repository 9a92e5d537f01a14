"""Functions in a saved model that Python compiled, which only the same Python can run."""

from __future__ import annotations

import base64
import dis
import marshal
import sys
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.saved.saved_json import mappings

_KEYS = ("function", "mask", "output_shape")


def refuse_foreign_code(config: Any, name: str) -> None:
    """Refuse functions of another Python; run by this one they would end the process, or lie.

    The code is unmarshalled for that, which may be done only where code may run.

    Raises:
        ModelError: with the layer, and what to do.
    """
    for layer in mappings(config):
        for key, code in _functions(layer):
            if not _is_ours(code):
                inner = layer["config"].get("name", layer["class_name"])
                ours = ".".join(map(str, sys.version_info[:2]))
                raise ModelError(
                    f"{name}: the {key} of the layer {inner!r} ({layer['class_name']}) is bytecode"
                    f" of another Python than this {ours}; load the model with the Python that"
                    " saved it, and save it with the function in a file of its own, registered by"
                    " keras.saving.register_keras_serializable, for --custom-objects"
                )


def _functions(layer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the key and the text of each compiled function that a layer holds."""
    inner = layer.get("config")
    if not isinstance(inner, dict) or "class_name" not in layer:
        return
    for key in _KEYS:
        code = _code(inner.get(key), inner.get(f"{key}_type"))
        if code is not None:
            yield key, code


def _code(value: Any, kind: Any) -> str | None:
    """Return the text of a compiled function, in each form that a Keras has written."""
    if isinstance(value, dict) and value.get("class_name") == "__lambda__":
        inner, kind = value.get("config"), "lambda"
        value = inner.get("code", inner.get("value")) if isinstance(inner, dict) else None
    if isinstance(value, dict):  # a tuple, as a SavedModel has it
        value = value.get("items")
    if isinstance(value, list) and value:
        value = value[0]
    return value if kind == "lambda" and isinstance(value, str) else None


def _is_ours(text: str) -> bool:
    """Tell whether this Python compiled a function, or one whose code runs the same here.

    No version stands in the bytes. The layout of code objects changed with Python 3.8 and 3.11,
    so that others cannot be unmarshalled; the instructions changed with every version, so that
    some are unknown here, or stand where this Python keeps its caches, which are saved as zeros.
    """
    try:
        code = marshal.loads(base64.b64decode(text))
        return isinstance(code, CodeType) and all(map(_runs_here, _nested(code)))
    except (ValueError, EOFError, TypeError, IndexError):
        return False


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _nested(part)


def _runs_here(code: CodeType) -> bool:
    instructions = list(dis.get_instructions(code))
    ends = [*(each.offset for each in instructions[1:]), len(code.co_code)]
    return all(
        each.opcode in dis.opmap.values()
        and each.opname != "CACHE"
        and not any(code.co_code[each.offset + 2 : end])
        for each, end in zip(instructions, ends, strict=True)
    )
