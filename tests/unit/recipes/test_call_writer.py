"""Calls: source that a stranger can run on the arrays that come with it, and nothing else."""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from fakes import plain
from fakes.frameworks import INTEROP, api, framework
from tiny import asked

from conformance import question
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases.sampling import draws
from conformance.question import AnyQuestion, Chain, Crop, Pad, Pool, Question, chained
from conformance.recipes import call_writer, plan_source, search
from conformance.recipes.call_writer import Call
from conformance.recipes.search import Cost


def written(
    asked_of: Api, q: AnyQuestion, mode: str = "native", within: Framework | None = None
) -> Call:
    call = call_writer.write(within or framework(asked_of), ANY, asked_of, q, mode)
    assert isinstance(call, Call), call
    return call


def run(call: Call) -> np.ndarray:
    namespace = {"np": np, "plain": plain, **call.arrays}
    exec(call.source, namespace)
    return namespace["y"]


# The arrays


@pytest.mark.parametrize(
    ("op", "names"),
    [
        ("conv_transpose", ["x", "w", "b"]),
        ("conv_transpose_parameters", ["x", "w", "b"]),
        ("conv_transpose_input_gradient", ["x", "w", "g"]),
        ("conv_transpose_kernel_gradient", ["x", "w", "g"]),
        ("conv", ["x", "w", "b"]),
        ("conv_transpose_bias_gradient", ["x", "w", "b", "g"]),
        ("conv_transpose_jvp", ["x", "w", "tx", "tw"]),
        ("conv_transpose_double_backward_input", ["x", "w", "g", "tx", "tw"]),
    ],
)
def test_a_call_comes_with_the_arrays_that_it_reads(op: str, names: list[str]) -> None:
    q = asked(op, bias=np.array([7], np.float32))
    if "g" in names:
        q = q.but(gradient=np.ones((1, 1, 4), np.float32))
    if "tx" in names:
        q = q.but(x_tangent=q.x, kernel_tangent=q.kernel)
    assert list(written(api(q.operator, as_layer=True), q).arrays) == names


def test_an_interpolation_has_no_kernel_to_read() -> None:
    assert list(written(api("interpolate"), asked("interpolate", stride=(2,))).arrays) == ["x"]


def test_source_changes_none_of_the_arrays() -> None:
    for q in islice(draws(seed=5), 60):
        call = written(api(q.operator, limits=("no dilation", "padding in words")), q, "recipe")
        before = {name: array.copy() for name, array in call.arrays.items()}
        run(call)
        for name, array in call.arrays.items():
            np.testing.assert_array_equal(array, before[name])


# What a call is made of


def test_a_call_opens_with_the_imports_of_its_dialect() -> None:
    assert written(api(), asked()).imports == ("from fakes import plain",)


def test_an_api_may_have_a_dialect_of_its_own() -> None:
    own = api(interop=replace(INTEROP, imports=("import other",)))
    assert written(own, asked()).imports == ("import other",)


def test_the_backend_chooses_the_dialect() -> None:
    interops = {name: replace(INTEROP, imports=(f"import {name}",)) for name in ("fast", "slow")}
    plain_on = framework(api(), interops=interops)
    call = call_writer.write(plain_on, Runtime(backend="slow"), plain_on.apis[0], asked(), "native")
    assert call.imports == ("import slow",)


def test_a_dtype_that_numpy_lacks_is_cast_there_and_back() -> None:
    dtype_conversions = {"bfloat16": ("plain.tensor({v} * 2)", "{v}.numpy() * 10")}
    casting = framework(
        api(), interops={None: replace(INTEROP, dtype_conversions=dtype_conversions)}
    )
    call = written(casting.apis[0], asked(dtype="bfloat16"), within=casting)
    assert run(call).tolist() == [[[40, 480, 920, 1200]]]


def test_a_question_without_a_spelling_is_inexpressible() -> None:
    mute = api(native=lambda _: Inexpressible("there is no parameter for that"))
    told = call_writer.write(framework(mute), ANY, mute, asked(), "native")
    assert told == Inexpressible("there is no parameter for that")


def test_a_recipe_says_what_it_costs() -> None:
    groups = asked(x=np.ones((1, 2, 3)), kernel=np.ones((2, 1, 2)), groups=2)
    assert written(api(limits=("no groups",)), groups, "recipe").cost == Cost.BLOCKS


def test_the_bias_comes_on_top_where_there_is_no_parameter() -> None:
    call = written(api(takes_bias=False), asked(bias=np.array([100], np.float32)))
    assert run(call).tolist() == [[[101, 112, 123, 130]]]


def test_a_bias_on_top_does_not_widen_what_the_framework_made_narrow() -> None:
    narrow = replace(INTEROP, array="{v}.numpy().astype(np.int32)")
    added_to = api(takes_bias=False)
    within = replace(framework(added_to), interops={None: narrow})
    arrays = {"x": [[[1, 2, 3]]], "kernel": [[[1, 10]]], "bias": [100]}
    wide = {name: np.array(values, np.int64) for name, values in arrays.items()}
    call = written(added_to, asked(dtype="int64", **wide), within=within)
    assert run(call).dtype == np.int32


# Chains


TRANSPOSE = api(forward="plain.conv")
BOTH = framework(TRANSPOSE, api("conv"))


def chain(*steps: Question | Pool) -> Chain:
    return chained(steps[0].x, steps)


def test_a_step_goes_on_with_the_answer_of_the_one_before() -> None:
    call = written(TRANSPOSE, chain(asked(), asked()), within=BOTH)
    assert run(call).tolist() == [[[1, 22, 143, 260, 300]]]


def test_each_step_has_its_own_kernel() -> None:
    other = asked(kernel=np.array([[[1, 0, -1]]], np.float32))
    call = written(TRANSPOSE, chain(asked(), other), within=BOTH)
    assert run(call).tolist() == [[[1, 12, 22, 18, -23, -30]]]


def test_a_bias_of_one_step_is_not_that_of_the_next() -> None:
    call = written(TRANSPOSE, chain(asked(bias=np.array([100.0])), asked()), within=BOTH)
    assert run(call).tolist() == [[[101, 1122, 1243, 1360, 1300]]]


def test_a_convolution_in_a_chain_is_asked_of_the_api_that_goes_along() -> None:
    call = written(TRANSPOSE, chain(asked("conv"), asked()), within=BOTH)
    assert run(call).tolist() == [[[21, 242, 320]]]


def test_a_chain_with_a_convolution_needs_an_api_that_goes_along() -> None:
    alone = api()
    told = call_writer.write(framework(alone), ANY, alone, chain(asked("conv"), asked()), "native")
    assert told == Inexpressible("plain.conv_transpose has no convolution beside it")


def test_a_chain_is_inexpressible_where_one_of_its_steps_is() -> None:
    mute = api(forward="plain.conv", native=lambda _: Inexpressible("no"))
    within = framework(mute, api("conv"))
    steps = chain(asked("conv"), asked())
    assert call_writer.write(within, ANY, mute, steps, "native") == Inexpressible("no")


@pytest.mark.parametrize("space", [(4,), (5,), (4, 6), (3, 5), (2, 2, 3)])
def test_pooling_takes_the_largest_of_every_block(space: tuple[int, ...]) -> None:
    rank = len(space)
    x = np.random.default_rng(0).integers(-9, 10, (2, 1, *space)).astype(np.float32)
    ones = (1,) * rank
    one = asked(x=x, kernel=np.ones((1, 1, *ones), np.float32), padding="valid")
    steps = chain(one, Pool(2))
    np.testing.assert_array_equal(
        run(written(TRANSPOSE, steps, within=BOTH)), question.answer(steps)
    )


def test_a_chain_costs_what_its_dearest_step_costs() -> None:
    limited = api(limits=("no dilation",), forward="plain.conv")
    steps = chain(asked(), asked(dilation=(2,)), asked())
    assert written(limited, steps, "recipe").cost == Cost.KERNEL


def test_a_chain_says_what_was_done_to_any_of_its_steps() -> None:
    limited = api(limits=("no dilation",), forward="plain.conv")
    steps = chain(asked(dilation=(2,)), asked())
    assert written(limited, steps, "recipe").moves != ()


@pytest.mark.parametrize("seed", range(3))
def test_chains_have_recipes_too(seed: int) -> None:
    limits = ("no dilation", "no groups", "symmetric padding", "no negative padding")
    transposing = api(limits=limits, forward="plain.conv", layout="N *s C", flips=True)
    within = framework(transposing, api("conv", limits=limits, layout="N *s C"))
    for q in islice(draws(seed, ops=("conv_transpose",)), 10):
        channels = q.output_channels
        back = asked(
            "conv",
            x=question.answer(q),
            kernel=np.ones((2, channels, *(1,) * q.rank), np.float32),
            padding=((1, 0),) * q.rank,
        )
        steps = chain(q, back)
        call = written(transposing, steps, "recipe", within=within)
        np.testing.assert_array_equal(run(call), question.answer(steps))


# One example without a batch

IMAGE = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)


def example(op: str = "conv_transpose", **arguments: Any) -> Question:
    """An image of two channels, in two groups with a bias if nothing else is said."""
    two = {"stride": (2, 1), "padding": ((0, 1), (0, 0)), "output_padding": (0, 0)}
    kernel = np.arange(1, 13, dtype=np.float32).reshape(2, 1, 2, 3)
    q = asked(op, x=IMAGE, kernel=kernel, dilation=(1, 1), unbatched=True, **two, **arguments)
    return q.but(gradient=np.ones(q.output_shape, np.float32)) if "gradient" in op else q


def test_a_naive_call_gets_one_example_as_it_is() -> None:
    call = written(api(), example())
    assert call.arrays["x"].shape == (2, 2, 3)
    assert "None" not in call.source
    assert "[0]" not in call.source


def test_a_naive_call_moves_the_axes_that_one_example_has() -> None:
    call = written(api(layout="N *s C"), example())
    assert "x = x.transpose(1, 2, 0)\n" in call.source
    assert "y = y.transpose(2, 0, 1)\n" in call.source


@pytest.mark.parametrize("layout", ["N C *s", "N *s C"])
@pytest.mark.parametrize(
    "q",
    [
        example(),
        example(bias=np.array([100], np.float32)),
        example(groups=2, bias=np.array([100, 200], np.float32)),
        example("conv_transpose_input_gradient", groups=2),
        example("conv_transpose_kernel_gradient"),
    ],
    ids=["plain", "bias", "groups", "input gradient", "kernel gradient"],
)
@pytest.mark.parametrize("limits", [(), ("no groups", "no stride with dilation", "no dilation")])
def test_a_recipe_adds_the_batch_and_drops_it(
    q: Question, layout: str, limits: tuple[str, ...]
) -> None:
    for takes_bias in (True, False):
        call = written(api(layout=layout, limits=limits, takes_bias=takes_bias), q, "recipe")
        assert "batch axis added" in call.moves
        assert call.cost >= Cost.BATCH
        np.testing.assert_array_equal(run(call), question.as_passed(q, question.answer(q)))


def test_a_call_for_each_group_splits_the_channels_of_one_example() -> None:
    q = example(groups=2)
    alone = api(limits=("no groups",), takes_unbatched=False)
    split = search.plans(alone, q)
    texts = [plan_source.text(plan, INTEROP, q) for plan in split if plan.split]
    assert texts
    for text in texts:
        call = Call(text, plan_source.arrays_of(q), Cost.COMPOSITION, (), ())
        np.testing.assert_array_equal(run(call), question.answer(q)[0])


def test_who_takes_one_example_gets_it_in_the_recipe_too() -> None:
    call = written(api(takes_unbatched=True), example(), "recipe")
    assert call.moves == ()
    assert call.cost == Cost.ARGUMENTS


def test_where_an_array_is_mapped_around_the_call_the_batch_is_added_first() -> None:
    limited = api(takes_unbatched=True, limits=("symmetric padding",))
    call = written(limited, example(), "recipe")
    assert call.moves[0] == "batch axis added"
    np.testing.assert_array_equal(run(call), question.answer(example())[0])


# Pads and crops


@pytest.mark.parametrize("unbatched", [False, True])
def test_a_chain_pads_and_crops_around_its_calls(unbatched: bool) -> None:
    ones = np.ones((1, 1, 2, 2), np.float32)
    two = {"stride": (1, 1), "padding": "valid", "output_padding": (0, 0), "dilation": (1, 1)}
    layer = asked(x=IMAGE[:, :1], kernel=ones, unbatched=unbatched, **two)
    steps = chained(
        IMAGE[:, :1],
        (
            Pad(((1, 0), (0, 2)), 5), layer, Crop(((0, 1), (2, 0))), layer, Pad(((0, 0), (1, 1))),
            Crop(((1, 0), (0, 1))), Pool(2),
        ),
    )  # fmt: skip
    for mode in ("native", "recipe") if not unbatched else ("recipe",):
        call = written(TRANSPOSE, steps, mode, within=BOTH)
        np.testing.assert_array_equal(run(call), question.as_passed(steps, question.answer(steps)))
        assert "constant_values=5" in call.source


# Numbers of two dtypes, complex ones, and some that are not finite


MIXED = {"dtype": "float32", "operand_dtypes": ("float32", "float16")}


def test_two_dtypes_are_passed_as_they_are_and_converted_by_a_recipe() -> None:
    q = asked(kernel=np.array([[[1, 10]]], np.float16), bias=np.array([7], np.float32), **MIXED)
    call = written(api(), q, "recipe")
    assert (call.moves, call.cost) == (("kernel cast",), Cost.CAST)
    assert "w = w.astype(np.float32)" in call.source
    assert "astype" not in written(api(), q).source
    assert run(call).tolist() == question.answer(q).tolist()
    assert run(call).dtype == np.float32


def test_two_dtypes_that_neither_holds_are_both_converted() -> None:
    whole = asked(
        x=np.array([[[1, 2, 3]]], np.int32), dtype="float64", operand_dtypes=("int32", "float32")
    )
    assert written(api(), whole, "recipe").moves == ("input cast", "kernel cast")
    assert run(written(api(), whole, "recipe")).dtype == np.float64


def test_each_of_two_dtypes_that_numpy_lacks_is_made_by_itself() -> None:
    dtype_conversions = {"bfloat16": ("plain.tensor({v} * 2)", "{v}.numpy() * 10")}
    casting = framework(
        api(), interops={None: replace(INTEROP, dtype_conversions=dtype_conversions)}
    )
    q = asked(dtype="float32", operand_dtypes=("float32", "bfloat16"))
    call = written(casting.apis[0], q, within=casting)
    # The kernel is converted, and the answer only if it is of that dtype.
    assert run(call).tolist() == [[[2, 24, 46, 60]]]
    recipe = written(casting.apis[0], q, "recipe", within=casting)
    assert run(recipe).tolist() == question.answer(q).tolist()


X, W = np.array([[[1 + 2j, 3, -1j]]], "c8"), np.array([[[2 - 1j, 1j]]], "c8")
G = np.array([[[1, 1j, 2, -1 + 1j]]], "c8")


@pytest.mark.parametrize("op", ["conv_transpose_input_gradient", "conv_transpose_kernel_gradient"])
def test_a_recipe_takes_back_the_conjugate_of_gradients(op: str) -> None:
    q = asked(op, x=X, kernel=W, gradient=G, dtype="complex64")
    lines = INTEROP.gradient
    conjugating = replace(
        INTEROP,
        conjugates_gradients=True,
        gradient=lambda call_source, by: (
            "x, w = (plain.tensor(t.numpy().conj()) for t in (x, w))",
            *lines(call_source, by),
        ),
    )
    within = framework(api(), interops={None: conjugating})
    native, recipe = (
        run(written(within.apis[0], q, mode, within=within)) for mode in ("native", "recipe")
    )
    plainly = question.answer(q)
    assert recipe.tolist() == plainly.tolist()
    assert native.tolist() != plainly.tolist()
    assert written(within.apis[0], q, "recipe", within=within).moves == ("gradient conjugated",)


def test_no_recipe_puts_zeros_where_they_meet_an_infinity() -> None:
    x = np.array([[[1, np.inf, 3]]], np.float32)
    dilated = asked(x=x, dilation=(2,))
    padded = asked("conv", kernel=np.array([[[np.inf, 1]]], np.float32), padding=((1, 0),))
    in_the_second_group = asked(
        "conv",
        x=np.ones((1, 2, 3), np.float32),
        kernel=np.array([[[1, 1]], [[np.inf, 1]]], np.float32),
        padding=((1, 0),),
        groups=2,
    )
    for limit, q in (
        ("no dilation", dilated),
        ("padding in words", padded),
        ("padding in words", in_the_second_group),
    ):
        limited = api(q.operator, limits=(limit,))
        call = call_writer.write(framework(limited), ANY, limited, q, "recipe")
        assert isinstance(call, Inexpressible)
