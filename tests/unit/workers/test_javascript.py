"""The program in Node that evaluates the calls of a library of JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import conformance
from conformance.workers.program import Program, ProgramError, Refused, Skipped

CALLS = Path(conformance.__file__).with_name("javascript") / "calls.js"
LIBRARY = Path(__file__).parents[2] / "fakes" / "library.js"
X = np.array([[1, 2, 3]], np.float32)


@pytest.fixture
def node() -> Iterator[Program]:
    program = Program(["node", str(CALLS), str(LIBRARY)])
    yield program
    program._process.kill()
    program._process.communicate()


def test_it_says_which_library_it_is(node: Program) -> None:
    assert (node.name, node.version) == ("fake", "1.2")
    assert not node.takes("conv_transpose")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_evaluates_a_call_over_tensors_and_other_values(node: Program, dtype: str) -> None:
    answer = node.answer("call", dtype, source="times(x, n)", x=X.astype(dtype), n=3)
    assert answer.dtype == dtype
    assert answer.tolist() == [[3, 6, 9]]


def test_an_expression_may_wait(node: Program) -> None:
    source = "await new Promise((ready) => setTimeout(() => ready(times(x, 2)), 1))"
    assert node.answer("call", "float32", source=source, x=X).tolist() == [[2, 4, 6]]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("fail()", "it does not like that"),
        ("nothing(x)", "nothing is not defined"),
        ("times(x", "missing \\)"),
    ],
)
def test_an_error_is_a_refusal_and_the_next_call_is_answered(
    node: Program, source: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        node.answer("call", "float32", source=source, x=X)
    assert node.answer("call", "float32", source="x", x=X).tolist() == X.tolist()


def test_a_library_starts_anew_after_webassembly_has_failed(node: Program) -> None:
    """Its memory is worth nothing then, and a refusal of the library's own leaves it as it is."""
    for source, starts in (("fail()", 1), ("trap()", 2)):
        with pytest.raises(Refused):
            node.answer("call", "float32", source=source, x=X)
        assert node.answer("call", "float32", source="started(x)", x=X).tolist() == [[starts] * 3]


def test_other_dtypes_are_not_asked(node: Program) -> None:
    with pytest.raises(Skipped, match="it takes no int32"):
        node.answer("call", "int32", source="x", x=X)


def test_a_call_that_gives_no_array_is_a_refusal(node: Program) -> None:
    with pytest.raises((Refused, ProgramError)):
        node.answer("call", "float32", source="undefined", x=X)
