"""An order in memory: it changes no number, is found again, and is said where a call is shown."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from case_files import HEAD, cases, problems
from fakes import plain
from fakes.frameworks import INTEROP, api, framework

from conformance.adapters.runtime import ANY
from conformance.cases import Case
from conformance.observations import MODES
from conformance.oracle.memory_layout import MEMORIES, Memory, laid, memory_of
from conformance.question import answer
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call

EVERY = pytest.mark.parametrize("memory", MEMORIES)
ANSWER = [[[13, 35, 45, 30]], [[37, 95, 105, 66]]]
PLAIN = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@EVERY
def test_the_numbers_stay_where_they_are(memory: Memory) -> None:
    assert np.array_equal(laid(PLAIN, memory), PLAIN)


@EVERY
def test_an_order_is_found_again(memory: Memory) -> None:
    assert memory_of(laid(PLAIN, memory)) == memory


def test_an_array_in_the_order_of_its_axes_has_no_other() -> None:
    assert memory_of(PLAIN) is None


def test_an_order_that_nobody_named_is_none() -> None:
    assert memory_of(PLAIN[:, ::2]) is None


@pytest.mark.parametrize(
    ("memory", "strides"),
    [
        ("reversed", (-48, -16, -4)),
        ("strided", (96, 32, 8)),
        ("fortran", (4, 8, 24)),
        ("channels-last", (48, 4, 12)),
    ],
)
def test_each_order_has_the_strides_that_it_is_named_for(
    memory: Memory, strides: tuple[int, ...]
) -> None:
    assert laid(PLAIN, memory).strides == strides


# In a case


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memory.yaml"


def said(file: Path, memory: str, more: str = "") -> Case:
    x = f"    x: {{shape: [2, 2, 3], arange: 1, memory: {memory}}}\n"
    kernel = "    kernel: {shape: [2, 1, 2], arange: 1}\n"
    (case,) = cases(file, HEAD + x + kernel + more)
    return case


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64"])
def test_the_array_of_a_case_lies_as_it_says(file: Path, memory: Memory, dtype: str) -> None:
    case = said(file, memory, f"    dtype: {dtype}\n")
    assert memory_of(case.question.x) == memory


@EVERY
def test_the_answer_is_that_of_the_numbers(file: Path, memory: Memory) -> None:
    assert answer(said(file, memory).question).tolist() == ANSWER


def test_a_chain_hands_over_its_own_arrays_and_takes_no_order(file: Path) -> None:
    x = "    x: {shape: [1, 2, 3], arange: 1, memory: strided}\n"
    steps = "    op: chain\n    steps: [{kernel: {shape: [2, 1, 2], arange: 1}}]\n"
    (wrong,) = problems(file, HEAD + x + steps)
    assert wrong == "4:46: one: memory has no meaning for the x of a chain"


def test_an_order_that_is_the_usual_one_is_refused(file: Path) -> None:
    x = "    x: {shape: [1, 1, 3], arange: 1, memory: fortran}\n"
    (wrong,) = problems(file, HEAD + x + "    kernel: [1, 10]\n")
    assert wrong == (
        "4:46: one: memory 'fortran' is no other order for an array of shape (1, 1, 3)"
    )


# In a call


def written(case: Case, mode: str = "native") -> Call:
    convolver = api()
    call = call_writer.write(framework(convolver), ANY, convolver, case.question, mode)
    assert isinstance(call, Call)
    return call


@EVERY
def test_a_call_lays_an_array_out_before_anything_else(file: Path, memory: Memory) -> None:
    call = written(said(file, memory))
    names = {"np": np, "x": np.ascontiguousarray(call.arrays["x"])}
    exec(call.source.splitlines()[0], names)
    assert memory_of(names["x"]) == memory


@EVERY
def test_a_call_answers_the_same_in_every_order(file: Path, memory: Memory) -> None:
    call = written(said(file, memory))
    names = {"np": np, "plain": plain, **call.arrays}
    exec(call.source, names)
    assert names["y"].tolist() == ANSWER


def test_a_chain_lays_out_the_kernel_of_each_step(file: Path) -> None:
    x = "    op: chain\n    x: {shape: [1, 2, 3], arange: 1}\n"
    kernel = "{shape: [2, 1, 2], arange: 1, memory: reversed}"
    (case,) = cases(file, HEAD + x + f"    steps: [{{kernel: {kernel}}}]\n")
    assert written(case).source.startswith("w1 = np.flip(np.flip(w1).copy())\n")


@EVERY
def test_a_recipe_copies_what_the_framework_cannot_read(file: Path, memory: Memory) -> None:
    convolver = api(interop=replace(INTEROP, unsupported_layouts=("reversed",)))
    native, recipe = (
        call_writer.write(framework(convolver), ANY, convolver, said(file, memory).question, mode)
        for mode in MODES
    )
    assert isinstance(native, Call)
    assert isinstance(recipe, Call)
    names = {"np": np, "plain": plain, **recipe.arrays}
    exec(recipe.source, names)
    assert names["y"].tolist() == ANSWER
    copies = memory == "reversed"
    assert ("x = x.copy()" in recipe.source) is copies
    assert recipe.moves == (("x copied",) if copies else ())
    assert native.moves == ()
    assert native.source == recipe.source.replace("x = x.copy()\n", "")
