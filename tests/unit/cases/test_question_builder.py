"""One example without a batch, and the steps of a chain that have no kernel."""

from pathlib import Path

import numpy as np
import pytest
from case_files import HEAD, cases, problems

from conformance.cases import Case
from conformance.question import Chain, Question, answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "built.yaml"


def case(file: Path, text: str) -> Case:
    (only,) = cases(file, HEAD + "".join(f"    {line}\n" for line in text.splitlines()))
    return only


# One example


@pytest.mark.parametrize(
    ("x", "kernel", "shape"),
    [
        ([3, 8], [3, 4, 2], (1, 3, 8)),
        ([3, 8, 7], [3, 4, 2, 1], (1, 3, 8, 7)),
        ([3, 4, 5, 6], [3, 4, 2, 2, 2], (1, 3, 4, 5, 6)),
        ([1, 8], [1, 1, 2], (1, 1, 8)),
    ],
)
@pytest.mark.parametrize("ranked", [False, True])
def test_an_x_of_one_axis_less_than_the_kernel_is_one_example(
    file: Path, x: list[int], kernel: list[int], shape: tuple[int, ...], ranked: bool
) -> None:
    rank = f"\nrank: {len(x) - 1}" if ranked else ""
    rules = f"x: {{shape: {x}, fill: 1}}\nkernel: {{shape: {kernel}, fill: 1}}{rank}"
    q = case(file, rules).question
    assert isinstance(q, Question)
    assert (q.x.shape, q.unbatched) == (shape, True)


@pytest.mark.parametrize(
    ("x", "kernel"),
    [([2, 3, 8], [3, 4, 2]), ([8], [2]), ([8, 8], [2, 2]), ([8], [1, 1, 2]), ([1, 1, 8], [2])],
)
def test_other_arrays_have_a_batch(file: Path, x: list[int], kernel: list[int]) -> None:
    rules = f"x: {{shape: {x}, fill: 1}}\nkernel: {{shape: {kernel}, fill: 1}}"
    q = case(file, rules).question
    assert isinstance(q, Question)
    assert not q.unbatched


def test_a_rank_makes_one_example_of_an_x_beside_a_bare_kernel(file: Path) -> None:
    q = case(file, "x: [[1, 2, 3]]\nkernel: [1, 10]\nrank: 1").question
    assert isinstance(q, Question)
    assert (q.x.shape, q.unbatched) == ((1, 1, 3), True)


EXAMPLE = "x: [[1, 2], [3, 4]]\nkernel: [[[1, 10]], [[100, 1000]]]\n"


@pytest.mark.parametrize(
    "expected",
    [
        "{numbers: [[301, 3412, 4020]]}",
        "{numbers: [301, 3412, 4020]}",
        "{shape: [1, 3]}",
        "{shape: [3]}",
    ],
)
def test_the_answer_to_one_example_is_stated_without_a_batch(file: Path, expected: str) -> None:
    text = "x: [[1, 2], [3, 4]]\nkernel: [[[1, 10]], [[100, 1000]]]\npadding: [[0, 0]]\n"
    numbers = answer(case(file, text).question).ravel().tolist()
    assert numbers == [301, 3412, 4020]
    case(file, f"{text}expected: {expected}")


@pytest.mark.parametrize("expected", ["{shape: [1, 1, 3]}", "{numbers: [[[301, 3412, 4020]]]}"])
def test_an_answer_with_a_batch_is_another_one(file: Path, expected: str) -> None:
    lines = [*EXAMPLE.splitlines(), f"expected: {expected}"]
    (wrong,) = problems(file, HEAD + "".join(f"    {line}\n" for line in lines))
    assert "the oracle's is (1, 3)" in wrong or "the oracle gives shape" in wrong


def test_the_gradient_of_one_example_has_no_batch_either(file: Path) -> None:
    text = f"{EXAMPLE}op: conv_transpose_input_gradient\n"
    q = case(file, f"{text}gradient: [[1, 2, 3]]").question
    assert isinstance(q, Question)
    assert q.gradient is not None
    assert q.gradient.shape == (1, 1, 3)
    lines = [*text.splitlines(), "gradient: [[[1, 2, 3]]]"]
    (wrong,) = problems(file, HEAD + "".join(f"    {line}\n" for line in lines))
    assert "gradient must have 1 axis, or 2 with channels" in wrong


def test_one_example_has_no_memory_order(file: Path) -> None:
    x = "{shape: [2, 2], arange: 1, memory: reversed}"
    lines = [f"x: {x}", "kernel: {shape: [2, 1, 2], fill: 1}"]
    (wrong,) = problems(file, HEAD + "".join(f"    {line}\n" for line in lines))
    assert wrong.endswith("memory has no meaning for an array without a batch")


# Pad and crop


def chain(x: str, *steps: str) -> str:
    return "\n".join(("op: chain", f"x: {x}", "steps:", *(f"  - {step}" for step in steps)))


KERNEL = "{kernel: [1, 10], stride: 2}"


@pytest.mark.parametrize(
    ("steps", "numbers"),
    [
        ((KERNEL, "{op: crop, cropping: [[1, 2]]}"), [10, 2, 20]),
        ((KERNEL, "{op: crop, cropping: 1}"), [10, 2, 20, 3]),
        ((KERNEL, "{op: pad, padding: [[0, 1]], value: 7}"), [1, 10, 2, 20, 3, 30, 7]),
        (("{op: pad, padding: [[1, 0]]}", KERNEL), [0, 0, 1, 10, 2, 20, 3, 30]),
        (("{op: pad, padding: 1, value: -1}", KERNEL), [-1, -10, 1, 10, 2, 20, 3, 30, -1, -10]),
        (("{op: crop, cropping: [[1, 0]]}", KERNEL), [2, 20, 3, 30]),
        (
            ("{op: crop, cropping: [[2, 0]]}", "{op: pad, padding: [1]}", KERNEL),
            [0, 0, 3, 30, 0, 0],
        ),
        ((KERNEL, "{op: crop, cropping: 0}", "{op: max_pool, size: 2}"), [10, 20, 30]),
    ],
)
def test_a_chain_pads_and_crops(file: Path, steps: tuple[str, ...], numbers: list[int]) -> None:
    question = case(file, chain("[1, 2, 3]", *steps)).question
    assert answer(question).ravel().tolist() == numbers
    assert isinstance(question, Chain)
    assert question.x.ravel().tolist() == [1, 2, 3]


def test_each_axis_is_padded_and_cropped_by_itself(file: Path) -> None:
    steps = (
        "{op: pad, padding: [[1, 0], [0, 2]]}",
        "{kernel: [[1]]}",
        "{op: crop, cropping: [0, 1]}",
    )
    question = case(file, chain("[[1, 2], [3, 4]]", *steps)).question
    np.testing.assert_array_equal(answer(question)[0, 0], [[0, 0], [2, 0], [4, 0]])


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (
            (KERNEL, "{op: crop, cropping: 3}"),
            "8:30: one: cropping [3, 3] leaves none of the 6 ele",
        ),
        ((KERNEL, "{op: crop}"), "8:9: one: cropping is missing"),
        ((KERNEL, "{op: pad, padding: -1}"), "8:28: one: padding must not be negative, got -1"),
        (
            (KERNEL, "{op: pad, padding: [[0, -1]]}"),
            "one: an entry of padding must not be negative",
        ),
        ((KERNEL, "{op: pad, padding: same}"), "padding must be a whole number or a list, got the"),
        (
            (KERNEL, "{op: pad, padding: [1, 2]}"),
            "8:28: one: padding must be one number, or one nu",
        ),
        (
            (KERNEL, "{op: pad, padding: 9999999}"),
            "8:28: one: the padded array would have 20000004",
        ),
        ((KERNEL, "{op: crop, padding: 1}"), "unknown key 'padding'"),
        ((KERNEL, "{op: pad, padding: 1, value: .nan}"), "value must be"),
        (("{op: pad, padding: 1}",), "7:7: one: steps must have an operator with a kernel"),
        (
            ("{op: max_pool, size: 1}", KERNEL),
            "a chain begins with an operator; give x as max_pool",
        ),
    ],
)
def test_what_no_step_can_be_is_refused(file: Path, steps: tuple[str, ...], sentence: str) -> None:
    text = HEAD + "".join(f"    {line}\n" for line in chain("[1, 2, 3]", *steps).splitlines())
    assert any(sentence in wrong for wrong in problems(file, text)), problems(file, text)


def test_a_value_that_is_not_whole_is_compared_within_rounding(file: Path) -> None:
    steps = "{op: pad, padding: 1, value: 0.5}", KERNEL
    only = case(file, chain("[1, 2, 3]", *steps))
    assert not only.exact
    text = chain("[1, 2, 3]", *steps) + "\nexact: true"
    (wrong,) = problems(file, HEAD + "".join(f"    {line}\n" for line in text.splitlines()))
    assert "value holds 0.5, which is not whole, but exact is true" in wrong


def test_a_value_that_the_dtype_cannot_hold_is_refused(file: Path) -> None:
    text = chain("[1, 2, 3]", "{op: pad, padding: 1, value: 2049}", KERNEL) + "\ndtype: float16"
    (wrong,) = problems(file, HEAD + "".join(f"    {line}\n" for line in text.splitlines()))
    assert "float16 cannot hold the 2049" in wrong


def test_one_example_goes_through_a_chain(file: Path) -> None:
    steps = (
        "{op: pad, padding: [[0, 1]]}",
        "{kernel: [[[1, 10]], [[100, 1000]]]}",
        "{op: max_pool, size: 2}",
    )
    question = case(file, chain("[[1, 2], [3, 4]]", *steps)).question
    assert isinstance(question, Chain)
    assert all(step.unbatched for step in question.questions)
    assert answer(question).tolist() == [[[3412, 4020]]]
