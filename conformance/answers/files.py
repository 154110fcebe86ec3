"""Read an answer with its arrays and arguments from an .npz, a .safetensors or a YAML file.

A .safetensors file is a header in JSON and the bytes of the tensors. It is read here and not by
the package of that name, whose reader for NumPy has no bfloat16 and knows no limits.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from pydantic import ValidationError

from conformance.authoring import call_files
from conformance.authoring.call_files import MOST_BYTES, CannotUse
from conformance.cases import arrays
from conformance.cases.array_rules import Operand
from conformance.cases.error_messages import complaints
from conformance.cases.errors import CaseError
from conformance.cases.fields import Model
from conformance.cases.loader import SUFFIXES as YAML
from conformance.cases.question_builder import path_to_key
from conformance.cases.yaml_node import Node
from conformance.cases.yaml_source import Purpose, read
from conformance.question import Array
from conformance.utils.reading import reading

SAFETENSORS = ".safetensors"
MOST_HEADER = 2**24
"""Bytes of the header of a .safetensors file."""

_PURPOSE = Purpose("an answer", "has x, kernel, y and the arguments of the call")
_TYPES: Mapping[str, str] = {
    **{f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)},
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    "BF16": "V2",
    "BOOL": "?",
}
"""The types of a .safetensors file, as those of NumPy."""


@dataclass(frozen=True, eq=False)
class AnswerFile:
    """What a file holds.

    Attributes
    ----------
    values
        Arrays and arguments by their names.
    api
        The API that the file names, or None.
    root
        The nodes of a YAML file, for places.
    layer
        The name of the layer, in a file of several calls.
    """

    path: Path
    values: dict[str, Any]
    api: str | None
    root: Node | None = field(default=None, repr=False)
    layer: str | None = None

    def placed(self, sentence: str) -> str:
        """Return a sentence behind the place of the name that it speaks of."""
        if self.root is None:
            layer = f" layer {self.layer}:" if self.layer else ""
            return f"{self.path}:{layer} {sentence}"
        name = path_to_key(sentence, [*self.values])
        line, column = self.root.find_key(name) if name else self.root.spot
        return f"{self.path}:{line}:{column}: {sentence}"


def answer_files(path: Path, ignored: Collection[str] = ()) -> tuple[AnswerFile, ...]:
    """Read a file of one call, or of the calls that ``conformance.capture`` recorded.

    Returns one for each call; of a file of one call it has no layer. Raises ``CannotUse`` as of
    `answer_file`.
    """
    file = answer_file(path, ignored)
    calls = call_files.recorded_calls(file.values)
    return tuple(_call(path, number, values) for number, values in calls.items()) or (file,)


def _call(path: Path, number: str, values: dict[str, Any]) -> AnswerFile:
    api, layer = values.pop("api", None), str(values.pop("layer", ""))
    name = f"{number} {layer}".strip()
    return AnswerFile(path, values, None if api is None else str(api), layer=name)


def answer_file(path: Path, ignored: Collection[str] = ()) -> AnswerFile:
    """Read a file.

    Raises ``CannotUse`` if it cannot be read, is too large, or is no such file.
    """
    root = None
    if path.suffix in YAML:
        root = _yaml(path)
        values = _values(path, root)
    elif path.suffix == SAFETENSORS:
        values = _safetensors(path)
    elif path.suffix == ".npz":
        values = dict(call_files.read(path))
    else:
        raise CannotUse(f"{path} must end in .npz, {SAFETENSORS} or {' or '.join(YAML)}")
    for name in ignored:
        if name not in values:
            raise CannotUse(f"{path} has no {name!r} to ignore; it has {', '.join(values)}")
    values = {name: value for name, value in values.items() if name not in ignored}
    api = values.pop("api", None)
    return AnswerFile(path, values, None if api is None else str(api), root)


def value_of(text: str) -> Any:
    """Return the value that a text has in YAML, such as a number, a word or a list.

    Raises ``CannotUse`` if it has none.
    """
    root, problems = read(f"value: {text}\n".encode("utf-8", "replace"))
    if root is None or problems or not isinstance(root.value, dict) or len(root.value) != 1:
        raise CannotUse(f"{text!r} is no number, word or list")
    return root.value["value"]


# YAML


def _yaml(path: Path) -> Node:
    with reading(path, CannotUse), path.open("rb") as stream:
        data = stream.read(MOST_BYTES)
    root, problems = read(data, _PURPOSE)
    if problems or root is None:
        (line, column), sentence = problems[0]
        raise CannotUse(f"{path}:{line}:{column}: {sentence}")
    if not isinstance(root.value, dict):
        raise CannotUse(f"{path}:1:1: {_PURPOSE.name} {_PURPOSE.holds}, each under its name")
    return root


def _values(path: Path, root: Node) -> dict[str, Any]:
    """Return the values of a mapping, with the arrays that its rules make."""
    values = {}
    for name, node in root.mapping().items():
        try:
            values[name] = _array(node)
        except ValidationError as error:
            (line, column), sentence = next(complaints(error, _Value, node))
        except CaseError as error:
            (line, column), sentence = node.find(error.faults[0][0]), str(error)
        else:
            continue
        raise CannotUse(f"{path}:{line}:{column}: {name}: {sentence}")
    return values


class _Value(Model):
    """An array in a file: the numbers, or a rule for them."""

    array: Operand


def _array(node: Node) -> Any:
    """Return the array of a rule or of a list, and any other value as it is."""
    if not isinstance(node.value, dict | list):
        return node.value
    rule = _Value.model_validate({"array": node.value}).array
    return arrays.made("the array", rule)


# Safetensors


def _safetensors(path: Path) -> dict[str, Any]:
    """Return the tensors of a file, and the texts of its metadata as values of YAML."""
    with reading(path, CannotUse), path.open("rb") as stream:
        try:
            return _tensors(stream, path.stat().st_size)
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as problem:
            reason = " ".join(str(problem).split()) or type(problem).__name__
            raise CannotUse(f"{path} cannot be read as a {SAFETENSORS} file: {reason}") from None


def _tensors(stream: BinaryIO, size: int) -> dict[str, Any]:
    length = int.from_bytes(stream.read(8), "little")
    if not 0 < length <= min(MOST_HEADER, size - 8):
        raise ValueError(f"its header has {length} bytes; at most {MOST_HEADER} are read")
    header = json.loads(stream.read(length))
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
        raise ValueError("its header is no mapping of names")
    metadata = header.pop("__metadata__", {})
    values = {name: value_of(text) for name, text in metadata.items() if name != "format"}
    for name, entry in header.items():
        if name in values:
            raise ValueError(f"it has {name!r} twice")
        values[name] = _tensor(stream, name, entry, 8 + length, size)
    return values


def _tensor(stream: BinaryIO, name: str, entry: Any, start: int, size: int) -> Array:
    if entry["dtype"] not in _TYPES:
        raise ValueError(f"{name!r} has the unknown type {entry['dtype']!r}")
    dtype, shape = np.dtype(_TYPES[entry["dtype"]]), tuple(map(int, entry["shape"]))
    begin, end = entry["data_offsets"]
    if end - begin > MOST_BYTES:
        raise ValueError(f"{name!r} has {end - begin} bytes; at most {MOST_BYTES} are read")
    if not 0 <= begin <= end <= size - start or min(shape, default=1) < 0:
        raise ValueError(f"{name!r} lies outside the file")
    if prod(shape) * dtype.itemsize != end - begin:
        raise ValueError(f"{name!r} has {end - begin} bytes, which are no {entry['dtype']} {shape}")
    stream.seek(start + begin)
    return np.frombuffer(stream.read(end - begin), dtype).reshape(shape)
