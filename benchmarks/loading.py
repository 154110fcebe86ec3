"""How long cases take from YAML to validated questions, the first time and the second.

    python benchmarks/loading.py [--most 10000]

The files are the shipped ones, again and again with other ids. Each contestant is a process of its
own, from its start to its end: with nothing kept from before, with what that one kept, and with
one file of them changed since; and as the peer, YAML alone: `yaml.load` of PyYAML by libyaml, whose
events are what the cases are read from too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import measuring
from measuring import again_and_again

from conformance import shipped
from conformance.cases import load

SIZES = (1_000, 10_000)
LOAD = """
import sys
from pathlib import Path
from conformance import corpus
print(len(corpus.chosen([Path(sys.argv[1])])))
"""
PARSE = """
import sys
from pathlib import Path
import yaml
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
"""


@click.command()
@click.option("--most", default=SIZES[-1], show_default=True)
@click.option("--runs", "times", default=5, show_default=True)
def main(most: int, times: int) -> None:
    """Measure, and print a line for each size."""
    heads = ("first", "second", "one changed", "YAML alone")
    print(f"{'cases':>8}" + "".join(f"{head:>14}" for head in heads) + "   first / YAML alone")
    for size in SIZES:
        if size <= most:
            with TemporaryDirectory() as folder:
                print_row(size, Path(folder), times)


def print_row(size: int, folder: Path, times: int) -> None:
    """Write the files of one size, and measure the contestants in turn."""
    cases = folder / "cases"
    cases.mkdir()
    written = write(cases, size)
    last = sorted(cases.iterdir())[-1]
    taken: dict[str, list[float]] = {"first": [], "second": [], "changed": [], "alone": []}
    for number in range(times):
        kept = {"XDG_CACHE_HOME": str(folder / f"cache-{number}")}
        taken["first"].append(seconds(LOAD, cases, kept))
        taken["second"].append(seconds(LOAD, cases, kept))
        last.write_text(last.read_text(encoding="utf-8") + f"# {number}\n", encoding="utf-8")
        taken["changed"].append(seconds(LOAD, cases, kept))
        taken["alone"].append(seconds(PARSE, cases, {}))
    medians = [median(column) for column in taken.values()]
    cells = "".join(f"{one:>12.2f} s" for one in medians)
    print(f"{written:>8,}{cells}   {medians[0] / medians[3]:.2f}", flush=True)


def write(folder: Path, size: int) -> int:
    """Copies of the shipped files with ids of their own, of ``size`` cases or a few more."""
    files = [
        (path, len(load([path], check=False).cases))
        for path in sorted(Path(shipped.CASES).rglob("*.yaml"))
    ]
    written = 0
    for turn, (path, count) in again_and_again(files):
        if written >= size:
            break
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^(  - id:\s+)(?=\S)", rf"\g<1>copy-{turn}-of-", text, flags=re.MULTILINE)
        (folder / f"{turn:03}-{path.parent.name}-{path.name}").write_text(text, encoding="utf-8")
        written += count
    return written


def seconds(code: str, cases: Path, kept: Mapping[str, str]) -> float:
    """Of a process of this interpreter, which has to end well."""
    return measuring.process(sys.executable, "-c", code, cases, variables=kept).clock


if __name__ == "__main__":
    main()
