"""Suggest what a case file has in place of words of frameworks, of ONNX and of people.

A word that is spelt like one of ours may mean something else: `target_shape` is no
`output_padding`. So words that the tables have come first, and only typing errors are guessed.
"""

from __future__ import annotations

import difflib
import re
from cmath import isfinite
from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest

_NONFINITE = "a number that is not finite is written .nan, .inf or -.inf"
_COMPLEX = "a complex number is written with a j, as in 1+2j"
NEAR = 0.8
"""The least likeness (at most 1) of a word and a typing error of it."""

SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("strides", "window_strides", "subsample"), "stride"),
    **dict.fromkeys(("pad", "paddings", "input_padding", "border_mode"), "padding"),
    **dict.fromkeys(("dilations", "dilate", "dilation_rate", "rhs_dilation"), "dilation"),
    **dict.fromkeys(("kernel_dilation", "filter_dilation", "dilationRate", "rate"), "dilation"),
    **dict.fromkeys(("group", "num_group", "num_groups", "feature_group_count"), "groups"),
    **dict.fromkeys(("adj", "out_padding", "output_pad", "outputpadding"), "output_padding"),
    **dict.fromkeys(("target_shape", "output_length", "target_size"), "output_size"),
    **dict.fromkeys(("input", "inputs", "data", "lhs", "X", "image", "images", "self"), "x"),
    **dict.fromkeys(("out_backprop", "output_grad"), "x"),  # of a gradient that is a transpose
    **dict.fromkeys(("weight", "weights", "filter", "filters", "w", "W", "rhs"), "kernel"),
    **dict.fromkeys(("b", "B", "biases"), "bias"),
    **dict.fromkeys(("data_type", "type"), "dtype"),
    **dict.fromkeys(("weight_dtype", "filter_dtype"), "kernel_dtype"),
    **dict.fromkeys(("operator", "operation", "layer"), "op"),
    **dict.fromkeys(("grad", "dy", "grad_output"), "gradient"),
    **dict.fromkeys(("tangent", "dx", "x_dot", "input_tangent"), "x_tangent"),
    **dict.fromkeys(("dw", "weight_tangent", "w_tangent"), "kernel_tangent"),
    **dict.fromkeys(("db", "b_tangent"), "bias_tangent"),
    **dict.fromkeys(("layers", "operators"), "steps"),
    **dict.fromkeys(("ndim", "dim", "dims"), "rank"),
    **dict.fromkeys(("name",), "id"),
    **dict.fromkeys(("reason", "description", "comment", "note"), "why"),
    **dict.fromkeys(("tag", "labels"), "tags"),
    **dict.fromkeys(("values", "array"), "numbers"),
}
"""Keys of frameworks, and ours that mean the same."""

_CHANNELS = "channels and the size of the kernel are told by the shapes of x and kernel"
_LAYOUT = (
    "x is (batch, channels, space...) in every case, and the kernel (in, out / groups, space...)"
    " or, of a convolution, (out, in / groups, space...)"
)
_ANSWER = "an answer stands under expected, as in 'expected: {numbers: [1, 2]}'"
_DTYPE = (
    "dtype is that of x, and kernel_dtype that of the kernel where it is another one; bias and"
    " answer have the dtype that NumPy promotes both to"
)
_AROUND = (
    "padding crops [begin, end] of each axis off the output of a transposed convolution, and"
    " lengthens it where it is negative; a chain has the steps pad and crop"
)
_ALONE = "a case asks one operator, and nothing that comes after it"
_PLACE = "a case says what is asked, and `conformance run` where"
EXPLANATIONS: Mapping[str, str] = {
    **dict.fromkeys(("kernel_size", "kernel_shape", "window"), _CHANNELS),
    **dict.fromkeys(("in_channels", "out_channels", "channels", "num_filter"), _CHANNELS),
    **dict.fromkeys(("data_format", "layout", "dimension_numbers", "channels_last"), _LAYOUT),
    **dict.fromkeys(("y", "Y", "out", "output", "outputs", "answer", "result"), _ANSWER),
    **dict.fromkeys(("numbers", "shape", "matrix", "error", "property"), _ANSWER),
    **dict.fromkeys(("x_dtype", "input_dtype", "out_type", "result_type"), _DTYPE),
    **dict.fromkeys(("preferred_element_type", "compute_dtype", "accumulator"), _DTYPE),
    **dict.fromkeys(("crop", "cropping", "slice", "pad_before", "pad_after", "pad_width"), _AROUND),
    **dict.fromkeys(("activation", "relu", "dropout", "batch_norm"), _ALONE),
    **dict.fromkeys(("device", "precision", "backend", "framework"), _PLACE),
    "filters": "the kernel itself is 'kernel', and how many filters there are is told by its shape",
    "pads": "padding is [begin, end] for each axis, where pads has the starts of all axes first",
    "auto_pad": "a case says 'padding: same' or 'padding: valid'",
    "padding_mode": "what is padded is zeros, or with 'padding: circular' what is at the other end",
    "lhs_dilation": "a transposed convolution has 'stride' for it",
    "transpose_kernel": "op says conv or conv_transpose, and nothing flips the kernel",
    "use_bias": "'bias' has its numbers, and is left out where there is none",
    "no_bias": "'bias' has its numbers, and is left out where there is none",
}
"""Words of frameworks that mean no key, or several, and what a case has instead."""

VALUE_SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "dtype": {
        **dict.fromkeys(("half", "fp16", "f16"), "float16"),
        **dict.fromkeys(("bf16",), "bfloat16"),
        **dict.fromkeys(("single", "fp32", "f32"), "float32"),
        **dict.fromkeys(("double", "fp64", "f64"), "float64"),
        **dict.fromkeys(("i32",), "int32"),
        **dict.fromkeys(("long", "i64"), "int64"),
        **dict.fromkeys(("complex", "cfloat", "c64"), "complex64"),
        **dict.fromkeys(("cdouble", "c128"), "complex128"),
    },
    "op": {
        **dict.fromkeys(
            ("deconv", "deconvolution", "transpose", "convtranspose"), "conv_transpose"
        ),
        **dict.fromkeys(("convolution", "convolve", "cross_correlation"), "conv"),
        **dict.fromkeys(("upsample", "resize", "upsampling"), "interpolate"),
        **dict.fromkeys(("sequential",), "chain"),
    },
    "padding": {
        **dict.fromkeys(("same_upper",), "same"),
        **dict.fromkeys(("none",), "valid"),
        **dict.fromkeys(("wrap", "periodic"), "circular"),
    },
}
"""Values of frameworks in small letters, by key, and ours that mean the same."""
_BY_ONE = (
    "a gradient is by one array: conv_transpose_input_gradient, conv_transpose_kernel_gradient,"
    " conv_transpose_bias_gradient, and so for conv"
)
_TWICE = (
    "a gradient of a gradient is by one array: conv_transpose_double_backward_input, _kernel or"
    " _gradient (by the gradient of the output), and so for conv"
)
_ALONG = (
    "a derivative along tangents is conv_transpose_jvp, with x_tangent, kernel_tangent or both, and"
    " so for conv"
)
_ZEROS = "what is padded is zeros, or with 'circular' the elements of the other end"
VALUE_EXPLANATIONS: Mapping[str, Mapping[str, str]] = {
    "op": {
        **dict.fromkeys(("grad", "backward", "vjp"), _BY_ONE),
        **dict.fromkeys(("hvp", "hessian", "second", "double", "gradgrad"), _TWICE),
        **dict.fromkeys(("jacobian", "forward", "jacfwd"), _ALONG),
        "depthwise": "a depthwise operator has as many groups as channels",
    },
    "dtype": {
        "float": "it is float32 for some and float64 for others",
        "int": "it is int32 for some and int64 for others",
    },
    "padding": {
        "same_lower": "write [begin, end] for each axis, with the odd one at the start",
        "full": "write dilation (k - 1) for each axis",
        "causal": "write [begin, end] for each axis",
        **dict.fromkeys(("notset", "explicit"), "write [begin, end] for each axis"),
        **dict.fromkeys(("zeros", "reflect", "replicate", "constant"), _ZEROS),
    },
}
"""Values that mean none of ours, or several; the last such word of an op counts."""
LISTED: Mapping[str, str] = {"dtype": _DTYPE, "expected": _ANSWER}
"""Keys that have one word, and the sentence about a list or a mapping in its place."""


def key_hint(word: str, keys: Collection[str]) -> str:
    """Return the end of a sentence about a key that is none of ``keys``.

    It says what a case has in its place, or else which keys may stand there.
    """
    keys = [*dict.fromkeys(keys)]
    if word == "dtype" and "memory" in keys:  # these are the keys of an array
        return f"; {_DTYPE}"
    explanation = _look_up(word, EXPLANATIONS)
    if explanation and "kernel" in keys:  # these are the keys of a question
        return f"; {explanation}"
    key = _look_up(word, {**SYNONYMS, **{key: key for key in keys}})
    if key in keys:
        return f"; did you mean '{key}'?"
    return did_you_mean(word, keys) or f"; the keys are {', '.join(keys)}"


def _look_up(word: str, table: Mapping[str, str]) -> str | None:
    """Return a table's entry, however the parts of a word are joined: outputShape, output_shape."""
    return table.get(word) or {_joined(key): entry for key, entry in table.items()}.get(
        _joined(word)
    )


def _joined(word: str) -> str:
    return re.sub("[-_ ]", "", word).lower()


def value_hint(key: str, value: object, choices: Iterable[str]) -> str:
    """Return the end of a sentence about the value of a key, which may have only ``choices``.

    It says what a case has in its place, and is empty if that is not known.
    """
    key = key.removeprefix("kernel_")  # kernel_dtype has the values of dtype
    if not isinstance(value, str):
        return f"; {LISTED[key]}" if key in LISTED and isinstance(value, list | dict) else ""
    small = value.strip().lower().rpartition(".")[2]  # as of torch.float32
    choices = set(choices)
    plain = re.sub("[0-9]+d?|_", "", small)  # as of ConvTranspose2d and Conv2DTranspose
    kernel = "_".join(SYNONYMS.get(part, part) for part in small.split("_"))  # weight_gradient
    values = VALUE_SYNONYMS.get(key, {})
    for candidate in (small, values.get(small), values.get(plain), kernel):
        if candidate in choices:
            return f"; did you mean '{candidate}'?"
    explanations = VALUE_EXPLANATIONS.get(key, {})
    parts = reversed(small.split("_")) if key == "op" else (small,)
    sentence = next((explanations[part] for part in parts if part in explanations), None)
    return f"; {sentence}" if sentence else did_you_mean(value, choices)


def number_hint(word: str) -> str:
    """Return the end of a sentence about text in place of a number.

    It is empty unless the text is a number that is not finite or not real.
    """
    for literal in (word, word.replace("i", "j")):
        try:
            number = complex(literal)
        except ValueError:
            continue
        if not isfinite(number):
            return f"; {_NONFINITE}"
        return f"; {_COMPLEX}" if number.imag else ""
    return ""


def did_you_mean(word: str, choices: Iterable[str], near: float = NEAR) -> str:
    """Return the end of a sentence about an unknown word: the choice that it is a typing error of.

    It is empty if no choice has at least the likeness ``near``, of at most 1.
    """
    word = word[:80]
    candidates = [choice for choice in sorted(choices) if _parts_match(word, choice, near)]
    nearest = difflib.get_close_matches(word, candidates, n=1, cutoff=near)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


def _parts_match(word: str, choice: str, near: float) -> bool:
    """Return whether each part of a word is near the same part of ``choice``."""
    pairs = zip_longest(*(re.findall("[^-_]+", text.lower()) for text in (word, choice)))
    return all(
        left and right and difflib.SequenceMatcher(None, left, right).ratio() >= near
        for left, right in pairs
    )
