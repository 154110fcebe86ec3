"""Whether a run comes to the same observations in whatever way it is asked.

    python benchmarks/sameness.py [--environment torch --environment jax] [-k rank]

Each environment is asked one by one; from nothing, with no answer kept and no program compiled
before; with all answers kept; with those to half of the files of cases kept; and once more from
the half of a run file that a killed run leaves. It prints a digest of the observations of each.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import measuring

from conformance.environments import definitions
from conformance.utils import resources

NOTHING_COMPILED = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
OTHER_LIMITS = ("--timeout", str(61 + os.getpid() / 2**22))
"""Under these nothing is kept yet, as answers are kept by the limits too."""


@click.command()
@click.option("--environment", "names", multiple=True, help="All default ones unless stated.")
@click.option("-k", "expression", metavar="EXPRESSION", help="Cases, as of `conformance run`.")
def main(names: tuple[str, ...], expression: str | None) -> None:
    """Ask in every way, and exit with 1 if an observation depends on it."""
    pinned = definitions.pinned().items()
    differing = []
    for name in names or [name for name, environment in pinned if environment.tier == "default"]:
        with TemporaryDirectory() as folder:
            digests = {}
            for way, path in ways(name, expression, Path(folder)):
                count, digests[way] = digest_of(path)
                print(f"{name:24}{way:14}{count:>8,}  {digests[way]}", flush=True)
        if len(set(digests.values())) > 1:
            differing.append(name)
    sys.exit(f"not the same: {', '.join(differing)}" if differing else 0)


def ways(name: str, expression: str | None, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each way of asking, and the run file that came of it."""
    ask = partial(run, name, expression)
    whole = folder / "whole.jsonl"
    yield "one by one", ask(folder / "apart.jsonl", "--refresh", "--one-by-one")
    yield "from nothing", ask(whole, "--refresh")
    yield "all kept", ask(folder / "kept.jsonl")
    ask(folder / "half.jsonl", *sorted(resources.CASES.rglob("*.yaml"))[::2], *OTHER_LIMITS)
    yield "half kept", ask(folder / "rest.jsonl", *OTHER_LIMITS)
    resumed = folder / "resumed.jsonl"
    with whole.open("rb") as lines, resumed.open("wb") as half:
        half.writelines(islice(lines, digest_of(whole)[0] // 2))
    yield "resumed", ask(resumed, "--refresh", "--resume")


def run(name: str, expression: str | None, path: Path, *words: object) -> Path:
    """Run an environment into a file, and return the file."""
    selection = () if expression is None else ("-k", expression)
    command = (sys.executable, "-m", "conformance", "run", "--environment", name, "--out", path)
    measuring.process(*command, *selection, *words, variables=NOTHING_COMPILED)
    return path


def digest_of(path: Path) -> tuple[int, str]:
    """Return the number and a digest of the lines between the header and the footer."""
    lines = path.read_bytes().splitlines()[1:-1]
    return len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()[:16]


if __name__ == "__main__":
    main()
