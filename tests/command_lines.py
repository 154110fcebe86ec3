"""Command lines as people mistype them: seeded words for every command, from its own parameters.

Half of them are a line that is right with something changed, the others are any words that the
command has. They are run in a folder that has a file of every kind.
"""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import numpy as np
from fakes import drive
from gate_runs import different, seen, write
from history_tables import END, LAYER, START, odd, rows, written

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import COMMANDS, main
from conformance.cli.exit_status import STATUSES
from conformance.gate import accept
from conformance.utils import resources

CASES = """
cases:
  - {id: fine, why: One., x: [1, 2], kernel: [1, 10], stride: 2, topics: [stride]}
  - {id: even, why: Two., x: [1, 2], kernel: [1, 1]}
"""
FILES = (
    "cases", "cases/fine.yaml", "wrong.yaml", "run.jsonl", "changed.jsonl", "stopped.jsonl",
    "baseline", "baseline/torch.csv", "expected.yaml", "call.npz", "garbage.bin", "empty", "none",
    "calls.npz", "answer.yaml", "none/none", "new.yaml", "new.jsonl", "out", ".", "/dev/null", "/",
    "", "-", "a\nb", "\udce9", "x" * 300, "~", "*.jsonl", "link",
)  # fmt: skip
NUMBERS = (
    "1", "1", "2", "3", "0", "-1", "nan", "inf", "-inf", "1e3", "1.5", "9" * 25, "", "x", "0x10",
    "1_000", "٣",
)  # fmt: skip
TEXTS = (
    "", " ", "x", "-1", "1", "1,2", "0:1,2:2", "same", "SAME", "[1, 2]", "[[1], [2, 3]]", "{", "[",
    "shape: [2], fill: 1", "shape: [99999, 99999], fill: 1", "\x1b[31m", "é", "a b", "'", "--", "#",
    "x" * 5000, "\u202e", "\udcff", "%s", "{0}", "null", "Mine.",
)  # fmt: skip
BY_NAME: Mapping[str, Sequence[str]] = {
    "framework": ("torch", "torch", "torch", "keras", "caffe", ""),
    "name": ("torch", "keras-jax", "all", "none", "fine"),
    "names": ("torch", "keras-jax", "all", "none"),
    "python": (sys.executable, "/nowhere/python", "/bin/true", "3.11", "", "wrong.yaml"),
    "from_python": (sys.executable, "/nowhere/python", ""),
    "to_python": (sys.executable, "/nowhere/python", ""),
    "backend": ("jax", "torch", "", "theano"),
    "api": ("onnx.ConvTranspose", "torch.nn.ConvTranspose", "no.such", ""),
    "arguments": ("stride=2", "pads=[1, 1]", "y=[1", "=", "x", "y=", ""),
    "api_id": ("plain.right", "plain.backwards", "torch.nn.ConvTranspose", "no.such", ""),
    "api_ids": ("plain.right", "plain.backwards", "torch.nn.ConvTranspose", "no.such", ""),
    "source_id": ("tf.nn.conv_transpose", "keras.layers.ConvTranspose", "x"),
    "target_id": ("keras.layers.ConvTranspose", "jax.lax.conv_transpose", "x"),
    "case": ("fine", "f", "e", "", "none", "fine\n"),
    "expression": ("fine", "fine or even", "not fine", "(((", "1", "", "a and", "x" * 300),
    "scheduler": ("nonsense", "tcp://", "http://x", ""),
    "pins": ("torch==2.0", "x==1", "!!!", "", "torch"),
    "requirement": ("torch", "torch>=2", "torch==2.0", "!!!", "", "x[y]"),
    "requirements": ("torch==2.0", "keras>=3", "keras", "jax", "!!!", ""),
    "range_": ("keras", "keras>=3", "keras>9", "keras==3.*", "torch", "!!!", ""),
    "jobs": ("1", "2", "0", "-1", "1000000000", "nan", ""),
    "count": ("1", "3", "0", "-1", "nan", "x"),
    "memory": (str(2**33), "0", "1", "nan", "9" * 25),
    "timeout": ("5", "60", "0", "-1", "nan", "inf", "1e300", ""),
    "x": ("[1, 2]", "[[1, 2], [3, 4]]", "shape: [3], arange: 1", "[1", "5", ""),
    "kernel": ("[1, 10]", "[[1]]", "shape: [2], integers: [-3, 3]", "[", ""),
    "why": ("Mine.", "no stop", "", "Coding: utf-7."),
    "id": ("mine", "fine", "My", "", "a-b"),
}  # fmt: skip
"""What stands for a parameter, by its name, in place of what stands for its type."""

SEEDS = 10
"""How many seeds in a row, of `BATCH` lines each, have every option of every command."""
BATCH = 50
RIGHT: tuple[tuple[str, ...], ...] = (
    ("accept", "run.jsonl", "--to", "out"),
    ("apis",),
    ("bisect", "torch>=2", "--case", "fine"),
    ("check", "cases"),
    ("check", "cases", "--each", "--matrix", "--out", "out.txt"),
    ("compat", "keras>=3,<4", "--api", LAYER, "--json"),
    ("compat", "keras>=3", "--pre"),
    ("diagnose", "answer.yaml", "--api", "onnx.ConvTranspose", "-a", "strides=2"),
    ("diagnose", "call.npz", "--argument", "y=[1]", "--seconds", "1", "--json"),
    ("diagnose", "answer.yaml", "--against", "answer.yaml"),
    ("diagnose", "calls.npz", "--layer", "000"),
    ("explain", "fine", "--framework", "torch"),
    ("findings", "--framework", "torch"),
    ("fuzz", "--framework", "torch", "--count", "3", "--op", "conv_transpose"),
    ("gate", "baseline", "run.jsonl"),
    ("gate", "run.jsonl", "changed.jsonl", "--markdown", "a.md", "--junit", "a.xml", "--github"),
    ("gate", "baseline", "changed.jsonl", "--expected", "expected.yaml", "--only-regressions"),
    ("gate", "history", "run.jsonl"),
    ("history", "torch==2.0"),
    ("history", "keras", "--markdown", "a.md"),
    ("new", "--id", "mine", "--why", "Mine.", "--x", "[1, 2]", "--kernel", "[1, 10]"),
    ("new", "--id", "mine", "--why", "Mine.", "--from-npz", "call.npz", "--stride", "2"),
    ("report", "run.jsonl", "--out", "out"),
    ("repro", "fine", "--api", "plain.right"),
    ("run", "--framework", "torch", "cases", "--out", "new.jsonl"),
    ("run", "--framework", "torch", "-k", "fine", "--api", "plain.right", "--resume"),
    (
        "translate", "--from", "jax.lax.conv_transpose", "--to", "keras.layers.ConvTranspose",
        "--kernel-size", "3", "--channels", "1", "1", "--run", "run.jsonl",
    ),
    ("environments", "list"),
    ("environments", "prune", "--dry-run"),
)  # fmt: skip


def place(folder: Path) -> None:
    """Fills a folder with a file of every kind, and puts a fake in the place of PyTorch.

    Whoever calls it goes there, and puts back the frameworks and the corpus afterwards.
    """
    (folder / "cases").mkdir(parents=True)
    (folder / "cases" / "fine.yaml").write_text(CASES)
    (folder / "wrong.yaml").write_text(CASES.replace("stride: 2", "stride: 0"))
    (folder / "garbage.bin").write_bytes(bytes(range(256)))
    (folder / "empty").touch()
    (folder / "link").symlink_to("nowhere")
    (folder / "answer.yaml").write_text("x: [1, 2]\nkernel: [1, 10]\ny: [1, 12, 20]\n")
    (folder / "expected.yaml").write_text("- {api: 'plain.*', reason: It is so.}\n")
    np.savez(folder / "calls.npz", **{"000/x": [1], "000/kernel": [2], "000/y": [2]})
    np.savez(folder / "call.npz", x=np.ones((1, 1, 3)), kernel=np.ones((1, 1, 2)), dilation=1)
    of = {"framework": "torch", "backend": None, "apis": {"plain.right": True}}
    run = write(folder / "run.jsonl", seen("fine", api="plain.right"), **of)
    write(folder / "changed.jsonl", different("fine", api="plain.right"), **of)
    write(folder / "stopped.jsonl", seen("fine", api="plain.right"), complete=False, **of)
    accept.write(accept.snapshots([run]), folder / "baseline")
    resources.CASES = folder / "cases"
    resources.HISTORY = written(folder / "history", *rows(odd(START, START, END)))
    drive.fake(folder)
    FRAMEWORKS["torch"] = FRAMEWORKS["torch"]


def statuses(words: Sequence[str]) -> set[int]:
    """What a line may end with: what is documented of its command, and 0 for help."""
    name = next((word for word in words if word in COMMANDS), None)
    return {0, 2} if name is None else {0, *STATUSES[name]}


def lines(count: int, seed: int) -> Iterator[list[str]]:
    """So many command lines, the same for the same seed."""
    r = random.Random(seed)
    context = click.Context(main)
    for number in range(count):
        if number % 2:
            words = list(r.choice(RIGHT))
            for _ in range(r.choice((0, 1, 1, 2, 3))):
                _changed(words, r, context)
        else:
            words = _any(COMMANDS[number // 2 % len(COMMANDS)], r, context, seed)
        yield words


def _any(name: str, r: random.Random, context: click.Context, seed: int) -> list[str]:
    """Words for a command: of `SEEDS` seeds in a row each has its share of the options."""
    words, command = [name], main.get_command(context, name)
    while isinstance(command, click.Group):
        chosen = r.choice(command.list_commands(context))
        words.append(chosen)
        command = command.get_command(context, chosen)
    assert command is not None
    options = [p for p in command.params if isinstance(p, click.Option)]
    others = r.choices(options, k=r.choice((0, 1, 3))) if options else []
    for option in (*options[seed % SEEDS :: SEEDS], *others):
        words += _said(option, r)
    for argument in (p for p in command.params if isinstance(p, click.Argument)):
        for _ in range(
            r.choice((0, 1, 1, 1, 2)) if argument.nargs == -1 else r.choice((1, 1, 1, 0))
        ):
            words.append(_value(argument, r))
    return words


def _said(option: click.Option, r: random.Random) -> list[str]:
    name = r.choice((*option.opts, *option.secondary_opts))
    if option.is_flag:
        return [name]
    number = option.nargs if r.random() < 0.95 else r.choice((0, 1, 3))
    return [name, *(_value(option, r) for _ in range(number))]


def _value(parameter: click.Parameter, r: random.Random) -> str:
    name = parameter.name or ""
    if r.random() < 0.1:
        return r.choice((*TEXTS, *FILES, *NUMBERS)) if name not in ("jobs", "count") else "x"
    if name in BY_NAME:
        return r.choice(BY_NAME[name])
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return r.choice((*map(str, kind.choices), "nonsense", ""))
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return r.choice(NUMBERS)
    return r.choice(FILES if isinstance(kind, click.Path) else TEXTS)


def _changed(words: list[str], r: random.Random, context: click.Context) -> None:
    """Adds, drops, doubles or replaces something behind the name of the command."""
    at = r.randrange(1, len(words) + 1)
    change = r.randrange(5)
    if change == 0 and at < len(words):
        del words[at]
    elif change == 1 and at < len(words):
        words[at] = r.choice((*TEXTS, *FILES)) if words[at - 1] not in ("--count",) else "2"
    elif change == 2 and at < len(words) and words[at - 1] != "--count":
        words.insert(at, words[at])
    else:
        command = main.get_command(context, words[0])
        options = [p for p in getattr(command, "params", ()) if isinstance(p, click.Option)]
        words += _said(r.choice(options), r) if options else ["--no-such-option"]
