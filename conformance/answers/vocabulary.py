"""Say in which words arguments are given: those of a case, of an API with an adapter, or of ONNX.

Most words stand for one key of a case. The others say the length of the output or the padding in
another form, or repeat what the shapes of the arrays say; they are resolved when the arrays are
known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.adapters import onnx_readers
from conformance.adapters.framework import Api
from conformance.adapters.registry import APIS, HOMES, api_and_rank
from conformance.authoring.call_files import CannotUse
from conformance.cases import output_lengths
from conformance.cases.vocabulary import did_you_mean
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import Question
from conformance.recipes.search import LENGTH

Extras = Mapping[str, Any]
"""The values of the words that stand for no key of a case, by the keys of `EXTRAS`."""
Resolver = Callable[[Question, Extras], Question]

EXTRAS = (
    "pads",
    "auto_pad",
    "padding_mode",
    LENGTH,
    "kernel_shape",
    "in_channels",
    "out_channels",
)
"""Keys of words that stand for no key of a case."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of an API for arrays and arguments, and its layouts.

    Attributes
    ----------
    api
        The API, whose operator, layouts and defaults it has; for ONNX, one that follows it.
    parameters
        The words, each with a key of a case or of `EXTRAS`.
    resolve
        The function that applies the values of `EXTRAS` to a question.
    rank
        The number of spatial axes, where the name of the API says one.
    """

    id: str
    api: Api
    parameters: Mapping[str, str]
    resolve: Resolver
    rank: int | None = None


def vocabulary_of(name: str) -> Vocabulary:
    """Return the vocabulary of an API by its id, or by the name of one of its ranks.

    Raises ``CannotUse`` if there is no such API.
    """
    if name in ONNX:
        return ONNX[name]
    name, rank = api_and_rank(name)
    if name not in APIS or APIS[name].operator == "interpolate":
        known = [id_ for id_, api in APIS.items() if api.operator != "interpolate"]
        hint = did_you_mean(name, known) or f"; the APIs are {', '.join((*ONNX, *known))}"
        raise CannotUse(f"there is no API {name!r} with a kernel{hint}")
    return _vocabulary(APIS[name], rank)


def _vocabulary(api: Api, rank: int | None = None) -> Vocabulary:
    home = HOMES[api.twin or api.id].name
    words, resolve = _EXTRA_WORDS.get((home, api.operator), _NO_WORDS)
    return Vocabulary(api.id, api, {**_SHAPE_WORDS, **words, **api.parameters}, resolve, rank)


def check_shapes(q: Question, extras: Extras) -> None:
    """Raise `CannotUse` if the arrays have another shape than the arguments say."""
    shapes = {
        "kernel_shape": q.window,
        "in_channels": (q.x.shape[1],),
        "out_channels": (q.output_channels,),
    }
    for key, shape in shapes.items():
        value = extras.get(key)
        numbers = tuple(value) if isinstance(value, list) else (value,) * len(shape)
        if value is not None and numbers != shape:
            raise CannotUse(f"{key} is {value}, and the arrays have {list(shape)}")


def _equinox(q: Question, extras: Extras) -> Question:
    """Join the ends where ``padding_mode`` says so, which has a meaning with SAME only."""
    mode = extras.get("padding_mode", "zeros")
    if mode == "zeros":
        return q
    if mode != "circular" or q.padding != "same":
        raise CannotUse(
            f"padding_mode must be ZEROS, or CIRCULAR with padding SAME, got {str(mode).upper()!r}"
        )
    return q.but(padding="circular")


# The length of the output


def _resolve_nothing(q: Question, _: Extras) -> Question:
    return q


def fitted(q: Question, lengths: Axes, *, padding: bool, output_padding: bool) -> Question:
    """Return the question of `output_lengths.fit`; raise `CannotUse` if there is none."""
    q = output_lengths.fit(q, LENGTH, lengths, padding=padding, output_padding=output_padding)
    if q.length is not None and q.length.fault is not None:
        raise CannotUse(q.length.fault)
    return q


def _uncropped(q: Question) -> Axes:
    """Return the lengths of the output without padding, with the output padding."""
    return q.but(padding="valid").output_space


def _torch(q: Question, extras: Extras) -> Question:
    """Lengthen the output by an output padding, as ``output_size`` of torch's layers does."""
    lengths = extras.get(LENGTH)
    if lengths is None:
        return q
    return fitted(q.but(output_padding=(0,) * q.rank), lengths, padding=True, output_padding=False)


def _tensorflow(q: Question, extras: Extras) -> Question:
    """Crop or lengthen the end, after the start that SAME has for an input of that length."""
    lengths = extras.get(LENGTH)
    if lengths is None:
        return q
    pairs = geometry.conv_padding(q.padding, lengths, q.window, q.stride, q.dilation)
    return _cropped(q, tuple(begin for begin, _ in pairs), lengths)


def _mxnet(q: Question, extras: Extras) -> Question:
    """Crop evenly to ``target_shape``, an odd element at the start; pad and adj do not count."""
    lengths = extras.get(LENGTH)
    if lengths is None:
        return q
    q = q.but(output_padding=(0,) * q.rank)
    totals = (full - n for full, n in zip(_uncropped(q), lengths, strict=True))
    return _cropped(q, tuple((total + 1) // 2 for total in totals), lengths)


def _cropped(q: Question, begins: Axes, lengths: Axes) -> Question:
    """Return the question with these starts cropped, and an output of these lengths."""
    axes = zip(begins, _uncropped(q), lengths, strict=True)
    return q.but(padding=tuple((begin, full - begin - n) for begin, full, n in axes))


# ONNX

_AUTO_PADS = ("notset", "valid", "same_upper", "same_lower")


def _onnx(q: Question, extras: Extras) -> Question:
    """Apply ``pads``, ``auto_pad`` and ``output_shape`` as the specification of ONNX does."""
    word, pads = extras.get("auto_pad", "notset"), extras.get("pads")
    lengths = extras.get(LENGTH)
    if word not in _AUTO_PADS:
        allowed = ", ".join(map(str.upper, _AUTO_PADS))
        raise CannotUse(f"auto_pad must be one of {allowed}, got {str(word).upper()!r}")
    if lengths is None and word.startswith("same"):
        if q.operator == "conv":
            pairs = q.but(padding="same").pairs
            swapped = tuple((end, begin) for begin, end in pairs)
            return q.but(padding=pairs if word == "same_upper" else swapped)
        lengths = tuple(n * s for n, s in zip(q.space, q.stride, strict=True))
    if lengths is not None:
        totals = [full - n for full, n in zip(_uncropped(q), lengths, strict=True)]
        halves = [max(total, 0) // 2 for total in totals]
        if word != "same_upper":
            halves = [max(total, 0) - half for total, half in zip(totals, halves, strict=True)]
        return _cropped(q, tuple(halves), lengths)
    if pads is None:
        return q
    if word != "notset":
        raise CannotUse(f"pads has no meaning with auto_pad {word.upper()}")
    if not isinstance(pads, list) or len(pads) != 2 * q.rank:
        raise CannotUse(
            f"pads must be {2 * q.rank} numbers, the starts of all axes and then the ends, got"
            f" {pads}"
        )
    return q.but(padding=tuple(zip(pads[: q.rank], pads[q.rank :], strict=True)))


_SHAPE_WORDS = {"kernel_size": "kernel_shape", "kernel_shape": "kernel_shape"}
_EXTRA_WORDS: Mapping[tuple[str, str], tuple[Mapping[str, str], Resolver]] = {
    ("torch", "conv_transpose"): ({"output_size": LENGTH}, _torch),
    ("aesara", "conv_transpose"): ({"input_shape": LENGTH}, _torch),
    ("chainer", "conv_transpose"): ({"outsize": LENGTH}, _torch),
    ("paddle", "conv_transpose"): ({"output_size": LENGTH}, _torch),
    ("tensorflow", "conv_transpose"): (
        dict.fromkeys(("output_shape", "input_sizes"), LENGTH),
        _tensorflow,
    ),
    ("mxnet", "conv_transpose"): ({"target_shape": LENGTH}, _mxnet),
    ("tfjs", "conv_transpose"): ({"outputShape": LENGTH}, _tensorflow),
    ("haiku", "conv_transpose"): ({"output_shape": LENGTH}, _tensorflow),
    ("equinox", "conv_transpose"): ({"padding_mode": "padding_mode"}, _equinox),
    ("equinox", "conv"): ({"padding_mode": "padding_mode"}, _equinox),
    **{
        (reader.name, operator): ({"pads": "pads", "auto_pad": "auto_pad", **words}, _onnx)
        for reader in onnx_readers.FRAMEWORKS
        for operator, words in (("conv", {}), ("conv_transpose", {"output_shape": LENGTH}))
    },
}
"""The words of each framework that stand for no key of a case, and what they mean."""

_NO_WORDS: tuple[Mapping[str, str], Resolver] = ({}, _resolve_nothing)


def _operator_of_onnx(name: str) -> Vocabulary:
    """Return the words of an operator, which are those of the evaluator by its own project."""
    evaluator = _vocabulary(APIS[f"onnx.reference.{name}"])
    words = {word: key for word, key in evaluator.parameters.items() if word != "kernel_size"}
    return replace(evaluator, id=f"onnx.{name}", parameters={"Y": "y", **words})


ONNX: Mapping[str, Vocabulary] = {
    f"onnx.{name}": _operator_of_onnx(name) for name in ("ConvTranspose", "Conv")
}
"""The operators of ONNX, by their ids; they have no adapter."""
