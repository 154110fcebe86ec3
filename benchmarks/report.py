"""How long a report takes, and how much memory, over 1,000 to 1,000,000 observations.

    python benchmarks/report.py [--runs reports/runs] [--most 1000000]

The runs are the real ones of all frameworks, each again and again as if of another version, which
is what many observations are made of. Each contestant is a process of its own, from its start to
its end; the peers are the standard library reading the same files, and pandas reading them into
one frame and counting what is in it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import measuring
from measuring import PARSE, ROOT, again_and_again

RUNS = ROOT / "reports" / "runs"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
COUNT = """
import sys
import pandas as pd
frame = pd.concat(pd.read_json(path, lines=True).assign(run=path) for path in sys.argv[1:])
frame.groupby(["run", "api", "mode", "status"]).size().unstack().to_csv("/dev/null")
"""


@click.command()
@click.option(
    "--runs", "folder", default=ROOT / "reports" / "runs", type=click.Path(path_type=Path)
)
@click.option("--most", default=SIZES[-1], show_default=True)
def main(folder: Path, most: int) -> None:
    """Measure, and print a line for each size."""
    real = sorted(folder.glob("*.jsonl"))
    heads = "".join(f"{head:>20}" for head in ("report", "parse", "pandas"))
    print(f"{'observations':>14}{'runs':>6}{heads}   report / pandas")
    for size in SIZES:
        if size <= most:
            with TemporaryDirectory() as name:
                print_row(real, size, Path(name))


def print_row(real: Sequence[Path], size: int, folder: Path) -> None:
    """Write the runs of one size, and measure the contestants over them."""
    paths, observations = [], 0
    for path, count in write(real, size, folder):
        paths.append(str(path))
        observations += count
    words = ("-m", "conformance", "report", *paths, "--out", folder / "out")
    ours, parse, count = (
        measuring.process(sys.executable, *given)
        for given in (words, ("-c", PARSE, *paths), ("-c", COUNT, *paths))
    )
    cells = "".join(f"{one.clock:>11.1f} s {one.memory:>5.0f} M" for one in (ours, parse, count))
    ratio = ours.clock / count.clock
    print(f"{observations:>14,}{len(paths):>6}{cells}   {ratio:.2f}", flush=True)


def write(real: Sequence[Path], size: int, folder: Path) -> Iterator[tuple[Path, int]]:
    """Runs of as many observations in all, and how many each has; the last is cut short."""
    left = size
    for number, (turn, run) in enumerate(again_and_again(real)):
        header, *lines, _ = run.read_text(encoding="utf-8").splitlines()
        lines = lines[:left]
        said = json.loads(header)
        version = f"{said['version'].partition('+')[0]}.post{turn}"
        path = folder / f"{number:03}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            print(json.dumps({**said, "version": version}), *lines, sep="\n", file=file)
            print(json.dumps({"kind": "footer", "observations": len(lines)}), file=file)
        yield path, len(lines)
        left -= len(lines)
        if not left:
            return


if __name__ == "__main__":
    main()
