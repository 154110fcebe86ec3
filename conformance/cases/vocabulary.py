"""Words of frameworks, of ONNX and of people, each with what a case file says in its place.

A word that is merely spelt like one of ours may mean something else: `output_shape` is no
`output_padding`. So what is known by name comes first, and only a typing error is guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

NEAR = 0.8
"""How much two words have in common, of 1, where one is a typing error of the other."""

RENAMED: Mapping[str, str] = {
    **dict.fromkeys(("strides", "window_strides", "subsample"), "stride"),
    **dict.fromkeys(("pad", "paddings", "input_padding"), "padding"),
    **dict.fromkeys(("dilations", "dilate", "dilation_rate", "rhs_dilation"), "dilation"),
    **dict.fromkeys(("group", "num_group", "num_groups", "feature_group_count"), "groups"),
    **dict.fromkeys(("adj", "out_padding", "output_pad", "outputpadding"), "output_padding"),
    **dict.fromkeys(("input", "inputs", "data", "lhs", "X", "image", "images"), "x"),
    **dict.fromkeys(("weight", "weights", "filter", "filters", "w", "W", "rhs"), "kernel"),
    **dict.fromkeys(("b", "B", "biases"), "bias"),
    **dict.fromkeys(("data_type", "type"), "dtype"),
    **dict.fromkeys(("operator", "operation", "layer"), "op"),
    **dict.fromkeys(("grad", "dy", "grad_output"), "gradient"),
    **dict.fromkeys(("layers", "operators"), "steps"),
    **dict.fromkeys(("ndim", "dim", "dims"), "rank"),
    **dict.fromkeys(("name",), "id"),
    **dict.fromkeys(("reason", "description", "comment", "note"), "why"),
    **dict.fromkeys(("tag", "labels"), "tags"),
    **dict.fromkeys(("values", "array"), "numbers"),
}
"""Keys of others, and ours that mean the same."""

_LENGTH = (
    "no key sets the length of the output: it is (n - 1) stride + dilation (k - 1) + 1 - padding"
    " + output_padding along each axis"
)
_CHANNELS = "channels and the size of the kernel are told by the shapes of x and kernel"
_LAYOUT = (
    "x is (batch, channels, space...) in every case, and the kernel (in, out / groups, space...)"
    " or, of a convolution, (out, in / groups, space...)"
)
_ANSWER = "an answer stands under expected, as in 'expected: {numbers: [1, 2]}'"
EXPLAINED: Mapping[str, str] = {
    **dict.fromkeys(("output_size", "output_shape", "target_shape", "output_length"), _LENGTH),
    **dict.fromkeys(("kernel_size", "kernel_shape", "window"), _CHANNELS),
    **dict.fromkeys(("in_channels", "out_channels", "channels", "num_filter"), _CHANNELS),
    **dict.fromkeys(("data_format", "layout", "dimension_numbers", "channels_last"), _LAYOUT),
    **dict.fromkeys(("y", "Y", "out", "output", "outputs", "answer", "result"), _ANSWER),
    **dict.fromkeys(("numbers", "shape", "matrix", "error", "property"), _ANSWER),
    "pads": "padding is [begin, end] for each axis, where pads has the begins of all axes first",
    "auto_pad": "a case says 'padding: same' or 'padding: valid'",
    "padding_mode": "what is padded is zeros",
    "lhs_dilation": "a transposed convolution has 'stride' for it",
    "transpose_kernel": "op says conv or conv_transpose, and nothing flips the kernel",
    "use_bias": "'bias' has its numbers, and is left out where there is none",
    "no_bias": "'bias' has its numbers, and is left out where there is none",
}
"""Words of others that no key means, and what a case says instead."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "dtype": {
        **dict.fromkeys(("half", "fp16", "f16"), "float16"),
        **dict.fromkeys(("bf16",), "bfloat16"),
        **dict.fromkeys(("single", "fp32", "f32"), "float32"),
        **dict.fromkeys(("double", "fp64", "f64"), "float64"),
        **dict.fromkeys(("i32",), "int32"),
        **dict.fromkeys(("long", "i64"), "int64"),
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
        **dict.fromkeys(("none", "notset"), "valid"),
    },
}
"""Values of others in small letters, by the key, and ours that mean the same."""
VALUES_EXPLAINED: Mapping[str, Mapping[str, str]] = {
    "dtype": {
        "float": "it is float32 for some and float64 for others",
        "int": "it is int32 for some and int64 for others",
    },
    "padding": {
        "same_lower": "write [begin, end] for each axis, with the odd one at the begin",
        "full": "write dilation (k - 1) for each axis",
    },
}
"""Values of others that mean none of ours, or not only one."""


def of_key(word: str, known: Collection[str]) -> str:
    """End the sentence about a key that is not known.

    Parameters
    ----------
    word
        The key in a file.
    known
        The keys that may stand there.

    Returns
    -------
    str
        What a case says in its place, or else all that may stand there.
    """
    known = [*dict.fromkeys(known)]
    renamed = RENAMED.get(word, RENAMED.get(word.lower()))
    if renamed in known:
        return f"; did you mean '{renamed}'?"
    if word in EXPLAINED and "kernel" in known:  # where a question is asked
        return f"; {EXPLAINED[word]}"
    return did_you_mean(word, known) or f"; the keys are {', '.join(known)}"


def of_value(key: str, word: str, known: Iterable[str]) -> str:
    """End the sentence about a value that is none of those that a key has.

    Parameters
    ----------
    key
        The key.
    word
        Its value in a file.
    known
        The values that it may have.

    Returns
    -------
    str
        What a case says in its place; nothing where that is not known.
    """
    small = word.strip().lower().rpartition(".")[2]  # as of torch.float32
    explained = VALUES_EXPLAINED.get(key, {}).get(small)
    if explained:
        return f"; {explained}"
    choices = set(known)
    plain = small.replace("_", "").rstrip("0123456789d")  # as of ConvTranspose2d
    for candidate in (small, VALUES.get(key, {}).get(small), VALUES.get(key, {}).get(plain)):
        if candidate in choices:
            return f"; did you mean '{candidate}'?"
    return did_you_mean(word, choices)


def did_you_mean(word: str, known: Iterable[str], near: float = NEAR) -> str:
    """End a sentence with the word that another one is a typing error of.

    Parameters
    ----------
    word
        A word that is not known.
    known
        Those that are.
    near
        How much they have to have in common, of 1.

    Returns
    -------
    str
        Nothing where no known word is near.
    """
    nearest = difflib.get_close_matches(word[:80], sorted(known), n=1, cutoff=near)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""
