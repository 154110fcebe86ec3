"""Draw random questions that have given levels.

The parts of a question are drawn one after the other, each until it has its levels. Of a few such
questions the one with the highest mutation score is chosen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import numpy as np

from conformance.authoring import to_yaml
from conformance.cases import Case, Place
from conformance.cases.exactness import bound, limit
from conformance.cases.question_builder import build_question
from conformance.cases.schema import Entry
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.quality import factors, mutation
from conformance.quality.interactions import Levels
from conformance.question import Array, Dtype, Op, OutputLength, Question, is_complex, tangents_of
from conformance.runs.prepared_case import PreparedCase

CHOICE = 8
"""The number of questions from which the sharpest is chosen."""
ATTEMPTS, TRIES = 2000, 100
"""How many questions are started, and how often a part of one is drawn."""
WINDOWS = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8)
"""Lengths of a kernel, with their frequencies."""
OPS: Mapping[str, tuple[Op, ...]] = {
    "forward": ("conv_transpose",),
    "input gradient": ("conv_transpose_input_gradient",),
    "kernel gradient": ("conv_transpose_kernel_gradient",),
    "bias gradient": ("conv_transpose_bias_gradient",),
    "jvp": ("conv_transpose_jvp",),
    "double backward": (
        "conv_transpose_double_backward_gradient",
        "conv_transpose_double_backward_input",
        "conv_transpose_double_backward_kernel",
    ),
}
DTYPES: Mapping[str, tuple[Dtype, ...]] = {
    "integer": ("int32", "int64"),
    "complex": ("complex64", "complex128"),
    "two dtypes": ("float32",),
}
CHANNELS: Mapping[tuple[str, str], tuple[tuple[int, int, int], ...]] = {
    ("1", "one"): ((1, 1, 1),),
    ("1", "as many"): ((2, 2, 1), (3, 3, 1)),
    ("1", "differing"): ((2, 3, 1), (3, 2, 1), (2, 1, 1), (1, 2, 1)),
    ("several", "as many"): ((4, 4, 2),),
    ("several", "differing"): ((4, 2, 2), (4, 6, 2)),
    ("depthwise", "as many"): ((2, 2, 2), (3, 3, 3)),
    ("multiplied", "differing"): ((2, 4, 2), (3, 6, 3)),
}
"""Input channels, output channels and groups for each level of groups and of channels."""

RANGES: Mapping[str, tuple[int, int]] = {
    "float32": (9, 99),
    "float64": (9, 2**27),
    "float16": (3, 9),
    "bfloat16": (2, 4),
    "int32": (9, 99),
    "int64": (9, 2**33),
    "complex64": (9, 99),
    "complex128": (9, 2**27),
}
"""The largest numbers of the two arrays, for which a narrower dtype gives another answer."""


Part: TypeAlias = Callable[[Question, Levels, np.random.Generator], Question | None]
"""Draws a part of a question again."""


def sharpest(levels: Levels, number: int) -> dict[str, Any]:
    """Return the keys of a case with these levels.

    Parameters
    ----------
    levels
        Of its question.
    number
        The seed.

    Raises
    ------
    RuntimeError
        Where no question with these levels was found.
    """
    return max(_entries(levels, number), key=lambda entry: _sharpness(_question(entry)))


def draw(levels: Levels, random: np.random.Generator) -> Question | None:
    """Return a question with these levels and without numbers; None where a part never fits."""
    rank = int(levels["rank"])
    sizes = CHANNELS[levels["groups"], levels["channels"]]
    inputs, outputs, groups = sizes[random.integers(len(sizes))]
    dtypes = DTYPES.get(levels["dtype"]) or (cast(Dtype, levels["dtype"]),)
    batch = int(random.integers(1, 3))
    unbatched = levels["batch"] == "one example"
    ops = OPS[levels["operator"]]
    q = Question(
        op=ops[0] if levels["bias"] == "yes" or len(ops) == 1 else ops[random.integers(len(ops))],
        x=_placeholder((1 if unbatched else batch, inputs, *_axes(random, 1, 4, rank))),
        unbatched=unbatched,
        kernel=_placeholder((inputs, outputs // groups, *(1,) * rank)),
        bias=_placeholder((outputs,)) if levels["bias"] == "yes" else None,
        padding="valid",
        groups=groups,
        dtype=dtypes[random.integers(len(dtypes))],
    )
    if levels["dtype"] == "two dtypes":
        halves: tuple[Dtype, ...] = ("float16", "bfloat16")
        half = halves[random.integers(2)]
        q = q.but(operand_dtypes=("float32", half) if random.integers(2) else (half, "float32"))
    for names, part in _PARTS:
        attempts = (part(q, levels, random) for _ in range(TRIES))
        success = next((a for a in attempts if a and _has_levels(a, levels, names)), None)
        if success is None:
            return None
        q = success
    return q


def _has_levels(q: Question, levels: Levels, names: Iterable[str]) -> bool:
    return all(factors.level(q, name) == levels[name] for name in names)


def _sharpness(q: Question) -> tuple[int, int]:
    """Return how many conventions a question kills, and then how small it is."""
    place = Place("", 1, 1)
    case = Case(id="", op=q.op, question=q, why="", exact=True, topics=(), place=place)
    record = mutation.kill_record(PreparedCase(case))
    return len(record.kills) + len(record.pairs), -(q.x.size + q.kernel.size)


def _question(entry: Mapping[str, Any]) -> Question:
    question = build_question(Entry.model_validate({"id": "drawn", "why": "Drawn.", **entry}))
    assert isinstance(question, Question)  # an entry of one operator is no chain
    return question


def _entries(levels: Levels, number: int) -> Iterator[dict[str, Any]]:
    random = np.random.Generator(np.random.PCG64(number))
    number_of_entries = 0
    for _ in range(ATTEMPTS):
        q = draw(levels, random)
        if q is None:
            continue
        entry = _entry(q, 2 * (CHOICE * number + number_of_entries))
        if bound(_question(entry)) <= limit(q, exact=True):
            yield entry
            number_of_entries += 1
        if number_of_entries == CHOICE:
            return
    if not number_of_entries:
        raise RuntimeError(f"no question was found at {dict(levels)}")


def _draw_kernel(q: Question, levels: Levels, random: np.random.Generator) -> Question | None:
    window = tuple(int(k) for k in random.choice(WINDOWS, q.rank))
    if max(window) == 1 and (levels["stride"], levels["kernel"]) != ("1", "equal"):
        return None  # a longer kernel has the same levels, and differs from a flipped one
    return q.but(
        kernel=_placeholder((*q.kernel.shape[:2], *window)),
        stride=_spread(levels["stride"], random, q.rank, 5),
        dilation=_spread(levels["dilation"], random, q.rank, 3),
    )


def _draw_padding(q: Question, levels: Levels, random: np.random.Generator) -> Question:
    sizes = geometry.effective_kernel_size(q.window, q.dilation)
    return q.but(padding=_padding(levels["padding"], random, sizes))


def _draw_output_padding(q: Question, levels: Levels, random: np.random.Generator) -> Question:
    if levels["output padding"] == "0":
        return q
    return q.but(output_padding=_axes(random, 0, max(q.stride) + 1, q.rank))


def _draw_input(q: Question, levels: Levels, random: np.random.Generator) -> Question | None:
    """Draw an input that is long enough for an output, whose size is written if it is given."""
    space = _axes(random, 1, 4, q.rank)
    result = q.but(x=_placeholder((*q.x.shape[:2], *space)))
    if not result.has_output or levels["output size"] == "not given":
        return result if result.has_output else None
    return result.but(length=OutputLength(space=result.output_space, padding=result.padding))


_PARTS: tuple[tuple[tuple[str, ...], Part], ...] = (
    (("stride", "kernel", "dilation"), _draw_kernel),
    (("padding",), _draw_padding),
    (("output padding",), _draw_output_padding),
    ((), _draw_input),
)


def _placeholder(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.float32(0), shape)


def _axes(random: np.random.Generator, low: int, high: int, rank: int) -> Axes:
    return tuple(map(int, random.integers(low, high, rank, endpoint=True)))


def _spread(level: str, random: np.random.Generator, rank: int, largest: int) -> Axes:
    """Return one number for all axes, or one for each, which may still be equal."""
    if level == "1":
        return (1,) * rank
    if level == "equal":
        return _axes(random, 2, largest, 1) * rank
    return _axes(random, 1, largest, rank)


def _padding(level: str, random: np.random.Generator, sizes: Axes) -> Pairs | Word:
    if level.startswith("same"):
        return "same"
    if level == "circular":
        return "circular"
    if level == "none":
        return "valid" if random.integers(2) else ((0, 0),) * len(sizes)
    low = -2 if level == "negative" else 0
    highs = [size + 1 if level == "beyond" else size - 1 for size in sizes]
    ends = [tuple(map(int, random.integers(low, max(h, 0), 2, endpoint=True))) for h in highs]
    return tuple((b, b if level == "even" else e) for b, e in ends)


def _entry(q: Question, seed: int) -> dict[str, Any]:
    """Return the keys of a case with the question's shapes, and numbers drawn with a seed."""
    small, large = RANGES[q.dtype]
    # The kernel gradient multiplies the input with the output gradient, whose numbers are small.
    x, kernel = (large, small) if q.wanted == "kernel_gradient" else (small, large)
    entry = to_yaml.fields(q)
    entry.pop("rank", None)  # the shapes have all axes
    entry |= {
        "x": _rule(q.x[0] if q.unbatched else q.x, x, seed, q.dtype),
        "kernel": _rule(q.kernel, kernel, seed + 1, q.dtype),
    }
    if q.bias is not None:
        entry["bias"] = [(-1) ** i * (i + 1) for i in range(len(q.bias))]
    for name in tangents_of(q.op):
        key = name.removesuffix("_tangent")
        if key == "bias" and q.bias is not None:
            entry[name] = [-2 * number for number in entry[key]]
        elif key != "bias":
            entry[name] = {**entry[key], "seed": entry[key]["seed"] + 10**6}
    return entry


def _rule(array: Array, largest: int, seed: int, dtype: Dtype) -> dict[str, Any]:
    imaginary = {"imaginary": True} if is_complex(dtype) else {}
    return {"shape": list(array.shape), "integers": [-largest, largest], **imaginary, "seed": seed}
