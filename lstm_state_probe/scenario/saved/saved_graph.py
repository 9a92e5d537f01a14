"""What a SavedModel folder tells of itself, read from its protocol buffers without TensorFlow.

Keras keeps a JSON text for each of its layers: in `keras_metadata.pb`, and until TensorFlow 2.4
inside `saved_model.pb`, in the graph of objects.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.saved.saved_json import MOST_BYTES, read_json

GRAPH, LAYERS = "saved_model.pb", "keras_metadata.pb"
_MOST_FIELDS = 2_000_000
_VARINT, _LONG, _BYTES, _SHORT = 0, 1, 2, 5


@dataclass(frozen=True)
class SavedGraph:
    """The TensorFlow that wrote a folder, and Keras's metadata, one mapping a layer.

    There is none where `export` or `tf.saved_model.save` wrote the graphs alone.
    """

    tensorflow: str | None
    layers: tuple[dict[str, Any], ...]

    @property
    def keras(self) -> str | None:
        """The version of Keras, where a model says it."""
        found = (layer.get("keras_version") for layer in self.layers)
        return next((str(version) for version in found if version), None)


def read_graph(folder: Path) -> SavedGraph:
    """Read what a folder tells.

    Raises:
        ModelError: if a file in it is not what its name says.
        OSError: if one is missing, or cannot be read.
    """
    with _Reader(folder / GRAPH) as graph:
        tensorflow = graph.text(2, 1, 5)  # meta_graphs, meta_info_def, tensorflow_version
        inside = graph.texts(2, 7, 1, 4, 3)  # …, object_graph_def, nodes, user_object, metadata
    if (folder / LAYERS).is_file():
        with _Reader(folder / LAYERS) as apart:
            inside = apart.texts(1, 5)  # nodes, metadata
    layers = tuple(read_json(text, repr(folder.name)) for text in inside if text[:1] == b"{")
    return SavedGraph(tensorflow, layers)


class _Reader:
    """One protocol buffer in a file; fields are reached by their numbers, the rest is skipped."""

    def __init__(self, path: Path) -> None:
        self.name = repr(f"{path.parent.name}/{path.name}")
        self.path = path
        self.left = _MOST_FIELDS

    def __enter__(self) -> _Reader:
        with self.path.open("rb") as file:
            empty = self.path.stat().st_size == 0
            self.data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self.data, mmap.mmap):
            self.data.close()

    def text(self, *numbers: int) -> str | None:
        """Return the first text at a path of field numbers."""
        found = self.texts(*numbers)
        return found[0].decode("utf-8", "replace") if found else None

    def texts(self, *numbers: int) -> list[bytes]:
        """Return every text at a path of field numbers, of no more than is read of a model.

        Raises:
            ModelError: if the bytes are no protocol buffer, or hold too much.
        """
        try:
            spans = [(0, len(self.data))]
            for number in numbers:
                spans = [span for outer in spans for span in self._fields(outer, number)]
        except (IndexError, ValueError) as error:
            raise ModelError(f"{self.name} is broken, or no part of a SavedModel") from error
        if sum(end - start for start, end in spans) > MOST_BYTES:
            raise ModelError(f"{self.name} says more of its layers than is read of any model")
        return [self.data[start:end] for start, end in spans]

    def _fields(self, span: tuple[int, int], wanted: int) -> Iterator[tuple[int, int]]:
        """Yield where the values of a field lie."""
        place, end = span
        while place < end:
            self.left -= 1
            if self.left < 0:
                raise ValueError("too many fields")
            key, place = self._varint(place)
            start, place = _SKIPS[key & 7](self, place)
            if place > end:
                raise ValueError("a field that is longer than what it stands in")
            if key >> 3 == wanted and key & 7 == _BYTES:
                yield start, place

    def _varint(self, place: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = self.data[place]
            value |= (byte & 0x7F) << shift
            place, shift = place + 1, shift + 7
            if byte < 0x80:
                return value, place
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _bytes(self, place: int) -> tuple[int, int]:
        size, start = self._varint(place)
        return start, start + size


def _refused(reader: _Reader, place: int) -> tuple[int, int]:
    raise ValueError("a kind of field that is not used")


_SKIPS: dict[int, Callable[[_Reader, int], tuple[int, int]]] = {
    _VARINT: lambda reader, place: (place, reader._varint(place)[1]),
    _LONG: lambda reader, place: (place, place + 8),
    _BYTES: lambda reader, place: reader._bytes(place),
    3: _refused,
    4: _refused,
    _SHORT: lambda reader, place: (place, place + 4),
    6: _refused,
    7: _refused,
}
