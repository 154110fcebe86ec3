"""Arrays as source: what is read back is the same to the bit, and fits a bug report."""

import numpy as np
import pytest

from conformance.recipes.literals import PACKED_IMPORTS, assignment, is_packed, wrapped

SEEDED = np.random.default_rng(1)
ARRAYS = {
    "an image": np.array([[[[0, 1], [2, 3]]]], np.float32),
    "a number": np.array(10),
    "nothing": np.zeros((0, 3), np.float32),
    "zeros of both signs": np.array([0.0, -0.0]),
    "thirds": np.array([1 / 3, 2 / 3, -1e-30, 1e30], np.float32),
    "halves": np.array([0.1, 65504, 6e-8], np.float16),
    "doubles": SEEDED.normal(size=(2, 3)),
    "what float64 cannot hold": np.array([2**62 + 1, -(2**62) - 1]),
    "no numbers": np.array([np.nan, np.inf, -np.inf], np.float32),
    "a nan with bits of its own": np.array([0x7FC00001], np.uint32).view(np.float32),
    "complex numbers": np.array([[1 + 2j, -0.5j, complex(-0.0, 1)]], np.complex64),
    "many complex numbers": SEEDED.normal(size=(600, 2)).view(np.complex128),
    "a basis": np.eye(9, dtype=np.float32).reshape(9, 1, 3, 3),
    "a count": np.arange(-3, 47, dtype=np.float16).reshape(1, 2, 5, 5),
    "ones": np.ones((1, 4, 50, 50), np.int32),
    "small integers": SEEDED.integers(-3, 4, (2, 3, 20, 20)).astype(np.float32),
    "larger integers": SEEDED.integers(-30000, 30000, (400,)),
    "large real values": SEEDED.normal(size=(2, 3, 20, 20)).astype(np.float32),
    "many zeros of both signs": np.copysign(np.zeros(400), SEEDED.normal(size=400)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back_to_the_bit(name: str) -> None:
    array = ARRAYS[name]
    names: dict[str, np.ndarray] = {}
    source = assignment("x", array)
    imports = PACKED_IMPORTS if is_packed(source) else ()
    exec("\n".join((*imports, "import numpy as np", source)), names)
    got = names["x"]
    assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize("name", ARRAYS)
def test_no_line_is_longer_than_the_width(name: str) -> None:
    assert max(map(len, assignment("x", ARRAYS[name]).splitlines())) <= 100


def test_a_small_array_is_its_numbers() -> None:
    image = np.array([[[[0, 1], [2, 3]]]], np.float32)
    assert assignment("x", image) == "x = np.array([[[[0, 1], [2, 3]]]], np.float32)"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a basis", "np.eye(9, 9, dtype=np.float32).reshape(9, 1, 3, 3)"),
        ("a count", "np.arange(-3, 47, dtype=np.float16).reshape(1, 2, 5, 5)"),
        ("ones", "np.full((1, 4, 50, 50), 1, np.int32)"),
    ],
)
def test_an_array_with_a_rule_is_its_rule(name: str, rule: str) -> None:
    assert assignment("x", ARRAYS[name]) == f"x = {rule}"


def test_small_integers_take_less_than_a_character_each() -> None:
    assert len(assignment("x", ARRAYS["small integers"])) < ARRAYS["small integers"].size


def test_an_unpacked_array_may_be_written_to() -> None:
    names: dict[str, np.ndarray] = {}
    source = assignment("x", ARRAYS["large real values"])
    exec("\n".join((*PACKED_IMPORTS, "import numpy as np", source)), names)
    assert names["x"].flags.writeable


def test_rows_are_kept_whole() -> None:
    statement = "x = np.array([[1, 2, 3], [4, 5, 6]])"
    assert wrapped(statement, 30) == "x = np.array([[1, 2, 3],\n    [4, 5, 6]])"
