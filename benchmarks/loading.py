"""How long cases take from YAML to validated questions.

    python benchmarks/loading.py [--most 10000]

The files are the shipped ones, again and again with other ids. Each contestant is a process of its
own, from its start to its end; the peer is YAML alone: `yaml.load` of PyYAML by libyaml, whose
events are what the cases are read from too.
"""

import re
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import measuring
from measuring import again_and_again

from conformance.cases import load
from conformance.utils import resources

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
    print(f"{'cases':>8}{'loading':>14}{'YAML alone':>14}   loading / YAML alone")
    for size in SIZES:
        if size <= most:
            with TemporaryDirectory() as folder:
                print_row(size, Path(folder), times)


def print_row(size: int, folder: Path, times: int) -> None:
    """Write the files of one size, and measure the contestants in turn."""
    cases = folder / "cases"
    cases.mkdir()
    written = write(cases, size)
    taken: dict[str, list[float]] = {LOAD: [], PARSE: []}
    for _ in range(times):
        for code, column in taken.items():
            column.append(seconds(code, cases))
    loading, alone = map(median, taken.values())
    print(f"{written:>8,}{loading:>12.2f} s{alone:>12.2f} s   {loading / alone:.2f}", flush=True)


def write(folder: Path, size: int) -> int:
    """Copies of the shipped files with ids of their own, of ``size`` cases or a few more."""
    files = [
        (path, len(load([path], check=False).cases))
        for path in sorted(Path(resources.CASES).rglob("*.yaml"))
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


def seconds(code: str, cases: Path) -> float:
    """Of a process of this interpreter, which has to end well."""
    return measuring.process(sys.executable, "-c", code, cases).clock


if __name__ == "__main__":
    main()
