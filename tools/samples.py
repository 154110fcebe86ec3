"""Instances: what a question looks like that has given levels, since a level alone asks nothing.

Numbers for the arguments are drawn until they have the levels, a part after the other; of a few
questions so found the one that can tell most conventions apart is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import numpy as np

from conformance.authoring import to_yaml
from conformance.cases import Case, Place
from conformance.cases.exactness import bound, limit
from conformance.cases.question_builder import ask
from conformance.cases.schema import Entry
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.quality import interactions, mutation
from conformance.quality.interactions import Levels
from conformance.question import Array, Dtype, Op, Question
from conformance.runs.prepared_case import PreparedCase

CHOICE = 8
"""Of how many questions the sharpest is taken."""
ATTEMPTS, TRIES = 2000, 100
"""How often a question is begun, and how often a part of it is drawn."""
WINDOWS = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8)
"""Lengths of a kernel, as often as they should come up."""
OPS: Mapping[str, Op] = {
    "forward": "conv_transpose",
    "input gradient": "conv_transpose_input_gradient",
    "kernel gradient": "conv_transpose_kernel_gradient",
}
DTYPES: Mapping[str, tuple[Dtype, ...]] = {"integer": ("int32", "int64")}
CHANNELS: Mapping[tuple[str, str], tuple[tuple[int, int, int], ...]] = {
    ("1", "one"): ((1, 1, 1),),
    ("1", "as many"): ((2, 2, 1), (3, 3, 1)),
    ("1", "differing"): ((2, 3, 1), (3, 2, 1), (2, 1, 1), (1, 2, 1)),
    ("several", "as many"): ((4, 4, 2),),
    ("several", "differing"): ((4, 2, 2), (4, 6, 2)),
    ("depthwise", "as many"): ((2, 2, 2), (3, 3, 3)),
    ("multiplied", "differing"): ((2, 4, 2), (3, 6, 3)),
}
"""Inputs, outputs and groups for each level of groups and of channels."""

RANGES: Mapping[str, tuple[int, int]] = {
    "float32": (9, 99),
    "float64": (9, 2**27),
    "float16": (3, 9),
    "bfloat16": (2, 4),
    "int32": (9, 99),
    "int64": (9, 2**33),
}
"""The largest numbers of the two arrays that meet: enough to tell narrower dtypes apart."""


Part: TypeAlias = Callable[[Question, Levels, np.random.Generator], Question | None]
"""Draws a part of a question anew."""


def sharpest(levels: Levels, number: int) -> dict[str, Any]:
    """The keys of a case that say a question with these levels, drawn with a number.

    Raises ``RuntimeError`` where none is found.
    """
    return max(_found(levels, number), key=lambda said: _sharpness(_question(said)))


def drawn(levels: Levels, random: np.random.Generator) -> Question | None:
    """A question without its numbers, if luck has it: its parts are drawn until they fit."""
    rank = int(levels["rank"])
    sizes = CHANNELS[levels["groups"], levels["channels"]]
    inputs, outputs, groups = sizes[random.integers(len(sizes))]
    dtypes = DTYPES.get(levels["dtype"]) or (cast(Dtype, levels["dtype"]),)
    q = Question(
        op=OPS[levels["operator"]],
        x=_stand_in((int(random.integers(1, 3)), inputs, *_axes(random, 1, 4, rank))),
        kernel=_stand_in((inputs, outputs // groups, *(1,) * rank)),
        bias=_stand_in((outputs,)) if levels["bias"] == "yes" else None,
        stride=(1,) * rank,
        padding="valid",
        output_padding=(0,) * rank,
        dilation=(1,) * rank,
        groups=groups,
        dtype=dtypes[random.integers(len(dtypes))],
    )
    for factors, part in _PARTS:
        tries = (part(q, levels, random) for _ in range(TRIES))
        fits = (one for one in tries if one and all(_has(one, levels, f) for f in factors))
        fitting = next(fits, None)
        if fitting is None:
            return None
        q = fitting
    return q


def _sharpness(q: Question) -> tuple[int, int]:
    """How much a question can tell, and then how small it is."""
    place = Place("", 1, 1)
    case = Case(id="", op=q.op, question=q, why="", exact=True, topics=(), place=place)
    sight = mutation.kill_record(PreparedCase(case))
    return len(sight.kills) + len(sight.pairs), -(q.x.size + q.kernel.size)


def _question(said: Mapping[str, Any]) -> Question:
    asked = ask(Entry.model_validate({"id": "drawn", "why": "Drawn.", **said}))
    assert isinstance(asked, Question)  # an entry of one operator is no chain
    return asked


def _found(levels: Levels, number: int) -> Iterator[dict[str, Any]]:
    random = np.random.Generator(np.random.PCG64(number))
    found = 0
    for _ in range(ATTEMPTS):
        q = drawn(levels, random)
        if q is None:
            continue
        said = _entry(q, 2 * (CHOICE * number + found))
        if bound(_question(said)) <= limit(q, exact=True):
            yield said
            found += 1
        if found == CHOICE:
            return
    if not found:
        raise RuntimeError(f"no question was found at {dict(levels)}")


def _has(q: Question, levels: Levels, factor: str) -> bool:
    return interactions.level(q, factor) == levels[factor]


def _kernel(q: Question, levels: Levels, random: np.random.Generator) -> Question | None:
    window = tuple(int(k) for k in random.choice(WINDOWS, q.rank))
    if max(window) == 1 and (levels["stride"], levels["kernel"]) != ("1", "equal"):
        return None  # another kernel has the same levels, and can be told from a flipped one
    return q.but(
        kernel=_stand_in((*q.kernel.shape[:2], *window)),
        stride=_spread(levels["stride"], random, q.rank, 5),
        dilation=_spread(levels["dilation"], random, q.rank, 3),
    )


def _padded(q: Question, levels: Levels, random: np.random.Generator) -> Question:
    reach = geometry.effective_kernel_size(q.window, q.dilation)
    return q.but(padding=_padding(levels["padding"], random, reach))


def _extended(q: Question, levels: Levels, random: np.random.Generator) -> Question:
    if levels["output padding"] == "0":
        return q
    return q.but(output_padding=_axes(random, 0, max(q.stride) + 1, q.rank))


def _long(q: Question, levels: Levels, random: np.random.Generator) -> Question | None:
    """Long enough for something to be left."""
    del levels
    space = _axes(random, 1, 4, q.rank)
    longer = q.but(x=_stand_in((*q.x.shape[:2], *space)))
    return longer if longer.has_output else None


_PARTS: tuple[tuple[tuple[str, ...], Part], ...] = (
    (("stride", "kernel", "dilation"), _kernel),
    (("padding",), _padded),
    (("output padding",), _extended),
    ((), _long),
)


def _stand_in(shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.float32(0), shape)


def _axes(random: np.random.Generator, low: int, high: int, rank: int) -> Axes:
    return tuple(map(int, random.integers(low, high, rank, endpoint=True)))


def _spread(level: str, random: np.random.Generator, rank: int, most: int) -> Axes:
    """A number for all axes, or one for each; that they differ is left to luck."""
    if level == "1":
        return (1,) * rank
    if level == "equal":
        return _axes(random, 2, most, 1) * rank
    return _axes(random, 1, most, rank)


def _padding(level: str, random: np.random.Generator, reach: Axes) -> Pairs | Word:
    if level.startswith("same"):
        return "same"
    if level == "none":
        return "valid" if random.integers(2) else ((0, 0),) * len(reach)
    least = -2 if level == "negative" else 0
    most = [r + 1 if level == "beyond" else r - 1 for r in reach]
    ends = [tuple(map(int, random.integers(least, max(m, 0), 2, endpoint=True))) for m in most]
    return tuple((b, b if level == "even" else e) for b, e in ends)


def _entry(q: Question, seed: int) -> dict[str, Any]:
    """The keys of a case that asks this of numbers that are drawn with a seed."""
    small, large = RANGES[q.dtype]
    # By the kernel it is the input that meets the gradient, whose numbers are small.
    x, kernel = (large, small) if q.wanted == "kernel_gradient" else (small, large)
    said = to_yaml.fields(q)
    said |= {"x": _rule(q.x, x, seed), "kernel": _rule(q.kernel, kernel, seed + 1)}
    if q.bias is not None:
        said["bias"] = [(-1) ** i * (i + 1) for i in range(len(q.bias))]
    return said


def _rule(array: Array, most: int, seed: int) -> dict[str, Any]:
    return {"shape": list(array.shape), "integers": [-most, most], "seed": seed}
