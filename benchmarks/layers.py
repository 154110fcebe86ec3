"""Random layers as a person writes them for one API, to be translated for another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from conformance.adapters.framework import Api
from conformance.environments.definitions import Environment
from conformance.oracle.geometry import padding_of
from conformance.question import Question
from conformance.recipes import search
from conformance.recipes.search import Plan


@dataclass(frozen=True)
class End:
    """An API in a pinned environment."""

    name: str
    environment: Environment
    api: Api


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: the words for it, the ends, and the question that the words are."""

    words: tuple[str, ...]
    source: End
    target: End
    question: Question


def written(random: np.random.Generator, ends: list[End]) -> Iterator[Layer]:
    """Layers that the first API has words for."""
    while True:
        layer = _drawn(random, ends)
        if isinstance(search.native(layer.source.api, layer.question), Plan):
            yield layer


def _drawn(random: np.random.Generator, ends: list[End]) -> Layer:
    """A layer of any arguments, of which those that are the default are mostly left out."""
    source, target = (ends[i] for i in random.choice(len(ends), 2, replace=False))
    rank = int(random.integers(1, 4))
    groups = int(random.choice([1, 1, 1, 2, 3]))
    inputs, outputs = (groups * int(random.integers(1, 4)) for _ in "io")
    kernel = _axes(random, rank, (1, 2, 3, 4, 5))
    size = _axes(random, rank, (1, 2, 3, 4, 5))
    stride = _axes(random, rank, (1, 2, 3)) if random.random() < 0.7 else (1,) * rank
    dilation = _axes(random, rank, (1, 2, 3)) if random.random() < 0.3 else (1,) * rank
    extra = _axes(random, rank, (0, 1, 2)) if random.random() < 0.3 else (0,) * rank
    bias = bool(random.random() < 0.4)
    padding, padding_words = _padding(random, rank)
    words = ["--from", source.api.id, "--to", target.api.id, "--kernel-size", _typed(kernel)]
    words += ["--channels", str(inputs), str(outputs)]
    for option, value, default in (
        ("--stride", stride, 1), ("--dilation", dilation, 1), ("--output-padding", extra, 0),
        ("--groups", (groups,), 1),
    ):  # fmt: skip
        if set(value) != {default} or random.random() < 0.1:
            words += [option, _typed(value)]
    if padding_words != "0" or random.random() < 0.1:
        words.append(f"--padding={padding_words}")
    else:
        padding = source.api.defaults.get("padding", padding)
    if bias or random.random() < 0.1:
        words.append("--bias" if bias else "--no-bias")
    if random.random() < 0.5:
        words += ["--size", _typed(size)]
    else:
        size = (5, 6, 7)[:rank]
    words += ["--rank", str(rank)]
    for end, option in ((source, "--from-backend"), (target, "--to-backend")):
        if end.environment.backend is not None:
            words += [option, end.environment.backend]
    question = Question(
        op="conv_transpose",
        x=np.zeros((2, inputs, *size), np.float32),
        kernel=np.zeros((inputs, outputs // groups, *kernel), np.float32),
        bias=np.zeros(outputs, np.float32) if bias else None,
        stride=stride,
        padding=padding_of(padding, rank),
        output_padding=extra,
        dilation=dilation,
        groups=groups,
        zero_given="--output-padding" in words and not any(extra),
    )
    return Layer(tuple(words), source, target, question)


def _axes(random: np.random.Generator, rank: int, choices: tuple[int, ...]) -> tuple[int, ...]:
    """The same number for all axes as often as not."""
    numbers = tuple(int(n) for n in random.choice(choices, rank))
    return (numbers[0],) * rank if random.random() < 0.6 else numbers


def _typed(numbers: Iterable[int]) -> str:
    numbers = tuple(numbers)
    return ",".join(map(str, numbers if len(set(numbers)) > 1 else numbers[:1]))


def _padding(random: np.random.Generator, rank: int) -> tuple[object, str]:
    """A padding, and how it is typed."""
    kind = str(random.choice(["same", "valid", "0", "0", "equal", "equal", "pairs"]))
    if kind == "0":
        return 0, kind
    if kind == "equal":
        numbers = _axes(random, rank, (0, 1, 2, 3))
        return numbers, _typed(numbers)
    if kind == "pairs":
        pairs = [tuple(map(int, random.choice([-1, 0, 1, 2, 3], 2))) for _ in range(rank)]
        return pairs, ",".join(f"{begin}:{end}" for begin, end in pairs)
    return kind, kind
