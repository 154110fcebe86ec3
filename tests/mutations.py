"""Case files as people break them: seeded mutations of small files that are right.

``python tests/mutations.py 10000 [SEED]`` loads that many, and tells how many of them were still
right, how many different sentences the others gave, and how long the slowest took.
"""

import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from conformance.cases import Loaded, load

BASES: tuple[str, ...] = (
    """\
# What every form of an operand looks like.
document:
  id: guide
  title: A guide
  source: chapter 2
cases:
  - id: plain
    why: The answer is printed.
    topics: [basic, stride]
    claims: [D4]
    x: [[0, 1], [2, 3]]
    kernel: [[0, 1], [2, 3]]
    stride: 2
    expected: {numbers: [[0, 0, 0, 1], [0, 0, 2, 3], [0, 2, 0, 3], [4, 6, 6, 9]]}
  - id: made
    section: part 2.3
    why: Channels and groups.
    x: {shape: [1, 4, 5, 5], integers: [-3, 3], seed: 1}
    kernel: {shape: [4, 2, 3, 3], arange: -4, memory: channels-last}
    bias: [1, -2, 3, 0]
    groups: 2
    dtype: float64
    expected:
      shape: [1, 4, 7, 7]
""",
    """\
cases:
  - id: many
    why: The odd pixel.
    x: [1, 2, 3]
    kernel: [1, 10, 100]
    vary: {stride: [1, 2, 3], padding: [0, same, [[0, 1]]], dilation: [1, 2]}
  - id: said
    why: Every one differs.
    x: [[1, 2, 3]]
    kernel: [[1, -1]]
    vary:
      - {stride: 2, output_padding: 1}
      - {id: crooked, padding: [[0, 0], [0, 1]]}
      - id: wide
        kernel: [[1, 2, 3]]
""",
    """\
cases:
  - id: gradient
    why: The gradient by the kernel.
    op: conv_transpose_kernel_gradient
    x: [[1, 2], [3, 4]]
    kernel: {shape: [2, 2], fill: 1}
    gradient: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
  - id: chain
    why: One after the other.
    op: chain
    x: {shape: [1, 1, 6, 6], arange: 0}
    steps:
      - {op: conv, kernel: [[1, 0], [0, 1]], stride: 2}
      - {op: max_pool, size: 2}
      - kernel: {shape: [1, 2, 2, 2], fill: 1}
        padding: valid
  - id: image
    why: Real numbers.
    op: interpolate
    exact: false
    x: {shape: [1, 3, 4, 4], normal: 1.0, seed: 2}
    stride: 2
  - {id: bilinear, why: A kernel., x: [[1, 2], [3, 4]], kernel: {bilinear: 2}, stride: 2}
  - {id: empty, why: No batch entry., x: {shape: [0, 1, 3], fill: 1}, kernel: [1, 2]}
""",
    """\
cases:
  - id: matrix
    why: "The operator's matrix."
    op: conv
    x: {basis: [3]}
    kernel: [1, 2]
    expected:
      matrix: [[1, 2, 0], [0, 1, 2]]
  - id: refused
    why: 'Nothing is left.'
    x: &small [[1, 2], [3, 4]]
    kernel: *small
    padding: 5
    expected: {error: at least 1 must remain}
  - id: wrong
    why: >-
      The document
      is wrong.
    x: *small
    kernel: *small
    expected: {shape: [2, 2]}
    erratum: {sentence: It forgot the border., shape: [3, 3]}
  - id: counted
    why: |-
      Parameters.
    op: conv_transpose_parameters
    rank: 2
    x: {shape: [1, 2, 2, 2], fill: 0}
    kernel: {shape: [2, 3, 2, 2], fill: 0}
    expected: {parameters: 24}
""",
    """\
cases:
  - id: sized
    why: Lengths in place of padding.
    x: [1, 2, 3]
    kernel: [1, 10, 100]
    stride: 2
    padding: [[1, 0]]
    output_size: 7
  - id: shaped
    why: The whole shape.
    x: {shape: [2, 1, 3], arange: 1}
    kernel: [1, 10, 100]
    output_shape: [2, 1, 4]
  - id: example
    why: One example.
    x: [[1, 2], [3, 4]]
    kernel: [[[1, 10]], [[2, 20]]]
    expected: {shape: [1, 3]}
  - id: around
    why: Around a layer.
    op: chain
    x: [1, 2, 3]
    steps:
      - {op: pad, padding: [[1, 2]], value: 3}
      - {kernel: [1, 10], output_size: 6}
      - {op: crop, cropping: 1}
""",
)

NASTY: tuple[str, ...] = (
    "", "0", "-1", "1", "2.0", "0.5", "1e-3", "1e400", "-.inf", ".nan", "9" * 30, "1" * 5000,
    "0x1F", "0o17", "007", "1_000", "true", "no", "null", "~", "'2'", '"2"', "''", "[]", "{}",
    "[[]]", "[[1], [2, 3]]", "[1, [2]]", "[1, true]", "[1, a]", "[.nan]", "[[[[[[1]]]]]]",
    "[" * 40, "]", "{a: 1, a: 2}", "{[1]: 2}", "? a", "- b", "*small", "*none",
    "&small [*small]", "!x 1", "!!str 1", "'", '"', "|", ">", "%YAML 1.1", "---", "...", "\t",
    "\r", "\x00", "\x85", "\ufeff", "\xe9", "\U0001f600", "same", "valid", "conv", "chain",
    "interpolate", "oracle", "float16", "bfloat16", "int64",
    "{shape: [1, 1, 4, 4], integers: [3, -3]}", "{shape: [9, 9, 9, 9, 9], fill: 1}",
    "{shape: [1, 1, 2000, 2000], fill: 1}", "{shape: [1000000, 1000000], arange: 0}",
    "{bilinear: 1000, channels: 1000}", "{basis: [60, 60]}", "{normal: 1}", "[2147483647, 1]",
    "{shape: [128, 128], integers: [-1, 1]}", "{property: adjoint}", "{error: x}",
    '"\\UFFFFFFFF"', "# comment", ": ", "a: b: c", "<<",
    "{stride: [1, 2, 3, 4], padding: [0, 1, 2, 3]}",
)  # fmt: skip

KEYS: tuple[str, ...] = (
    "id", "why", "op", "x", "kernel", "bias", "gradient", "stride", "padding", "output_padding",
    "dilation", "groups", "dtype", "exact", "expected", "erratum", "vary", "rank", "steps",
    "topics", "claims", "section", "cases", "document", "numbers", "shape", "matrix",
    "parameters", "error", "property", "tolerance", "strde", "__class__", "model_config",
    "size", "seed",
)  # fmt: skip

Mutation = Callable[[str, random.Random], str]


def _line(change: Callable[[list[str], int, random.Random], None]) -> Mutation:
    def mutate(text: str, r: random.Random) -> str:
        lines = text.split("\n")
        change(lines, r.randrange(len(lines)), r)
        return "\n".join(lines)

    return mutate


def _replaced(pattern: str, words: tuple[str, ...]) -> Mutation:
    def mutate(text: str, r: random.Random) -> str:
        found = list(re.finditer(pattern, text))
        if not found:
            return text
        match = r.choice(found)
        start, end = match.span(1)
        return f"{text[:start]}{r.choice(words)}{text[end:]}"

    return mutate


def _swapped(pattern: str) -> Mutation:
    def mutate(text: str, r: random.Random) -> str:
        found = list(re.finditer(pattern, text))
        if len(found) < 2:
            return text
        first, second = sorted(r.sample(found, 2), key=lambda match: match.start())
        middle = text[first.end() : second.start()]
        before, after = text[: first.start()], text[second.end() :]
        return f"{before}{second.group()}{middle}{first.group()}{after}"

    return mutate


def _indent(lines: list[str], at: int, r: random.Random) -> None:
    lines[at] = r.choice((" ", "  ", "\t", "      ", "- ")) + lines[at]


def _outdent(lines: list[str], at: int, r: random.Random) -> None:
    lines[at] = lines[at][r.randrange(1, 5) :]


def _drop(lines: list[str], at: int, _: random.Random) -> None:
    del lines[at]


def _repeat(lines: list[str], at: int, r: random.Random) -> None:
    lines[at:at] = [lines[at]] * r.choice((1, 1, 1, 2, 300))


def _move(lines: list[str], at: int, r: random.Random) -> None:
    lines.insert(r.randrange(len(lines)), lines.pop(at))


def _flip(text: str, r: random.Random) -> str:
    at = r.randrange(len(text) or 1)
    return text[:at] + chr(ord(text[at : at + 1] or "a") ^ 1 << r.randrange(8)) + text[at + 1 :]


def _cut(text: str, r: random.Random) -> str:
    at = r.randrange(len(text) or 1)
    return text[:at] + text[at + r.randrange(1, 30) :]


def _end(text: str, r: random.Random) -> str:
    return text[: r.randrange(len(text) or 1)]


def _insert(text: str, r: random.Random) -> str:
    at = r.randrange(len(text) or 1)
    word: str = r.choice((*"[]{}:,-?&*!|>%@`'\"#\\\n ", *NASTY))
    return f"{text[:at]}{word}{text[at:]}"


MUTATIONS: tuple[Mutation, ...] = (
    *map(_line, (_indent, _outdent, _drop, _repeat, _move)),
    _replaced(r": ([^\n]*)", NASTY),
    _replaced(r"[\[ ](-?[0-9]+)(?=[,\]\n])", NASTY),
    _replaced(r"[\[ ](-?[0-9]+)(?=[,\]\n])", tuple(map(str, range(-3, 12)))),
    _replaced(r"([a-z_]+):", KEYS),
    _swapped(r"(?<=: )[^\n]+"),
    _swapped(r"[a-z_]+(?=:)"),
    _swapped(r"\[[^\n\[\]]*\]"),
    _flip,
    _cut,
    _end,
    _insert,
)


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """``count`` broken files, the same for the same seed."""
    r = random.Random(seed)
    for _ in range(count):
        text = r.choice(BASES)
        for _ in range(r.choice((1, 1, 2, 3, 5))):
            text = r.choice(MUTATIONS)(text, r)
        data = bytearray(text.encode("utf-8", "surrogatepass"))
        if data and r.random() < 0.05:
            data[r.randrange(len(data))] ^= 1 << r.randrange(8)
        yield bytes(data)


def load_bytes(data: bytes, folder: Path) -> Loaded:
    """What loading a file with these bytes gives."""
    file = folder / "mutant.yaml"
    file.write_bytes(data)
    return load([file])


def _run(count: int, seed: int) -> None:
    right, slowest, worst = 0, 0.0, b""
    sentences: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for data in mutants(count, seed):
            start = time.process_time()
            try:
                loaded = load_bytes(data, Path(folder))
            except BaseException:
                sys.stderr.write(f"{data.decode(errors='replace')}\n")
                raise
            seconds = time.process_time() - start
            right += not loaded.problems
            sentences |= {re.sub(r"[0-9]+|'[^']*'", "N", p.sentence) for p in loaded.problems}
            if seconds > slowest:
                slowest, worst = seconds, data
    sys.stdout.write(
        f"{count} files: {right} right, {len(sentences)} kinds of sentences,"
        f" the slowest {slowest:.2f} s:\n{worst.decode(errors='replace')[:2000]}\n"
    )


if __name__ == "__main__":
    _run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
