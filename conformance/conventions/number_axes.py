"""List the axes of bias, dtype, rounding and position."""

from __future__ import annotations

from functools import partial

from conformance.conventions import mistakes, transforms
from conformance.conventions.axis import SOME_AXES, TWO_OF_THREE, Axis, Choice, mistake
from conformance.question import Dtype

EVERY_AXIS: tuple[int, ...] = ()
HALVES: tuple[Dtype, ...] = ("float16", "bfloat16")

AXES: tuple[Axis, ...] = (
    Axis(
        "bias",
        "added once",
        "The bias is added once to every position.",
        lambda q: q.bias is not None and q.wanted == "output",
        (
            Choice("dropped", "The bias is not added.", transforms.scale_bias(0)),
            Choice("doubled", "The bias is added twice.", transforms.scale_bias(2)),
            mistake(
                "along the last axis",
                "The bias is added along the last axis of the output.",
                mistakes.bias_along(-1),
            ),
            mistake(
                "along the first spatial axis",
                "The bias is added along the first spatial axis of the output.",
                mistakes.bias_along(0),
            ),
            mistake(
                "along the input channels",
                "The bias is added to the input, along its channels.",
                mistakes.bias_to_input,
            ),
        ),
    ),
    Axis(
        "dtype",
        "kept",
        "The answer has the dtype of the question.",
        lambda q: q.dtype in ("float64", "int64") and q.wanted != "parameters",
        (
            Choice(
                "narrowed to 32 bits",
                "Numbers of 64 bits are made numbers of 32, and so is the answer.",
                transforms.narrow,
            ),
        ),
    ),
    Axis(
        "accumulation",
        "in the dtype or wider",
        "Sums are rounded to the dtype of the question or not at all.",
        lambda q: q.dtype in ("float32", "float64") and q.wanted != "parameters",
        (
            Choice("in float32", "Sums are rounded to float32.", transforms.rounded("float32")),
            Choice("in float16", "Sums are rounded to float16.", transforms.rounded("float16")),
            Choice("in bfloat16", "Sums are rounded to bfloat16.", transforms.rounded("bfloat16")),
        ),
        rounds=True,
    ),
    Axis(
        "position",
        "in place",
        "The output begins where the padding says.",
        lambda q: q.operator != "interpolate",
        tuple(
            Choice(
                f"one {late} along {which}",
                f"The output is one element {late} along {which}.",
                transforms.shift(axes, by),
            )
            for axes, which in {EVERY_AXIS: "every axis", **SOME_AXES, **TWO_OF_THREE}.items()
            for by, late in ((1, "later"), (-1, "earlier"))
        ),
    ),
    # These are last, as they depend on the whole question whose sums are rounded.
    *(
        Axis(
            f"{dtype} accumulation",
            "in float32 or wider",
            f"Sums of {dtype} are formed in float32 or wider and rounded once.",
            partial(transforms.is_rounded, dtype=dtype),
            (
                Choice(
                    f"in {dtype}",
                    f"Sums of {dtype} are rounded to {dtype} as they are formed.",
                    transforms.summed_in(dtype),
                ),
            ),
            rounds=True,
        )
        for dtype in HALVES
    ),
)
