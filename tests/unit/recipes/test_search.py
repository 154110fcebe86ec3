"""Recipes: whatever an API refuses, the call that is written for it gives the oracle's answer.

The API is `fakes.plain`, which is the oracle but for what it refuses, so a recipe can only be right
or wrong by itself.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from fakes import plain
from fakes.frameworks import INTEROP, api, framework, function

from conformance import question
from conformance.adapters.call_source import CallSource, Inexpressible
from conformance.adapters.framework import Api
from conformance.adapters.limitation import Limitation, boundary
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases.sampling import DERIVED_OPS, SAMPLED_OPS, SMALL, draws
from conformance.observations import MODES, Mode
from conformance.oracle import geometry
from conformance.question import Op, OutputLength, Question
from conformance.recipes import call_writer, search
from conformance.recipes.call_writer import Call
from conformance.recipes.search import Cost, Plan

TRANSPOSE_AXES = ("in out *k", "out in *k", "*k in out", "*k out in")
REWRITABLE = tuple(limit for limit in plain.LIMITS if "stride" not in limit or "output" in limit)
"""What a recipe can always go around; a stride cannot be asked for without a stride."""
TRANSPOSED_OPS = tuple(op for op in (*SAMPLED_OPS, *DERIVED_OPS) if "transpose" in op)


def asked(op: Op = "conv_transpose", **arguments: Any) -> Question:
    """One axis, x of 3 ones and a kernel of 3, if nothing else is said."""
    fields = {
        "x": np.ones((1, 2, 3), np.float32),
        "kernel": np.ones((2, 2, 3), np.float32),
        **arguments,
    }
    return Question(op=op, **fields)


def ran(asked_of: Api, q: Question, mode: str = "recipe") -> np.ndarray:
    call = call_writer.write(framework(asked_of), ANY, asked_of, q, mode)
    assert isinstance(call, Call), call
    namespace = {"np": np, "plain": plain, **call.arrays}
    exec(call.source, namespace)
    return namespace["y"]


def plan(asked_of: Api, q: Question) -> Plan:
    planned = search.recipe(asked_of, q)
    assert isinstance(planned, Plan), planned
    return planned


def some(random: np.random.Generator) -> tuple[str, ...]:
    """Any limits together, but for two that leave no padding at all."""
    without = random.choice(("symmetric padding", "padding in words"))
    return tuple(one for one in REWRITABLE if one != without and random.random() < 0.4)


# Right, whatever is refused


@pytest.mark.parametrize("limit", [None, *REWRITABLE])
def test_a_recipe_goes_around_what_is_refused(limit: str | None) -> None:
    limits = () if limit is None else (limit,)
    for q in islice(draws(seed=1), 60):
        np.testing.assert_array_equal(ran(api(q.operator, limits=limits), q), question.answer(q))


@pytest.mark.parametrize("limit", [None, *REWRITABLE])
def test_a_recipe_wraps_an_output_around_itself(limit: str | None) -> None:
    limits = () if limit is None else (limit,)
    for q in islice(draws(1, space=replace(SMALL, paddings=("circular",))), 40):
        np.testing.assert_array_equal(ran(api(q.operator, limits=limits), q), question.answer(q))


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
def test_single_places_of_what_is_wrapped_need_no_stride(op: Op) -> None:
    x = np.arange(2, 8, dtype=np.float32).reshape(1, 2, 3)[..., : 3 if op == "conv" else 1]
    q = asked(op, x=x, stride=(3,), padding="circular", dilation=(2,))
    assert plan(api(op, limits=("no stride",)), q).cost == Cost.CROP
    np.testing.assert_array_equal(ran(api(op, limits=("no stride",)), q), question.answer(q))


def test_a_wrapped_output_has_no_derivative_by_the_bias_of_the_call() -> None:
    q = asked(
        "conv_transpose_bias_gradient",
        padding="circular",
        bias=np.ones(2, np.float32),
        gradient=np.ones((1, 2, 3), np.float32),
    )
    assert isinstance(search.recipe(api(), q), Inexpressible)
    assert isinstance(search.recipe(replace(api(), takes_circular=True), q), Plan)


def test_no_circular_padding_is_asked_for_where_there_is_none() -> None:
    native = search.native(api("conv_transpose"), asked(padding="circular"))
    assert native == Inexpressible("there is no circular padding")
    assert plan(api("conv_transpose"), asked(padding="circular")).cost == Cost.CROP


def test_circular_padding_is_asked_for_where_there_is_some() -> None:
    circular = replace(api("conv_transpose"), takes_circular=True)
    assert plan(circular, asked(padding="circular")).moves == ()


def any_api(random: np.random.Generator, q: Question) -> Api:
    return api(
        q.operator,
        limits=some(random),
        layout=str(random.choice(("N C *s", "N *s C"))),
        kernel_axes=str(random.choice(TRANSPOSE_AXES)),
        flips=bool(random.integers(2)),
        as_layer=bool(random.integers(2)),
        takes_bias=bool(random.integers(2)),
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_recipe_goes_around_everything_at_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    for q in islice(draws(seed), 60):
        np.testing.assert_array_equal(ran(any_api(random, q), q), question.answer(q))


@pytest.mark.parametrize("seed", range(8))
def test_a_recipe_of_a_further_derivative_goes_around_everything_at_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    right = 0
    for q in islice(draws(seed, DERIVED_OPS), 40):
        asked_of = any_api(random, q)
        if isinstance(search.recipe(asked_of, q), Inexpressible):
            assert q.is_by_bias  # and the recipe has to add the bias itself
            continue
        np.testing.assert_array_equal(ran(asked_of, q), question.answer(q))
        right += 1
    assert right > 20


@pytest.mark.parametrize("mode", MODES)
def test_a_call_without_a_bias_has_no_derivative_by_it(mode: Mode) -> None:
    bias, gradient = np.ones(2, np.float32), np.ones((1, 2, 5), np.float32)
    by_bias = asked("conv_transpose_bias_gradient", bias=bias, gradient=gradient)
    along_bias = asked("conv_transpose_jvp", bias=bias, bias_tangent=bias)
    for q in (by_bias, along_bias):
        call = call_writer.write(framework(api()), ANY, api(takes_bias=False), q, mode)
        assert isinstance(call, Inexpressible)
        assert "adds no bias" in call.reason


def test_a_bias_that_is_added_after_the_call_has_no_derivative() -> None:
    bias, gradient = np.ones(2, np.float32), np.ones((1, 2, 3), np.float32)
    q = asked("conv_transpose_bias_gradient", padding="circular", bias=bias, gradient=gradient)
    reason = "the call has no derivative by a bias that is added after it"
    assert search.recipe(api(), q) == Inexpressible(reason)


def test_the_tangent_of_a_bias_that_is_added_last_is_added_last() -> None:
    bias = np.ones(2, np.float32)
    q = asked("conv_transpose_jvp", bias=bias, bias_tangent=5 * bias, x_tangent=asked().x)
    np.testing.assert_array_equal(ran(api(takes_bias=False), q), question.answer(q))


@pytest.mark.parametrize(
    ("op", "field", "reason"),
    [
        ("conv_transpose_jvp", "jvp", "forward mode"),
        ("conv_transpose_double_backward_kernel", "double_backward", "gradient of a gradient"),
    ],
)
def test_a_framework_without_a_derivative_is_not_called(op: Op, field: str, reason: str) -> None:
    without = api(interop=replace(INTEROP, **{field: None}))
    q = asked(op, x_tangent=asked().x, gradient=np.ones((1, 2, 5), np.float32))
    call = call_writer.write(framework(without), ANY, without, q, "recipe")
    assert isinstance(call, Inexpressible)
    assert reason in call.reason


@pytest.mark.parametrize("op", [op for op in SAMPLED_OPS if op.startswith("conv")])
def test_a_stride_that_means_nothing_is_gone_around(op: Op) -> None:
    right = 0
    for q in islice(draws(seed=3, ops=(op,)), 300):
        places = q.output_space if q.operator == "conv" else q.space
        needed = any(s > 1 and n > 1 for n, s in zip(places, q.stride, strict=True))
        asked_of = api(q.operator, limits=("no stride",))
        if needed:
            assert isinstance(search.recipe(asked_of, q), Inexpressible)
        else:
            np.testing.assert_array_equal(ran(asked_of, q), question.answer(q))
            right += set(q.stride) != {1}
    assert right > 10


def is_beyond_kernel(q: Question) -> bool:
    sizes = geometry.effective_kernel_size(q.window, q.dilation)
    return any(s > size for s, size in zip(q.stride, sizes, strict=True))


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("op", [op for op in TRANSPOSED_OPS if "bias" not in op])
def test_a_stride_beyond_the_kernel_is_gone_around_by_a_longer_kernel(op: Op, flips: bool) -> None:
    base = api("conv_transpose", flips=flips)
    asked_of = replace(base, limits=(Limitation("a stride beyond the kernel", is_beyond_kernel),))
    lengthened = 0
    for q in islice(draws(seed=5, ops=(op,)), 100):
        move = "zeros put after the kernel"
        np.testing.assert_array_equal(ran(asked_of, q), question.answer(q))
        assert (move in plan(asked_of, q).moves) <= is_beyond_kernel(q)
        lengthened += move in plan(asked_of, q).moves
    assert lengthened > 10


def test_a_kernel_is_made_no_longer_where_that_would_spread_an_infinity() -> None:
    beyond = Limitation("a stride beyond the kernel", is_beyond_kernel)
    asked_of = replace(api("conv_transpose"), limits=(beyond,))
    assert isinstance(search.recipe(asked_of, asked(stride=(4,))), Plan)
    infinite = asked(x=np.full((1, 2, 3), np.inf, np.float32), stride=(4,))
    assert search.recipe(asked_of, infinite) == Inexpressible("a stride beyond the kernel")


@pytest.mark.parametrize("op", ["conv_parameters", "conv_transpose_parameters"])
def test_parameters_are_counted_of_what_the_question_has(op: Op) -> None:
    for q in islice(draws(seed=2, ops=(op,)), 40):
        asked_of = api(q.operator, as_layer=True, limits=("no groups", "symmetric padding"))
        assert ran(asked_of, q) == question.answer(q)


@pytest.mark.parametrize("layout", ["N C *s", "N *s C"])
def test_an_interpolation_has_a_recipe(layout: str) -> None:
    q = asked("interpolate", kernel=np.zeros(0, np.float32), stride=(2,))
    from_spelling = api("interpolate", layout=layout, kernel_axes="in out *k")
    np.testing.assert_array_equal(ran(from_spelling, q), question.answer(q))


# The cheapest


@pytest.mark.parametrize(
    ("limits", "arguments", "cost"),
    [
        # What can be asked as it stands costs nothing.
        ((), {"padding": ((1, 2),)}, Cost.ARGUMENTS),
        (("symmetric padding",), {"padding": ((1, 1),)}, Cost.ARGUMENTS),
        # Cropping one less at the end is output padding of one, ...
        (("symmetric padding",), {"padding": ((1, 0),)}, Cost.ARGUMENTS),
        (("symmetric padding",), {"padding": ((0, 1),), "output_padding": (1,)}, Cost.ARGUMENTS),
        # ... but only where there is such a parameter, and up to what it allows.
        (("symmetric padding", "no output padding"), {"padding": ((1, 0),)}, Cost.CROP),
        (
            ("symmetric padding", "output padding below the stride"),
            {"padding": ((1, 0),)},
            Cost.CROP,
        ),
        (
            ("symmetric padding", "output padding below the stride"),
            {"padding": ((1, 0),), "stride": (2,)},
            Cost.ARGUMENTS,
        ),
        # Cropping more at the end than at the start is no output padding.
        (("symmetric padding",), {"padding": ((0, 1),)}, Cost.CROP),
        # SAME of an even rest is a number; of an odd rest it crops one more at the end.
        (("symmetric padding",), {"padding": "same"}, Cost.ARGUMENTS),
        (("symmetric padding",), {"padding": "same", "stride": (2,)}, Cost.CROP),
        (("padding in words",), {"padding": ((1, 1),)}, Cost.ARGUMENTS),
        (("padding in words",), {"padding": ((0, 0),)}, Cost.ARGUMENTS),
        (("padding in words",), {"padding": ((2, 2),)}, Cost.CROP),
        # What output padding adds where a crop took it is neither cropped nor padded after all.
        (
            ("padding in words", "no output padding"),
            {"padding": ((0, 1),), "output_padding": (1,)},
            Cost.ARGUMENTS,
        ),
        (("no negative padding",), {"padding": ((-1, -1),)}, Cost.CROP),
        (("no dilation",), {"dilation": (2,)}, Cost.KERNEL),
        (("no dilation",), {"dilation": (1,)}, Cost.ARGUMENTS),
        (("no stride with dilation",), {"dilation": (2,), "stride": (2,)}, Cost.KERNEL),
        (("no stride with dilation",), {"dilation": (2,)}, Cost.ARGUMENTS),
        (
            ("no dilation", "padding in words"),
            {"dilation": (2,), "padding": ((1, 0),)},
            Cost.CROP,
        ),
        # A stride means nothing where there is one place to take, or one element to spread.
        (("no stride",), {"x": np.ones((1, 2, 1)), "stride": (3,)}, Cost.ARGUMENTS),
        # One call with zeros between the groups goes less far than a call for each of them.
        (("no groups",), {"groups": 2, "kernel": np.ones((2, 1, 3))}, Cost.BLOCKS),
        (
            ("no groups", "no dilation", "padding in words"),
            {"groups": 2, "kernel": np.ones((2, 1, 3)), "dilation": (2,), "padding": ((1, 0),)},
            Cost.BLOCKS,
        ),
        (
            ("no groups",),
            {"groups": 2, "kernel": np.ones((2, 1, 3)), "x": np.full((1, 2, 3), np.inf)},
            Cost.COMPOSITION,
        ),
    ],
)
def test_a_recipe_goes_no_further_than_it_must(
    limits: tuple[str, ...], arguments: dict[str, Any], cost: Cost
) -> None:
    assert plan(api(limits=limits), asked(**arguments)).cost == cost


def test_a_kernel_that_is_read_backwards_costs_a_transform_of_it() -> None:
    assert plan(api(flips=True), asked()).cost == Cost.KERNEL


def test_another_layout_costs_nothing() -> None:
    elsewhere = api(layout="N *s C", kernel_axes="*k out in")
    assert plan(elsewhere, asked()).cost == Cost.ARGUMENTS


def test_costs_are_ordered_by_how_far_they_go() -> None:
    assert [cost.words for cost in sorted(Cost)] == [
        "arguments only",
        "numbers converted around the call",
        "kernel transform",
        "batch axis added around the call",
        "arrays transposed around the call",
        "crop or pad around the call",
        "another function of the framework",
        "block-diagonal kernel",
        "composition of several calls",
    ]


def test_what_needs_no_rewriting_is_not_rewritten() -> None:
    assert plan(api(), asked(padding=((1, 2),), dilation=(2,))).moves == ()


def test_dilation_that_can_be_asked_for_stays_in_the_call() -> None:
    # Only the padding is in the way.
    q = asked(dilation=(2,), padding=((2, 1),))
    cropping = plan(api(limits=("padding in words",)), q)
    assert cropping.question.dilation == (2,)


# Groups in one call


def without_groups(q: Question) -> CallSource | Inexpressible:
    return Inexpressible("no groups") if q.groups > 1 else function(flips=True)(q)


def convolved(q: Question) -> CallSource:
    """Without a stride, a transposed convolution is a convolution of a padded input."""
    reach = geometry.effective_kernel_size(q.window, q.dilation)
    padding = tuple(
        (r - 1 - b, r - 1 - e + p)
        for r, (b, e), p in zip(reach, q.pairs, q.output_padding, strict=True)
    )
    return function()(q.but(op="conv", padding=padding, output_padding=(0,) * q.rank))


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("op", [op for op in SAMPLED_OPS if op.startswith("conv_transpose")])
def test_another_function_is_handed_the_kernel_that_it_reads(op: Op, flips: bool) -> None:
    asked_of = api(flips=flips, recipe=without_groups, grouped=convolved)
    grouped = (
        q.but(stride=(1,) * q.rank, gradient=None) if op == "conv_transpose" else q
        for q in draws(seed=5, ops=(op,))
        if q.groups > 1 and (op == "conv_transpose" or set(q.stride) == {1}) and q.has_output
    )
    for q in islice((q for q in grouped if q.has_output), 40):
        assert plan(asked_of, q).cost == Cost.FUNCTION
        np.testing.assert_array_equal(ran(asked_of, q), question.answer(q))


def test_a_number_that_is_not_finite_stays_in_its_group() -> None:
    x = np.ones((1, 2, 2))
    x[0, 1] = np.inf, np.nan
    q = asked(x=x, kernel=np.ones((2, 1, 1)), groups=2)
    assert ran(api(limits=("no groups",)), q)[0, 0].tolist() == [1, 1]


# In the API's own words


OWN = {"padding": ((1, 1),), "stride": (2,)}


def same(q: Question) -> Question | None:
    """An API whose `same` means a crop of one at each end."""
    return q.but(padding="same") if q.pairs == ((1, 1),) else None


def test_what_an_api_means_by_its_own_words_is_asked_in_them() -> None:
    own = api(limits=("padding in words",), native_equivalent=same)
    planned = plan(own, asked(**OWN))
    assert (planned.question.padding, planned.cost) == ("same", Cost.ARGUMENTS)
    assert plan(own, asked(**OWN, output_padding=(1,))).cost == Cost.ARGUMENTS
    assert plan(api(limits=("padding in words",)), asked(**OWN)).cost == Cost.CROP


@pytest.mark.parametrize(
    ("limit", "cost"),
    [
        (Limitation("it refuses", lambda q: q.padding == "same"), Cost.CROP),
        (
            Limitation("it means this", lambda q: q.padding == "same", another_meaning=True),
            Cost.ARGUMENTS,
        ),
        (Limitation("it errs", lambda q: q.padding == ((1, 1),), is_refusal=False), Cost.CROP),
        (Limitation("it takes no numbers", lambda q: q.padding == ((1, 1),)), Cost.ARGUMENTS),
    ],
)
def test_own_words_are_stopped_by_what_is_refused_and_by_what_goes_wrong(
    limit: Limitation, cost: Cost
) -> None:
    plainly = api(limits=("padding in words",), native_equivalent=same)
    limited = replace(plainly, limits=(*plainly.limits, limit))
    assert plan(limited, asked(**OWN)).cost == cost


# What the alternatives cost


def prices(asked_of: Api, q: Question) -> list[tuple[Cost, int, float]]:
    plans = search.plans(asked_of, q)
    assert plans[0].moves == plan(asked_of, q).moves
    return [(one.cost, *search.effort(one, q)) for one in plans]


def test_groups_cost_calls_or_multiplications() -> None:
    depthwise = asked(x=np.ones((1, 4, 3)), kernel=np.ones((4, 1, 3)), groups=4)
    assert prices(api(limits=("no groups",)), depthwise) == [
        (Cost.BLOCKS, 1, 4),
        (Cost.COMPOSITION, 4, 1),
    ]


def test_zeros_in_a_kernel_cost_multiplications() -> None:
    assert prices(api(limits=("no dilation",)), asked(dilation=(2,))) == [(Cost.KERNEL, 1, 5 / 3)]


def test_what_can_be_asked_as_it_stands_has_no_alternative() -> None:
    q = asked(padding=((1, 1),), dilation=(2,), bias=np.array([1, 2], np.float32))
    assert prices(api(), q) == [(Cost.ARGUMENTS, 1, 1)]


# None and 0


def test_a_recipe_asks_the_same_whether_0_was_given_or_nothing() -> None:
    assert plan(api(), asked(zero_given=True)).question.zero_given is False


def test_a_native_call_is_told_that_0_was_given() -> None:
    planned = search.native(api(), asked(zero_given=True))
    assert isinstance(planned, Plan)
    assert planned.question.zero_given


# Bias


def test_a_bias_that_the_call_does_not_take_is_added_to_the_output() -> None:
    q = asked(bias=np.array([10, 20], np.float32))
    assert plan(api(takes_bias=False), q).add_bias


def test_beyond_the_full_output_there_is_bias_too() -> None:
    q = asked(padding=((0, -1),), bias=np.array([10, 20], np.float32))
    last = ran(api(limits=("no negative padding",)), q)[..., -1]
    assert last.tolist() == [[10, 20]]


def test_a_bias_stays_in_a_call_whose_output_is_only_cropped() -> None:
    q = asked(padding=((1, 0),), bias=np.array([10, 20], np.float32))
    assert not plan(api(limits=("padding in words",)), q).add_bias


# Inexpressible


def test_what_cannot_be_gone_around_is_inexpressible_with_the_reason() -> None:
    without = api(limits=("no stride",))
    assert search.recipe(without, asked(stride=(2,))) == Inexpressible("no stride")


@pytest.mark.parametrize("padding", ["valid", "same", "circular", ((1, 1),), ((3, 1),)])
@pytest.mark.parametrize("extra", [0, 1, 4])
def test_the_reason_is_what_no_recipe_goes_around(padding: Any, extra: int) -> None:
    limits = ("symmetric padding", "output padding below the stride", "no dilation", "no stride")
    q = asked(stride=(2,), dilation=(2,), padding=padding, output_padding=(extra,))
    assert search.recipe(api(limits=limits), q) == Inexpressible("no stride")


@pytest.mark.parametrize("mode", [search.native, search.recipe])
def test_beyond_a_boundary_no_call_is_written(mode: Callable[..., Any]) -> None:
    without = replace(api(), limits=(boundary("no stride", lambda q: q.stride != (1,)),))
    assert mode(without, asked(stride=(2,))) == Inexpressible("no stride")
    assert isinstance(mode(without, asked()), Plan)


def test_a_limit_of_another_backend_is_none() -> None:
    q = asked(dilation=(2,))
    refusing = api(limits=("no dilation",))
    on_slow = replace(refusing, limits=(replace(refusing.limits[0], backend="slow"),))
    plans = [search.recipe(on_slow, q, Runtime(backend=name)) for name in ("slow", "fast")]
    assert [planned.cost for planned in plans] == [Cost.KERNEL, Cost.ARGUMENTS]


# Without an answer


@pytest.mark.parametrize("wrong", [{"stride": (0,)}, {"dilation": (0,)}, {"output_padding": (-1,)}])
def test_a_number_that_means_nothing_is_never_worked_into_another(wrong: dict[str, Any]) -> None:
    every = api(limits=tuple(plain.LIMITS), flips=True)
    planned = plan(every, asked(**wrong))
    assert planned.question.stride == wrong.get("stride", (1,))
    assert planned.moves == planned.kernel == planned.output == ()


# Native


@pytest.mark.parametrize("limits", [(), tuple(plain.LIMITS)])
@pytest.mark.parametrize("flips", [False, True])
def test_a_native_call_is_asked_what_was_asked(limits: tuple[str, ...], flips: bool) -> None:
    for q in islice(draws(seed=3), 40):
        planned = search.native(api(q.operator, limits=limits, flips=flips), q)
        assert isinstance(planned, Plan)
        assert planned.question is q
        assert planned.moves == planned.x == planned.kernel == planned.output == ()
        assert not planned.split


def test_a_native_call_moves_axes_by_their_names() -> None:
    elsewhere = api(layout="N *s C", kernel_axes="*k out in")
    for q in islice(draws(seed=4), 40):
        named = api(q.operator, layout="N *s C", kernel_axes=elsewhere.kernel_axes)
        np.testing.assert_array_equal(ran(named, q, "native"), question.answer(q))


def test_a_native_call_of_an_api_without_bias_has_it_added() -> None:
    q = asked(bias=np.array([10, 20], np.float32))
    np.testing.assert_array_equal(ran(api(takes_bias=False), q, "native"), question.answer(q))


def test_a_native_call_to_an_api_that_reads_backwards_is_wrong() -> None:
    q = asked(kernel=np.arange(12, dtype=np.float32).reshape(2, 2, 3))
    assert not np.array_equal(ran(api(flips=True), q, "native"), question.answer(q))


# Lengths

SIZED = asked(length=OutputLength(space=(6,)), padding=((1, 1),), output_padding=(2,))


def test_a_naive_call_without_a_word_for_the_length_is_inexpressible() -> None:
    assert search.native(api(), SIZED) == Inexpressible(
        "there is no parameter for the length of the output"
    )


@pytest.mark.parametrize(
    ("defaults", "written", "passed"),
    [
        ({}, None, ((0, 0),)),
        ({"padding": "same"}, None, "same"),
        ({"padding": "same"}, ((1, 0),), ((1, 0),)),
    ],
)
def test_a_naive_call_passes_what_stood_beside_the_length(
    defaults: dict[str, str], written: Any, passed: Any
) -> None:
    q = SIZED.but(length=OutputLength(space=(6,), padding=written))
    with_word = api(parameters={"size": "output_size"}, defaults=defaults)
    given = search.as_passed_to(with_word, q)
    assert (given.padding, given.output_padding) == (passed, (0,))
    assert not isinstance(search.native(with_word, q), Inexpressible)


def test_a_recipe_passes_what_the_length_means() -> None:
    planned = plan(api(), SIZED)
    assert planned.question.length is None
    assert (planned.question.padding, planned.question.output_padding) == (((1, 1),), (2,))


def test_a_length_that_cannot_be_has_a_naive_call_and_no_recipe() -> None:
    faulty = SIZED.but(length=OutputLength(space=(1,), fault="output_size must be at least [2]"))
    with_word = api(parameters={"size": "output_size"})
    assert not isinstance(search.native(with_word, faulty), Inexpressible)
    assert search.recipe(with_word, faulty) == Inexpressible(
        "there is no such output: output_size must be at least [2]"
    )
