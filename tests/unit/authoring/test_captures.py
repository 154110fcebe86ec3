"""A captured call becomes arrays in canonical axes, and numbers that a person can read."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.adapters.framework import Api
from conformance.adapters.registry import APIS
from conformance.authoring.call_files import CannotUse, read, split_arguments
from conformance.authoring.captures import Capture
from conformance.question import Array

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
KERNEL = np.arange(24, dtype=np.float32).reshape(3, 4, 2)


def capture(arrays: Mapping[str, Array] | None = None, **changes: Any) -> Capture:
    how = {
        "x_axes": "N C *s",
        "kernel_axes": "in out *k",
        "canonical": "in out *k",
        "groups": 1,
        **changes,
    }
    return Capture.from_arrays({"x": X, "kernel": KERNEL} if arrays is None else arrays, **how)


def small(**changes: Any) -> Capture:
    fields: dict[str, Any] = {"x": X, "kernel": KERNEL, "bias": None, "groups": 1, **changes}
    return Capture(**fields)


# Reading


def npy(array: Array) -> bytes:
    written = BytesIO()
    np.save(written, array)
    return written.getvalue()


def test_arrays_are_read_by_their_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "call.npz", x=X, stride=2)
    found = read(tmp_path / "call.npz")
    assert list(found) == ["x", "stride"]


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda path: path.write_bytes(b"PK no"), "cannot be read as an .npz file"),
        (lambda path: path.write_bytes(b""), "cannot be read as an .npz file"),
        (lambda path: path.write_bytes(npy(X)), "one array without a name"),
        (lambda path: np.savez(path, x=np.array([{}], object)), "'x' cannot be read: Object"),
        (lambda path: members(path, x=b"no array"), "'x.txt' is no array; `--ignore x.txt`"),
        (lambda path: members(path, x=npy(X), y=b""), "'y.txt' is no array"),
        (lambda path: np.savez(path, x=np.zeros(2**27 + 1)), "at most 1073741824 are read"),
    ],
    ids=["rubbish", "nothing", "npy", "objects", "no array", "one that is none", "large"],
)
def test_what_is_no_file_of_arrays_is_refused(tmp_path: Path, write: Any, why: str) -> None:
    write(tmp_path / "call.npz")
    with pytest.raises(CannotUse, match=why):
        read(tmp_path / "call.npz")


def test_an_array_that_is_ignored_is_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "call.npz", x=X, y=np.array([{}], object))
    assert list(read(tmp_path / "call.npz", ["y"])) == ["x"]


def test_what_is_ignored_has_to_be_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "call.npz", x=X)
    with pytest.raises(CannotUse, match="has no 'y' to ignore; it has x"):
        read(tmp_path / "call.npz", ["y"])


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "call.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x.npy", npy(X))
        file.writestr("x", npy(X))
    with pytest.raises(CannotUse, match="has 'x' more than once"):
        read(path)


def members(path: Path, **contents: bytes) -> None:
    """A zip file whose members are arrays if they begin like one, and text if not."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in contents.items():
            suffix = "npy" if content.startswith(b"\x93NUMPY") else "txt"
            file.writestr(f"{name}.{suffix}", content)


# Names

NO_NAMES: Mapping[str, str | None] = {"x": None, "kernel": None, "bias": None}


@pytest.mark.parametrize(
    ("array", "said"),
    [(2, 2), ([2, 3], [2, 3]), ("SAME", "same"), ([[0, 1]], [[0, 1]])],
)
def test_an_argument_is_read_as_a_case_says_it(array: Any, said: Any) -> None:
    _, arguments = split_arguments({"padding": np.array(array)}, NO_NAMES, None)
    assert arguments == {"padding": said}


@pytest.mark.parametrize(
    "array", [2.5, [0.0], True, 1j, b"same", np.zeros((1, 1, 1), int), np.zeros(11, int)]
)
def test_what_no_argument_can_be_is_refused(array: Any) -> None:
    with pytest.raises(CannotUse, match="'stride' must be a word, a whole number, or one or two"):
        split_arguments({"stride": np.array(array)}, NO_NAMES, None)


@pytest.mark.parametrize(
    "api", [api for api in APIS.values() if api.parameters], ids=lambda api: api.id
)
def test_the_words_of_an_api_are_known_with_it(api: Api) -> None:
    captured = {word: np.array(1) for word in api.parameters}
    arrays, arguments = split_arguments(captured, NO_NAMES, api)
    assert {*arrays, *arguments} == set(api.parameters.values())


@pytest.mark.parametrize(
    ("words", "api", "why"),
    [
        (("strides",), None, "'strides' is no array or argument that is known; .* --api says"),
        (("strides",), "torch.nn.ConvTranspose", "of torch.nn.ConvTranspose that is known; did"),
        (("pad",), "jax.lax.conv_transpose", "did you mean 'padding'"),
        (("pads",), None, "padding is .begin, end. for each axis, where pads has the starts"),
        (("dilations",), "keras.ops.conv_transpose", "did you mean 'dilation_rate'"),
        (("depth",), "keras.ops.conv_transpose", "known; known are kernel, bias, padding, .*, st"),
        (
            ("output_size",),
            "keras.layers.ConvTranspose",
            "'output_size' is no array or argument of",
        ),
        (("target_shape",), None, "mxnet.npx.deconvolution calls something so, and --api says"),
        (("output_size", "output_shape"), None, "are both output_size"),
        (("window",), "jax.lax.conv_transpose", "told by the shapes of x and kernel"),
        (("adj",), "keras.layers.ConvTranspose", "did you mean 'output_padding'"),
        (("y",), None, "has the oracle's answer, and not the one .* `--ignore y` leaves it out"),
        (("expected",), "torch.nn.ConvTranspose", "has the oracle's answer"),
        (("x", "input"), "torch.nn.ConvTranspose", "'x' and 'input' are both x; --ignore leaves"),
        (("stride", "strides"), "keras.ops.conv_transpose", "are both stride"),
    ],
)
def test_nothing_that_was_captured_is_dropped(
    words: tuple[str, ...], api: str | None, why: str
) -> None:
    arrays = {word: np.array(1) for word in words}
    with pytest.raises(CannotUse, match=why):
        split_arguments(arrays, NO_NAMES, APIS[api] if api else None)


def test_a_name_that_was_said_takes_the_place_of_ours() -> None:
    names = {**NO_NAMES, "kernel": "w"}
    arrays, _ = split_arguments({"x": X, "w": KERNEL}, names, None)
    assert list(arrays) == ["x", "kernel"]
    with pytest.raises(CannotUse, match="'kernel' is no array or argument that is known"):
        split_arguments({"x": X, "w": KERNEL, "kernel": KERNEL}, names, None)


def test_a_name_that_was_said_has_to_be_there() -> None:
    with pytest.raises(CannotUse, match="the file has no 'b', it has x; --bias-name says which"):
        split_arguments({"x": X}, {**NO_NAMES, "bias": "b"}, None)


# Axes


def test_axes_are_moved_by_their_names() -> None:
    arrays = {"x": X.transpose(0, 2, 1), "kernel": KERNEL.transpose(2, 1, 0)}
    moved = capture(arrays, x_axes="N *s C", kernel_axes="*k out in")
    assert np.array_equal(moved.x, X)
    assert np.array_equal(moved.kernel, KERNEL)


def test_several_spatial_axes_keep_their_order() -> None:
    x = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
    moved = capture({"x": x, "kernel": KERNEL}, x_axes="N *s C")
    assert np.array_equal(moved.x, np.moveaxis(x, -1, 1))


def test_a_bias_is_taken_where_there_is_one() -> None:
    assert capture().bias is None
    assert capture({"x": X, "kernel": KERNEL, "bias": X[0, 0]}).bias is not None


@pytest.mark.parametrize(
    ("arrays", "changes", "why"),
    [
        ({"kernel": X}, {}, "there is no x; --x-name says"),
        ({"x": X}, {}, "there is no kernel; --kernel-name says"),
        ({"x": X, "kernel": KERNEL, "bias": X}, {}, r"bias must have one axis, got shape \(2, 3"),
        ({"x": X, "kernel": KERNEL[:0]}, {}, r"kernel is empty, of shape \(0, 4, 2\)"),
        ({"x": X, "kernel": KERNEL.astype("i1")}, {}, "kernel has dtype int8; allowed"),
        ({"x": X, "kernel": KERNEL}, {"x_axes": "N s C"}, r"'N C \*s' in some order, got 'N s C'"),
        ({"x": X[0], "kernel": KERNEL}, {}, r"x must have 3 to 5 axes.* got shape \(3, 4\)"),
    ],
)
def test_what_no_case_can_be_made_of_is_refused(
    arrays: dict[str, Array], changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(CannotUse, match=why):
        capture(arrays, **changes)


def test_arrays_of_two_dtypes_and_numbers_that_are_not_finite_are_kept() -> None:
    arrays = capture({"x": X * np.nan, "kernel": KERNEL.astype(complex)}).arrays
    assert np.isnan(arrays["x"][..., 1:]).all()
    assert {key: array.dtype.name for key, array in arrays.items()} == {
        "x": "float32",
        "kernel": "complex128",
    }


# Cropping


def test_every_axis_is_cropped_but_the_window() -> None:
    cut = small().crop(2)
    assert (cut.x.shape, cut.kernel.shape) == ((2, 2, 2), (2, 2, 2))
    assert np.array_equal(cut.kernel, KERNEL[:2, :2])


def test_the_window_stays_whole() -> None:
    kernel = np.arange(5.0).reshape(1, 1, 5)
    assert np.array_equal(small(x=X[:, :1], kernel=kernel).crop(1).kernel, kernel)


def test_channels_are_cropped_within_their_groups() -> None:
    """Six inputs in two groups of three, two outputs each; one of each group is kept."""
    x = np.arange(6.0).reshape(1, 6, 1)
    kernel = np.arange(12.0).reshape(6, 2, 1)
    cut = small(x=x, kernel=kernel, bias=np.arange(4.0), groups=2).crop(1)
    assert cut.groups == 1
    assert (cut.x.tolist(), cut.kernel.tolist(), cut.bias.tolist()) == ([[[0]]], [[[0]]], [0])
    cut = small(x=x, kernel=kernel, bias=np.arange(4.0), groups=2).crop(2)
    assert cut.groups == 2
    assert cut.x.ravel().tolist() == [0, 1, 3, 4]
    assert cut.kernel[:, :, 0].tolist() == [[0, 1], [2, 3], [6, 7], [8, 9]]
    assert cut.bias.tolist() == [0, 1, 2, 3]


def test_channels_that_are_no_groups_are_refused() -> None:
    with pytest.raises(CannotUse, match="x has 3 channels, which are not 2 groups"):
        small(groups=2).crop(1)


# Numbers


def test_few_whole_numbers_are_written_as_they_are() -> None:
    said = small().literal_fields(real=False)
    assert np.array_equal(said["x"], X)
    assert "exact" not in said


def test_one_image_of_one_channel_is_bare() -> None:
    said = small(x=X[:1, :1], kernel=KERNEL[:1, :1]).literal_fields(real=False)
    assert (said["x"].shape, said["kernel"].shape) == ((4,), (2,))


def test_real_numbers_are_refused_with_what_to_do() -> None:
    with pytest.raises(
        CannotUse, match=r"x holds 0\.5, which is not whole; `--integers 1`.* `--real`"
    ):
        small(x=X + np.float32(0.5)).literal_fields(real=False)


def test_real_numbers_may_be_kept() -> None:
    assert small(x=X / 2).literal_fields(real=True)["exact"] is False


def test_many_numbers_are_refused_with_what_to_do() -> None:
    x = np.zeros((1, 3, 40), np.float32)
    with pytest.raises(CannotUse, match=r"x has 120 numbers.* at most 100.* `--crop 33`"):
        small(x=x).literal_fields(real=False)


def test_a_crop_that_does_not_help_is_not_proposed() -> None:
    with pytest.raises(CannotUse) as raised:
        small(x=X[:, :1], kernel=np.zeros((1, 1, 101))).literal_fields(real=False)
    assert "--crop" not in str(raised.value)


def test_drawn_numbers_keep_the_shapes_only() -> None:
    said = small(bias=np.ones(4)).random_fields(7, -3, 3)
    assert said["x"] == {"shape": (2, 3, 4), "integers": [-3, 3], "seed": 7}
    assert said["kernel"] == {"shape": (3, 4, 2), "integers": [-3, 3], "seed": 8}
    assert said["bias"].shape == (4,)
    assert set(said["bias"].tolist()) <= set(range(-3, 4))


def test_a_bias_of_many_numbers_is_refused_with_what_to_do() -> None:
    many = small(x=np.zeros((1, 3, 4)), kernel=np.zeros((3, 120, 2)), bias=np.zeros(120))
    with pytest.raises(CannotUse, match=r"bias has 120 numbers.* `--crop"):
        many.random_fields(1, -3, 3)


def test_a_kernel_with_the_inputs_of_one_group_is_divided_along_its_outputs() -> None:
    # Outputs 0 and 1 are of the first group, 2 and 3 of the second; each reads one input.
    kernel = np.array([[[10]], [[11]], [[22]], [[23]]])  # (C_out, C_in / groups, k)
    capture = Capture.from_arrays(
        {"x": np.ones((1, 2, 3)), "kernel": kernel},
        x_axes="N C *s",
        kernel_axes="out in *k",
        canonical="in out *k",
        groups=2,
        divides_inputs=True,
    )
    assert capture.kernel[..., 0].tolist() == [[10, 11], [22, 23]]
