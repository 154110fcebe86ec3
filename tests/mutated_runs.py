"""Run files as disks, editors and programs break them: seeded mutations of ones that are right.

Half of them are sealed anew: their footer counts and sums up what was put there, so that it is not
only the checksum that refuses them.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from attacked import ended_well

from conformance.cases import load
from conformance.cli.exit_status import STATUSES
from conformance.gate import accept
from conformance.observations import ANSWERED, MODES, Observation
from conformance.runs import run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, RunError, Writer
from conformance.runs.selection import Selection

T = TypeVar("T")

CASES = """
cases:
  - {id: plain, why: One., x: [[0, 1], [2, 3]], kernel: [[0, 1], [2, 3]], topics: [kernel-flip]}
  - {id: wide, why: Two., x: [[1, 2], [3, 4]], kernel: [[1, 10]], stride: 2, topics: [stride]}
  - {id: taken, why: Three., x: [1, 2, 3], kernel: [1, 10, 100], padding: 1, topics: [padding]}
  - {id: thin, why: Four., x: [1, 2], kernel: [1, 10], dilation: 2, topics: [dilation]}
  - id: real
    why: Five.
    topics: [dtype, real-valued]
    x: {shape: [2, 3, 4, 5], normal: 1.0, seed: 5}
    kernel: {shape: [3, 2, 4, 3], normal: 1.0, seed: 6}
  - id: rough
    why: Six.
    topics: [dtype, real-valued]
    x: {shape: [1, 2, 3], normal: 1.0, seed: 7}
    kernel: {shape: [2, 1, 3], normal: 1.0, seed: 8}
"""
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "plain": {"status": "match"},
    "wide": {
        "status": "mismatch",
        "explanations": (("kernel flip: flipped",),),
        "diagnosis": "It.",
    },
    "taken": {
        "status": "rejected",
        "detail": "It refused: ValueError: no.",
        "limitation": "no padding",
    },
    "thin": {
        "status": "crashed",
        "detail": "It crashed: killed by SIGSEGV.",
        "retry": "It was so.",
    },
    "real": {"status": "match"},
    "rough": {
        "status": "undecided",
        "explanations": (("bias: dropped",),),
        "diagnosis": "So.",
    },
}
"""What an API gave natively for each case; by its recipe it gave the right answer."""
APIS = {"torch": "torch.nn.ConvTranspose", "tensorflow": "tf.nn.conv_transpose"}

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3, 2**62, 2**63, 10**30, -(10**30), 0.5, 1e300, "", "0", "x",
    "match", "mismatch", "praise", "native", "recipe", "float32", "torch", "keras", "caffe", "é",
    "\x00", "\x1b[31m", "\n", "\u202e", "\ud800", "=HYPERLINK(1)", "a,b", "../../x", "<b>",
    "x" * 300, "x" * 2**18, [], [[]], [None], ["x"], [["x"]], [["kernel flip: flipped"]],
    [["a", "\n"]], [[""]], [["a + b"], ["a | b; c"]], [["a", "b"], []], [" x "], [0], [-1],
    [2**40, 2**40], [1] * 100, {}, {"x": 1}, {"x": True}, {"": ""}, {"match": 2},
    {"expression": "x", "apis": [], "cases": []}, {"expression": 5}, {"expression": "\n"},
)  # fmt: skip
WORDS = (
    b"NaN", b"Infinity", b"-0", b"1e999", b"1e-999", b"00", b"+1", b"0x1", b"'x'", b"nul",
    b"[" * 99, b"{" * 5000, b'"\\ud800"', b'"\\u0000"', b'"\\x"', b"\xff\xfe", b"\x00",
    b"\xef\xbb\xbf", b"//", b"\r\n", b"\n", b"\n\n", b"\r", b"\xc2\x85", b" ", b"\t", b"\x0c", b",",
    b":", b"}", b"9" * 5000,
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A broken run file.

    sealed  whether its footer is right of its lines, so far as it has one
    """

    data: bytes
    sealed: bool


def bases(folder: Path) -> dict[str, list[bytes]]:
    """The lines of right runs, by their frameworks, beside their corpus and their baselines."""
    (folder / "corpus").mkdir()
    (folder / "corpus" / "cases.yaml").write_text(CASES)
    prepared_cases = [PreparedCase(case) for case in load([folder / "corpus"], check=False).cases]
    right = {framework: _run(framework, api, prepared_cases) for framework, api in APIS.items()}
    paths = [folder / f"{framework}.jsonl" for framework in right]
    for path, lines in zip(paths, right.values(), strict=True):
        path.write_bytes(b"".join(lines))
    accept.write(accept.snapshots(paths), folder / "baseline")
    return right


def _run(framework: str, api: str, prepared_cases: Iterable[PreparedCase]) -> list[bytes]:
    file = BytesIO()
    writer = Writer(file)
    writer.open(
        Header(
            framework=framework,
            version="2.0",
            python="3.11.7",
            packages={framework: "2.0"},
            runtime_class="fast",
            probes={"fast": True},
            switches={"FAST": "1"},
            apis={api: True, f"{api}.old": False},
            cases="0123",
            files=("mine.yaml",),
            selection=Selection(apis=(api,)),
        )
    )
    for prepared_case in prepared_cases:
        for mode in MODES:
            given = GIVEN[prepared_case.case.id] if mode == "native" else {"status": "match"}
            answer = {"shape": (1, 1, 3), "dtype": "float32", "digest": "4567"}
            writer.add(
                Observation(
                    **{
                        "api": api,
                        "case": prepared_case.case.id,
                        "mode": mode,
                        "op": prepared_case.case.op,
                        "topics": prepared_case.case.topics,
                        "content": prepared_case.content,
                        "exact": prepared_case.case.exact,
                        **(answer if given["status"] in ANSWERED else {}),
                        **given,
                    }
                )
            )
    return sealed([*file.getvalue().splitlines(keepends=True), b'{"kind": "footer"}\n'])


def sealed(lines: list[bytes]) -> list[bytes]:
    """The same lines, with a footer that counts them and sums them up, where there is a footer."""
    if not lines or _fields(lines[-1]).get("kind") != "footer":
        return lines
    statuses = [_fields(line).get("status") for line in lines[1:-1]]
    footer = {
        "kind": "footer",
        "observations": len(statuses),
        "statuses": Counter(status for status in statuses if isinstance(status, str)),
        "checksum": sha256(b"".join(lines[:-1])).hexdigest()[:32],
    }
    return [*lines[:-1], _line(footer)]


def _fields(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _line(fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


Mutation = Callable[[list[bytes], random.Random], None]


def _value(lines: list[bytes], r: random.Random) -> None:
    """A value that is another one, anywhere in a line."""
    at = r.randrange(len(lines))
    fields = _fields(lines[at])
    place: Any = fields
    while place:
        key: Any = r.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or r.random() < 0.4:
            place[key] = r.choice(VALUES)
            break
        place = place[key]
    lines[at] = _line(fields)


def _key(lines: list[bytes], r: random.Random) -> None:
    """A field that is gone, that is called otherwise, or that nobody knows."""
    at = r.randrange(len(lines))
    fields = _fields(lines[at])
    names = ("verdict", "kind", "format", "framework", "status", "case", "", "checksum", "failure")
    change = r.randrange(3)
    gone = fields.pop(r.choice(list(fields)), None) if fields and change < 2 else r.choice(VALUES)
    if change:
        fields[r.choice(names)] = gone
    lines[at] = _line(fields)


def _of_another(lines: list[bytes], r: random.Random) -> None:
    """A field with the value that another line has there."""
    at, other = r.randrange(len(lines)), _fields(r.choice(lines))
    fields = _fields(lines[at])
    if other:
        name = r.choice(list(other))
        fields[name] = other[name]
    lines[at] = _line(fields)


def _head(lines: list[bytes], r: random.Random) -> None:
    """A header that says something else."""
    fields = _fields(lines[0])
    fields[r.choice(list(fields) or [""])] = r.choice(VALUES)
    lines[0] = _line(fields)


def _foot(lines: list[bytes], r: random.Random) -> None:
    """A footer that says something else."""
    fields = _fields(lines[-1])
    fields[r.choice(("observations", "statuses", "checksum", "kind"))] = r.choice(VALUES)
    lines[-1] = _line(fields)


def drop(lines: list[T], r: random.Random) -> None:
    del lines[r.randrange(len(lines))]


def double(lines: list[T], r: random.Random) -> None:
    at = r.randrange(len(lines))
    lines[at:at] = [lines[at]] * r.choice((1, 1, 2, 50))


def move(lines: list[T], r: random.Random) -> None:
    lines.insert(r.randrange(len(lines)), lines.pop(r.randrange(len(lines))))


def _swap(lines: list[bytes], r: random.Random) -> None:
    one, other = r.randrange(len(lines)), r.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _flip(lines: list[bytes], r: random.Random) -> None:
    at = r.randrange(len(lines))
    line = bytearray(lines[at])
    if line:
        line[r.randrange(len(line))] ^= 1 << r.randrange(8)
    lines[at] = bytes(line)


def _insert(lines: list[bytes], r: random.Random) -> None:
    at = r.randrange(len(lines))
    place = r.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:place] + r.choice(WORDS) + lines[at][place:]


def _cut(lines: list[bytes], r: random.Random) -> None:
    at = r.randrange(len(lines))
    place = r.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:place] + lines[at][place + r.choice((1, 4, 30, 10**6)) :]


def _end(lines: list[bytes], r: random.Random) -> None:
    at = r.randrange(len(lines))
    lines[at:] = [lines[at][: r.randrange(len(lines[at]) + 1)]]


def _word(lines: list[bytes], r: random.Random) -> None:
    """A value in the text of a line that JSON may not have."""
    at = r.randrange(len(lines))
    before, colon, after = lines[at].partition(b'": ')
    for _ in range(r.randrange(20)):
        more, colon, after = (after.partition(b'": ')) if b'": ' in after else (b"", colon, after)
        before += (b'": ' + more) if more else b""
    lines[at] = before + colon + r.choice(WORDS) + after[after.find(b",") :]


MUTATIONS: tuple[Mutation, ...] = (
    _value, _value, _value, _value, _key, _of_another, _head, _foot, drop, double, move, _swap,
    _flip, _flip, _insert, _cut, _end, _word,
)  # fmt: skip


def mutants(count: int, seed: int, right: Sequence[list[bytes]]) -> Iterator[Mutant]:
    """So many broken run files, the same for the same seed, made of runs that are right."""
    r = random.Random(seed)
    for _ in range(count):
        lines = list(r.choice(right))
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            if lines:
                r.choice(MUTATIONS)(lines, r)
        is_sealed = r.random() < 0.5
        yield Mutant(b"".join(sealed(lines) if is_sealed else lines), is_sealed)


TRANSLATE = (
    *("translate", "--from", APIS["torch"], "--to", APIS["tensorflow"]),
    *("--kernel-size", "3", "--channels", "1", "1"),
)
READERS: Mapping[str, tuple[str, ...]] = {
    "as the candidate": ("gate", "baseline", "mutant.jsonl"),
    "as the baseline": ("gate", "mutant.jsonl", "torch.jsonl"),
    "in all forms": (
        *("gate", "baseline", "mutant.jsonl", "--markdown", "gate.md", "--junit", "gate.xml"),
        "--github",
    ),
    "accepted": ("accept", "mutant.jsonl", "--to", "accepted"),
    "reported": ("report", "mutant.jsonl", "--out", "report"),
    "for a translation": (*TRANSLATE, "--run", "mutant.jsonl", "--run", "tensorflow.jsonl"),
    "for a script": ("repro", "plain", "--api", APIS["torch"], "--run", "mutant.jsonl"),
}
"""Every command that reads a run file, in a folder with `bases` and a mutant."""


def is_read(path: Path) -> bool:
    """Whether a file is a complete run."""
    try:
        return run_files.read(path).complete
    except RunError:
        return False


def hand_over(name: str, mutant: Mutant) -> None:
    """Hand a mutant to a reader; fails where it takes what is no run, or ends as it never says."""
    Path("mutant.jsonl").write_bytes(mutant.data)
    words = READERS[name]
    statuses = {*STATUSES[words[0]]}
    if not is_read(Path("mutant.jsonl")):
        statuses = {2} if words[0] in ("gate", "accept", "translate") else {0, 2}
    ended = ended_well(words, statuses)
    if name == "accepted" and ended.exit_code == 0:  # what is written down is what was there
        ended_well(("gate", "accepted", "mutant.jsonl"), {0})
