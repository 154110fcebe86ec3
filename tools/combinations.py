"""Combinations: where arguments meet that no case asks about, a small case that does.

``python -m tools.combinations [CASES...]`` prints an entry for each question that
these cases, by default the corpus, lack to have every meeting of three factors. The points are
chosen by covertable, which has to be installed for this alone (``pip install .[combinations]``):
what is printed is kept in a case file, and of the corpus nobody makes it again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

from conformance.authoring import yaml_writer
from conformance.cases import load
from conformance.cases.fields import Topic
from conformance.quality import interactions
from conformance.quality.interactions import CONSTRAINTS, FACTORS, Levels, Point
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
    },
}
"""What stands for a level in an id, and in a sentence; nothing where it is as usual."""

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
}
"""What a case is about for the sake of a factor."""


def chosen(points: Iterable[Point]) -> list[Point]:
    """The points that cover, with those given, every meeting of three factors."""
    given = [interactions.named(point) for point in sorted(points)]
    rows = import_module("covertable").make(
        {factor.name: list(factor.levels) for factor in FACTORS},
        strength=STRENGTH,
        salt=SALT,
        presets=given,
        constraints=[_forbidden(never.levels) for never in CONSTRAINTS],
    )
    return [interactions.point(row) for row in rows if row not in given]


def _forbidden(levels: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """In covertable's words: no row has one of these levels for each of these factors."""
    among = [{"operator": "in", "left": n, "values": list(some)} for n, some in levels.items()]
    return {"operator": "not", "condition": {"operator": "and", "conditions": among}}


def entry_at(point: Point, number: int, rarest: Sequence[str]) -> dict[str, Any]:
    """The keys of a case at a point, the sharpest of a few that are drawn.

    number  what its numbers are drawn with
    rarest  factors whose levels meet here and hardly anywhere else
    """
    levels = interactions.named(point)
    words = [WORDS[factor][levels[factor]][1] for factor in rarest]
    topics = ["combinations", *(_topic(factor, levels[factor]) for factor in rarest)]
    return {
        "id": name(levels),
        "topics": list(dict.fromkeys(topics)),
        "why": f"Brings together {', '.join(words[:-1])} and {words[-1]}.",
        **samples.sharpest(levels, number),
    }


def name(levels: Levels) -> str:
    """The id of a case at these levels, which no other levels have."""
    slugs = (_slug(factor.name, levels) for factor in FACTORS)
    return "-".join(["mix", *filter(None, slugs)])


def _slug(factor: str, levels: Levels) -> str:
    if factor == "channels" and levels["groups"] in ("depthwise", "multiplied"):
        return ""  # that leaves no choice
    return WORDS[factor][levels[factor]][0]


def _topic(factor: str, level: str) -> Topic:
    if factor == "padding" and level != "none":
        return "same" if level.startswith("same") else "padding"
    return TOPICS[factor]


def rarest(point: Point, among: Iterable[Point]) -> tuple[str, ...]:
    """Three factors whose levels at a point meet at as few as possible of some points."""
    points = list(among)
    telling = [
        place for place, factor in enumerate(FACTORS)
        if WORDS[factor.name][factor.levels[point[place]]][1]
    ]  # fmt: skip

    def others(places: tuple[int, ...]) -> int:
        return sum(all(other[place] == point[place] for place in places) for other in points)

    return tuple(FACTORS[place].name for place in min(combinations(telling, 3), key=others))


def main(paths: Sequence[str] = ()) -> None:
    """Prints the entries that are missing from the cases in ``paths``, or from the corpus."""
    read = [Path(path) for path in paths] or [resources.CASES]
    points = interactions.points(load(read, check=False).cases)
    try:
        missing = chosen(points)
    except ImportError:
        sys.exit("this needs covertable; python -m pip install 'covertable>=3.2'")
    every = [*points, *missing]
    for number, point in enumerate(sorted(missing), 1):
        fields = entry_at(point, number, rarest(point, every))
        sys.stdout.write(yaml_writer.entry(fields, {}, 2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
