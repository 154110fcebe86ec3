"""Baselines as editors, spreadsheets and disks break them: seeded mutations of ones that are right.

Half of them are sealed anew: their checksum is that of what was put there, so that it is not only
the checksum that refuses them.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mutated_runs
from attacked import ended_well
from mutated_runs import double, drop, move

from conformance.cli.exit_status import STATUSES
from conformance.gate import baseline
from conformance.gate.baseline import CHECKSUM, checksum
from conformance.gate.snapshot import CannotCompare

CELLS: tuple[str, ...] = (
    "", " ", '"', '""', '"open', 'a"b', "as native", "match", "match/mismatch", "match/match",
    "praise", "match/", "/", "; ", "match; ", "mismatch float32 1x1x3 4567; kernel flip: flipped",
    "match real-valued", "match nondeterministic", "mismatch ; a + b | c",
    "undecided real-valued; bias: dropped", "crashed", "crashed float32 1 0", "=HYPERLINK(1)", "+1",
    "-1", "@x", "\t=1", "\x00", "\x1b[31m", "\u202e", "\ud800", "é", "\r", "\r\n", "\n", "\x85",
    "\u2028", "a,b", ",", ",,,,,,", "x" * 300, "x" * 2**17, '"' + "x\n" * 2**17, "9" * 5000, "None",
    "null", "NaN", "plain", "torch.nn.ConvTranspose", "<b>", "%s", "{0}", "# api: x",
)  # fmt: skip
HEADS: tuple[str, ...] = (
    "# conformance baseline, format 1, written", "# conformance baseline, format 2,",
    "# checksum: 0", "# framework: caffe", "# framework: ", "# framework: keras", "# backend: jax",
    "# backend: ", "# version: ", "# version: =1", "# runtime class: slow", "# runtime class: ",
    "# selected by: -k x", "# selected by: ", "# selected by: nonsense", "# selected by: --api x",
    "# selected by: cases x", "# api: x", "# no api: torch.nn.ConvTranspose",
    "# api: torch.nn.ConvTranspose", "# colour: red", "#", "", "api,case", "framework: torch",
    "\x00", "# api: \x1b[31m",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A broken baseline.

    sealed  whether its checksum is right, so far as it has one
    """

    data: bytes
    sealed: bool


def texts(folder: Path) -> list[str]:
    """Right baselines, beside the runs that they were written from."""
    mutated_runs.bases(folder)
    return [path.read_bytes().decode() for path in sorted((folder / "baseline").iterdir())]


def sealed(text: str) -> str:
    """The same text with the checksum that it should have, where it has any."""
    head, mark, rest = text.partition(f"\n{CHECKSUM}")
    if not mark:
        return text
    rest = rest.partition("\n")[2]
    try:
        return f"{head}{mark}{checksum(head + chr(10), rest)}\n{rest}"
    except UnicodeEncodeError:
        return text


Mutation = Callable[[list[str], random.Random], None]


def _cell(lines: list[str], r: random.Random) -> None:
    """A cell of the table that is another one."""
    at = r.randrange(len(lines))
    cells = lines[at].split(",")
    cells[r.randrange(len(cells))] = r.choice(CELLS)
    lines[at] = ",".join(cells)


def _of_another(lines: list[str], r: random.Random) -> None:
    """A cell with what another line has there."""
    at, cells = r.randrange(len(lines)), r.choice(lines).split(",")
    column = r.randrange(len(cells))
    own = lines[at].split(",")
    own[column : column + 1] = [cells[column]]
    lines[at] = ",".join(own)


def _columns(lines: list[str], r: random.Random) -> None:
    """A cell too many, or too few."""
    at = r.randrange(len(lines))
    cells = lines[at].split(",")
    if r.random() < 0.5:
        del cells[r.randrange(len(cells))]
    else:
        cells.insert(r.randrange(len(cells) + 1), r.choice(CELLS))
    lines[at] = ",".join(cells)


def _word(lines: list[str], r: random.Random) -> None:
    """A word of a line that is another one."""
    at = r.randrange(len(lines))
    words = re.split(r"([ ,;:|/])", lines[at])
    words[r.randrange(len(words))] = r.choice(CELLS)
    lines[at] = "".join(words)


def _head(lines: list[str], r: random.Random) -> None:
    at = r.randrange(min(len(lines), 8))
    lines[at : at + r.randrange(2)] = [r.choice(HEADS)]


def _flip(lines: list[str], r: random.Random) -> None:
    at = r.randrange(len(lines))
    place = r.randrange(len(lines[at]) or 1)
    one = chr(ord(lines[at][place : place + 1] or "a") ^ 1 << r.randrange(7))
    lines[at] = lines[at][:place] + one + lines[at][place + 1 :]


def _cut(lines: list[str], r: random.Random) -> None:
    at = r.randrange(len(lines))
    place = r.randrange(len(lines[at]) or 1)
    lines[at] = lines[at][:place] + lines[at][place + r.choice((1, 4, 30, 10**6)) :]


def _end(lines: list[str], r: random.Random) -> None:
    at = r.randrange(len(lines))
    lines[at:] = [lines[at][: r.randrange(len(lines[at]) or 1)]]


MUTATIONS: tuple[Mutation, ...] = (
    _cell, _cell, _cell, _of_another, _of_another, _columns, _word, _word, _head, drop, double,
    move, _flip, _cut, _end,
)  # fmt: skip


def _damaged(data: bytearray, r: random.Random) -> None:
    """Bytes, after all else."""
    at = r.randrange(len(data))
    change = r.randrange(4)
    if change == 0:
        data[at] ^= 1 << r.randrange(8)
    elif change == 1:
        data[at:at] = r.choice((b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xc3"))
    elif change == 2:
        data[:] = data.replace(b"\n", b"\r")
    else:
        data[:0] = r.choice((b"\xef\xbb\xbf", b"\n", b"{", b" ", b"\x1f\x8b"))


def mutants(count: int, seed: int, texts: Sequence[str]) -> Iterator[Mutant]:
    """So many broken baselines, the same for the same seed, made of texts that are right."""
    r = random.Random(seed)
    for _ in range(count):
        lines = r.choice(texts).split("\n")
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            if lines:
                r.choice(MUTATIONS)(lines, r)
        is_sealed = r.random() < 0.6
        text = "\n".join(lines)
        data = bytearray((sealed(text) if is_sealed else text).encode("utf-8", "surrogatepass"))
        if data and r.random() < 0.1:
            is_sealed = False
            _damaged(data, r)
        yield Mutant(bytes(data), is_sealed)


FILE = Path("baseline", "torch.fast.csv")
READERS: Mapping[str, tuple[str, ...]] = {
    "alone": ("gate", str(FILE), "torch.jsonl"),
    "in its folder": ("gate", "baseline", "torch.jsonl"),
    "in all forms": (
        *("gate", str(FILE), "torch.jsonl", "--markdown", "gate.md", "--junit", "gate.xml"),
        "--github",
    ),
    "with changes that are expected": (
        "gate",
        str(FILE),
        "torch.jsonl",
        "--expected",
        "expected.yaml",
    ),
    "before it is replaced": ("accept", "torch.jsonl", "--to", "baseline"),
}
"""Every command that reads a baseline, in a folder with a mutant in the place of one."""


def is_read(path: Path) -> bool:
    """Whether a file is a baseline."""
    try:
        baseline.read(path)
    except CannotCompare:
        return False
    return True


def hand_over(name: str, mutant: Mutant, right: Sequence[str]) -> None:
    """Hand a mutant to a reader; fails where it takes what is none, or ends as it never says."""
    FILE.write_bytes(mutant.data)
    Path("expected.yaml").write_text("- {api: '*', reason: It is so.}\n")
    words = READERS[name]
    if is_read(FILE):
        # However its lines end now.
        assert mutant.sealed or mutant.data.decode().replace("\r\n", "\n") in right
        ended_well(words, STATUSES[words[0]])
    else:
        ended_well(words, {2})
