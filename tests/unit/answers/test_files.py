"""Answers in files: .npz, .safetensors and YAML."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.answers import files
from conformance.answers.files import answer_file, value_of
from conformance.authoring.call_files import CannotUse

YAML = "x: [1, 2, 3]\nkernel: [1, 10, 100]\ny: [1, 12, 123, 230, 300]\n"


def safetensors(path: Path, header: Any, data: bytes = b"") -> Path:
    """The file of a header and the bytes of its tensors."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def tensor(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def refusal(path: Path) -> str:
    with pytest.raises(CannotUse) as error:
        answer_file(path)
    return str(error.value).removeprefix(str(path))


# .npz


def test_an_npz_file_has_arrays_arguments_and_its_api(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((1, 2, 3)), strides=2, api="onnx.ConvTranspose")
    file = answer_file(tmp_path / "a.npz")
    assert file.api == "onnx.ConvTranspose"
    assert {name: np.shape(value) for name, value in file.values.items()} == {
        "x": (1, 2, 3),
        "strides": (),
    }


def test_an_npz_file_with_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}], object), allow_pickle=True)
    assert "'x' cannot be read" in refusal(tmp_path / "a.npz")


# .safetensors


def test_a_safetensors_file_has_tensors_and_arguments(tmp_path: Path) -> None:
    header = {
        "__metadata__": {"format": "pt", "stride": "[2, 2]", "padding": "same", "api": "x.y"},
        "x": tensor("F32", [1, 2], 0, 8),
        "w": tensor("BF16", [2], 8, 12),
    }
    data = np.array([1.5, -2], "<f4").tobytes() + np.array([0x3FC0, 0xC000], "<u2").tobytes()
    file = answer_file(safetensors(tmp_path / "a.safetensors", header, data))
    assert file.api == "x.y"
    assert file.values["x"].tolist() == [[1.5, -2]]
    assert file.values["w"].dtype == "V2"
    assert (file.values["stride"], file.values["padding"]) == ([2, 2], "same")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b"{", "Expecting property name enclosed"),
        (b"[]", "its header is no mapping of names"),
        ({"__metadata__": []}, "its header is no mapping of names"),
        ({"x": 5}, "object is not subscriptable"),
        ({"x": {}}, "'dtype'"),
        ({"x": tensor("F8_E4M3", [1], 0, 1)}, "'x' has the unknown type 'F8_E4M3'"),
        ({"x": tensor("F32", [1], 0, 8)}, "'x' has 8 bytes, which are no F32 (1,)"),
        ({"x": tensor("F32", [3], 0, 12)}, "'x' lies outside the file"),
        ({"x": tensor("F32", [-1], 0, 4)}, "'x' lies outside the file"),
        ({"x": tensor("F32", [1], -4, 0)}, "'x' lies outside the file"),
        ({"x": tensor("F32", [2**30], 0, 2**32)}, "'x' has 4294967296 bytes; at most 1073741824"),
        ({"__metadata__": {"x": "1"}, "x": tensor("F32", [1], 0, 4)}, "it has 'x' twice"),
        ({"__metadata__": {"stride": "[1"}}, "'[1' is no number, word or list"),
    ],
)
def test_a_damaged_safetensors_file_is_refused(tmp_path: Path, header: Any, sentence: str) -> None:
    path = safetensors(tmp_path / "a.safetensors", header, bytes(8))
    assert sentence in refusal(path)


@pytest.mark.parametrize("data", [b"", b"1234", bytes(8), (2**62).to_bytes(8, "little") + b"{}"])
def test_a_safetensors_file_without_a_header_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(data)
    assert "its header has" in refusal(tmp_path / "a.safetensors")


# YAML


def test_a_yaml_file_is_like_a_case(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("x: {shape: [1, 2, 3], arange: 0}\nkernel: [1, 0.5]\npadding: same\ny: [1]\n")
    values = answer_file(path).values
    assert values["x"].tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert values["kernel"].tolist() == [1, 0.5]
    assert values["padding"] == "same"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x: [1, 2\n", ":2:1: "),
        ("- 1\n", ":1:1: an answer has x, kernel, y and the arguments of the call, each under"),
        ("", ":1:1: "),
        (
            "kernel: [1]\nx: [[1], [2, 3]]\n",
            ":2:10: x: an entry of array must be a list of 1, as",
        ),
        ("x: [1, true]\n", ":1:8: x: an entry of array must be a number, got true"),
        ("y: [1+j]\n", ":1:5: y: an entry of array must be a number, got the text '1+j'"),
        ("x: {shape: [2]}\n", ":1:4: x: array must be a list of numbers, or a mapping with one of"),
        ("x: {shape: [2], fill: y}\n", ":1:23: x: fill must be"),
        ("x: {shape: [99999, 99999], fill: 1}\n", ":1:4: x: the array would have 9999800001"),
    ],
)
def test_a_wrong_yaml_file_is_refused_at_its_place(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert refusal(tmp_path / "a.yaml").startswith(sentence)


def test_a_sentence_about_a_name_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML + "strid: 2\n")
    file = answer_file(tmp_path / "a.yaml")
    assert file.placed("'strid' is no argument") == f"{file.path}:4:1: 'strid' is no argument"
    assert file.placed("it is wrong") == f"{file.path}:1:1: it is wrong"


# Any file


def test_a_name_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    assert "y" not in answer_file(tmp_path / "a.yaml", ["y"]).values


def test_a_name_that_is_not_there_cannot_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    with pytest.raises(CannotUse, match=r"has no 'z' to ignore; it has x, kernel, y"):
        answer_file(tmp_path / "a.yaml", ["z"])


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".yaml"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, suffix: str) -> None:
    assert refusal(tmp_path / f"none{suffix}") == ": cannot be read: No such file or directory"


def test_another_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.pt") == " must end in .npz, .safetensors or .yaml or .yml"


@pytest.mark.parametrize(
    ("text", "value"), [("2", 2), ("[1, 2]", [1, 2]), ("same", "same"), ("[[0, 1]]", [[0, 1]])]
)
def test_a_value_is_read_as_in_yaml(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize("text", ["[1", "1\nb: 2", "\udcff", "{"])
def test_a_text_without_a_value_is_refused(text: str) -> None:
    with pytest.raises(CannotUse, match="is no number, word or list"):
        value_of(text)


def test_the_types_are_those_of_numpy() -> None:
    for name, kind in files._TYPES.items():
        assert np.dtype(kind).itemsize * 8 == int("".join(filter(str.isdigit, name)) or 8)
