"""How long the gate takes, and how much memory, over 1,000 to 1,000,000 observations.

    python benchmarks/gate.py [RUN] [--most 1000000]

The runs are a real one with its case ids multiplied. Each contestant is a process of its own, from
its start to its end: the gate of a run against itself, of its baseline against it, and of a run
in which a tenth of the answers is another one; and as its peers the least that any other program
would do, which is to parse both files with the standard library, and to merge them with pandas.
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import measuring
from measuring import PARSE, ROOT, Taken, again_and_again

SIZES = (1_000, 10_000, 50_000, 100_000, 1_000_000)
LARGEST_FOR_PEERS = 100_000  # ten times as many would take them gigabytes
GATE = ("-m", "conformance", "gate")
MERGE = """
import sys
import pandas as pd
one, other = (pd.read_json(path, lines=True) for path in sys.argv[1:])
both = one.merge(other, on=["api", "case", "mode"], how="outer", suffixes=("_was", "_is"))
changed = both[both.digest_was.ne(both.digest_is) & both.digest_was.notna()]
"""


@click.command()
@click.argument(
    "run",
    type=click.Path(path_type=Path),
    default=ROOT / "reports" / "runs" / "keras-torch.jsonl",
)
@click.option("--most", default=SIZES[-1], show_default=True)
def main(run: Path, most: int) -> None:
    """Measure, and print a line for each size."""
    print("seconds and MiB at most; then the gate of a run against itself beside its peers\n")
    heads = ("itself", "baseline", "changed", "parse both", "pandas")
    print(f"{'observations':>12}" + "".join(f"{head:>18}" for head in heads) + "   ratios")
    for size in SIZES:
        if size <= most:
            with TemporaryDirectory() as folder:
                print_row(run, size, Path(folder))


def print_row(run: Path, size: int, folder: Path) -> None:
    """Make the files of one size and measure everything over them."""
    one, other, changed = (folder / f"{name}.jsonl" for name in ("one", "other", "changed"))
    write(run, one, size, changed_every=0)
    write(run, other, size, changed_every=0)
    write(run, changed, size, changed_every=10)
    words = ("-m", "conformance", "accept", str(one), "--to", str(folder / "baseline"))
    measured(*words, status=0)
    itself = measured(*GATE, str(one), str(other), status=0)
    baseline = measured(*GATE, str(folder / "baseline"), str(other), status=0)
    different = measured(*GATE, str(one), str(changed), status=1)
    shown = [itself, baseline, different]
    ratios = ""
    if size <= LARGEST_FOR_PEERS:
        parse = measured("-c", PARSE, str(one), str(other), status=0)
        merge = measured("-c", MERGE, str(one), str(other), status=0)
        shown += [parse, merge]
        of_parse, of_merge = itself.clock / parse.clock, itself.clock / merge.clock
        ratios = f"{of_parse:.2f} of parsing both, {of_merge:.2f} of pandas"
    cells = [f"{one.clock:8.2f} s {one.memory:5.0f} M" for one in shown]
    cells += [""] * (5 - len(cells))
    print(f"{size:>12,}" + "".join(f"{cell:>18}" for cell in cells) + f"   {ratios}", flush=True)


def write(run: Path, path: Path, size: int, *, changed_every: int) -> None:
    """A run of ``size`` observations; every so many have another answer than in ``run``."""
    header, *lines, _ = run.read_text(encoding="utf-8").splitlines()
    with path.open("w", encoding="utf-8") as file:
        print(header, file=file)
        for number, line in enumerate(repeated(lines, size)):
            if changed_every and number % changed_every == 0:
                line = line.replace('"digest": "', '"digest": "f', 1)
            print(line, file=file)
        print(json.dumps({"kind": "footer", "observations": size}), file=file)


def repeated(lines: list[str], size: int) -> Iterator[str]:
    """Lines with new case ids, as many as asked for."""
    for turn, line in islice(again_and_again(lines), size):
        yield line.replace('"case": "', f'"case": "copy-{turn}-of-', 1)


def measured(*words: object, status: int) -> Taken:
    """What a process of this interpreter takes, which has to end with ``status``."""
    return measuring.process(sys.executable, *words, ends=(status,))


if __name__ == "__main__":
    main()
