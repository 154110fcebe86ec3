"""Generate cases for the interactions of arguments that no case has.

``python -m tools.combinations [CASES...]`` prints an entry for each question that these cases, by
default the corpus, lack for full coverage of three factors, or of two where the level of one is
pairwise. covertable chooses the points for three; it is installed for this tool alone
(``pip install .[combinations]``). The output is kept in a case file, which is not generated again.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from conformance.authoring import yaml_writer
from conformance.cases import load
from conformance.cases.fields import Topic
from conformance.quality import interactions
from conformance.quality.factors import CONSTRAINTS, FACTORS
from conformance.quality.interactions import Levels, Point
from conformance.utils import resources
from tools import samples

STRENGTH = 3
SALT = "conv_transpose"
"""The seed of the covering array."""

WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "operator": {
        "forward": ("forward", ""),
        "input gradient": ("by-input", "a gradient by the input"),
        "kernel gradient": ("by-kernel", "a gradient by the kernel"),
        "bias gradient": ("by-bias", "a gradient by the bias"),
        "jvp": ("jvp", "a derivative along tangents"),
        "double backward": ("double", "a gradient of a gradient"),
    },
    "rank": {"1": ("1d", "a single axis"), "2": ("2d", ""), "3": ("3d", "three axes")},
    "stride": {
        "1": ("", "no stride"),
        "equal": ("strided", "a stride"),
        "differing": ("strides", "a stride for each axis"),
    },
    "kernel": {
        "divisible": ("", ""),
        "equal": ("kernel-equal", "a kernel as long as the stride"),
        "shorter": ("kernel-short", "a kernel shorter than the stride"),
        "not divisible": ("kernel-odd", "a kernel that is no multiple of the stride"),
    },
    "dilation": {
        "1": ("", ""),
        "equal": ("dilated", "a dilation"),
        "differing": ("dilations", "a dilation for each axis"),
    },
    "padding": {
        "none": ("", "no padding"),
        "even": ("cropped", "a crop"),
        "uneven": ("uneven", "an uneven crop"),
        "beyond": ("beyond", "a crop beyond the kernel"),
        "negative": ("negative", "negative padding"),
        "same, even": ("same-even", "an even total of `same`"),
        "same, odd": ("same-odd", "an odd total of `same`"),
        "circular": ("circular", "circular padding"),
    },
    "output padding": {
        "0": ("", ""),
        "some": ("extended", "some output padding"),
        "largest": ("extended-most", "the largest output padding"),
        "beyond": ("extended-beyond", "output padding beyond the stride"),
    },
    "groups": {
        "1": ("", ""),
        "several": ("grouped", "groups"),
        "depthwise": ("depthwise", "depthwise groups"),
        "multiplied": ("multiplied", "a depthwise multiplier"),
    },
    "channels": {
        "one": ("", "a single channel"),
        "as many": ("alike", "as many outputs as inputs"),
        "differing": ("unlike", "more or fewer outputs than inputs"),
    },
    "bias": {"no": ("", ""), "yes": ("bias", "a bias")},
    "dtype": {
        "float32": ("", ""),
        "float64": ("float64", "float64"),
        "float16": ("float16", "float16"),
        "bfloat16": ("bfloat16", "bfloat16"),
        "integer": ("integer", "whole numbers"),
        "complex": ("complex", "complex numbers"),
        "two dtypes": ("two-dtypes", "two dtypes"),
    },
    "batch": {"batch": ("", ""), "one example": ("example", "one example without a batch")},
    "output size": {"not given": ("", ""), "given": ("sized", "an output size")},
}
"""The words for a level in an id, and in a sentence; empty for the usual level."""

TOPICS: Mapping[str, Topic] = {
    "operator": "gradients",
    "rank": "rank",
    "stride": "stride",
    "kernel": "stride",
    "dilation": "dilation",
    "padding": "valid",
    "output padding": "output-padding",
    "groups": "groups",
    "channels": "channels",
    "bias": "bias",
    "dtype": "dtype",
    "batch": "shape",
    "output size": "shape",
}
"""The topic of a case for each factor."""


def choose_points(points: Iterable[Point]) -> list[Point]:
    """Return the points that, with the given ones, cover every interaction that should be.

    Raises
    ------
    ImportError
        Without covertable.
    """
    presets = [interactions.levels_at(point) for point in sorted(points)]
    further = [*choose_pairwise(points)]
    strengths = (interactions.PAIR, STRENGTH)
    if not any(any(interactions.missing([*points, *further], n)) for n in strengths):
        return further
    alone = {f.name: () if f.is_pairwise else f.pairwise for f in FACTORS}
    levels = {f.name: [x for x in f.levels if x not in alone[f.name]] for f in FACTORS}
    presets = [p for p in presets if all(p[name] in levels[name] for name in levels)]
    rows = import_module("covertable").make(
        levels,
        strength=interactions.PAIR,
        sub_models=[
            {"fields": [f.name for f in FACTORS if not f.is_pairwise], "strength": STRENGTH},
        ],
        salt=SALT,
        presets=presets,
        constraints=[_forbidden(constraint.levels) for constraint in CONSTRAINTS],
    )
    return [*further, *(interactions.point(row) for row in rows if row not in presets)]


def choose_pairwise(points: Iterable[Point]) -> Iterator[Point]:
    """Yield points at which pairwise levels, such as further derivatives, meet all other levels.

    At each step the point that adds most is taken, and of such points that of the plainest levels.
    """
    points = set(points)
    for place, factor in enumerate(FACTORS):
        for level in () if factor.is_pairwise else factor.pairwise:
            yield from _at_level(points, place, factor.levels.index(level))


def _at_level(points: Iterable[Point], place: int, level: int) -> Iterator[Point]:
    """Yield points of one level of the factor at a place that meet all levels of the others."""
    at_level = [point for point in points if point[place] == level]
    covered = [{point[f] for point in at_level} for f in range(len(FACTORS))]
    feasible = interactions.feasible().take([level], place)
    while True:
        gains = np.zeros(feasible.shape, np.int8)
        for f, size in enumerate(feasible.shape):
            is_new = [f != place and other not in covered[f] for other in range(size)]
            gains += np.array(is_new, np.int8).reshape(
                [-1 if a == f else 1 for a in range(gains.ndim)]
            )
        gains[~feasible] = 0
        if not gains.any():
            break
        choice = [int(other) for other in np.unravel_index(gains.argmax(), gains.shape)]
        choice[place] = level
        for f, other in enumerate(choice):
            covered[f].add(other)
        yield tuple(choice)


def _forbidden(levels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return covertable's condition that no row has one of these levels for each factor."""
    conditions = [
        {"operator": "in", "left": name, "values": list(values)} for name, values in levels.items()
    ]
    return {"operator": "not", "condition": {"operator": "and", "conditions": conditions}}


def entry_at(point: Point, number: int, rarest: Sequence[str]) -> dict[str, Any]:
    """Return the keys of a case at a point.

    Parameters
    ----------
    point
        The levels of the case.
    number
        The seed of its numbers.
    rarest
        Factors whose levels appear together here and in hardly any other case.
    """
    levels = interactions.levels_at(point)
    words = [WORDS[factor][levels[factor]][1] for factor in rarest]
    topics = ["combinations", *(_topic(factor, levels[factor]) for factor in rarest)]
    return {
        "id": name(levels),
        "topics": list(dict.fromkeys(topics)),
        "why": f"Brings together {', '.join(words[:-1])} and {words[-1]}.",
        **samples.sharpest(levels, number),
    }


def name(levels: Levels) -> str:
    """Return the id of a case at these levels; no other levels have the same id."""
    slugs = (_slug(factor.name, levels) for factor in FACTORS)
    return "-".join(["mix", *filter(None, slugs)])


def _slug(factor: str, levels: Levels) -> str:
    if factor == "channels" and levels["groups"] in ("depthwise", "multiplied"):
        return ""  # that leaves no choice
    return WORDS[factor][levels[factor]][0]


def _topic(factor: str, level: str) -> Topic:
    if factor == "padding" and level == "circular":
        return "circular"
    if factor == "padding" and level != "none":
        return "same" if level.startswith("same") else "padding"
    return TOPICS[factor]


def rarest(point: Point, points: Iterable[Point]) -> tuple[str, ...]:
    """Return three factors whose levels at a point are shared by the fewest points."""
    points = list(points)
    candidates = [
        place for place, factor in enumerate(FACTORS)
        if WORDS[factor.name][factor.levels[point[place]]][1]
    ]  # fmt: skip

    def frequency(places: tuple[int, ...]) -> int:
        return sum(all(other[place] == point[place] for place in places) for other in points)

    return tuple(FACTORS[place].name for place in min(combinations(candidates, 3), key=frequency))


def main(paths: Sequence[str] = ()) -> None:
    """Print the entries that are missing from the cases in ``paths``, or from the corpus."""
    files = [Path(path) for path in paths] or [resources.CASES]
    points = interactions.points(load(files, check=False).cases)
    try:
        missing = choose_points(points)
    except ImportError:
        sys.exit("this needs covertable; python -m pip install 'covertable>=3.2'")
    all_points = [*points, *missing]
    for number, point in enumerate(sorted(missing), 1):
        fields = entry_at(point, number, rarest(point, all_points))
        sys.stdout.write(yaml_writer.entry(fields, {}, 2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
