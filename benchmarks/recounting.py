"""The proofs that `conformance translate` prints, counted again by pandas over the lines of a run.

It shares no code with the command: what kind of arguments a case has is worked out anew.
"""

import json
import re
from functools import cache
from pathlib import Path

import pandas as pd
from layers import Layer

from conformance.cases import load
from conformance.question import Question
from conformance.utils import resources


def counted_again(printed: str, layer: Layer, run: Path) -> str:
    """Whether as many cases are in the run as the proof says; shares no code with the command."""
    proof = next(line for line in printed.splitlines() if line.startswith("proof: "))
    recipe = re.search(r"this recipe(?: \((.*)\))? (?:was run on|in) ", proof)
    assert recipe is not None
    moves = recipe[1].split("; ") if recipe[1] else []
    number = re.search(r" was run on ([\d,]+) cases? ", proof)
    told = int(number[1].replace(",", "")) if number else 0
    words = _words(printed)
    if "\nmeaning: " not in printed and words != _kinds(layer.question):
        print(f"{layer.words}\n{printed}\n{_kinds(layer.question)}")
        return "WRONG: a proof of other arguments"
    rows = _rows(run)
    rows = rows[(rows.api == layer.target.api.id) & (rows.rewrites == json.dumps(moves))]
    count = int((rows[list(words)] == pd.Series(words)).all(axis=1).sum())
    if told != count:
        print(f"{layer.words}\n{printed}\ncounted again: {count}")
        return "WRONG: a proof that counts otherwise"
    return "a proof, counted again" if told else "no proof, as it says"


def _words(printed: str) -> dict[str, str]:
    """The kinds of arguments that a proof is of, by the arguments' names."""
    line = re.search(r"^(?:these:   |apart:   it was right with )(.*)$", printed, re.MULTILINE)
    assert line is not None
    kinds = re.sub(r" on [\d,]+ cases?(?=,|$)", "", line[1])
    found = re.findall(rf"({'|'.join(_NAMES)}) (.*?)(?:, (?={'|'.join(_NAMES)})|$)", kinds)
    return dict(found)


_NAMES = (
    "rank", "kernel", "stride", "padding", "output padding", "dilation", "groups", "bias", "dtype",
)  # fmt: skip


@cache
def _rows(path: Path) -> pd.DataFrame:
    """The right answers of all recipes in a run, each with the arguments of its case."""
    with path.open(encoding="utf-8") as lines:
        table = pd.DataFrame(map(json.loads, lines))
    right = (table["mode"] == "recipe") & (table.status == "match")
    table = table.loc[right & (table.op == "conv_transpose"), ["api", "case", "rewrites"]]
    cases = {
        case.id: _kinds(case.question)
        for case in load([resources.CASES], check=False).cases
        if case.op == "conv_transpose" and not case.expected.error
    }
    table = table[table.case.isin(cases)].assign(rewrites=table.rewrites.map(json.dumps))
    return table.join(pd.DataFrame.from_dict(cases, orient="index"), on="case")


def _kinds(q: Question) -> dict[str, str]:
    """The kinds of arguments, as the proof calls them, worked out anew."""
    covered = [(k - 1) * d + 1 for k, d in zip(q.window, q.dilation, strict=True)]
    stride = set()
    for s, c in zip(q.stride, covered, strict=True):
        stride.add("1" if s == 1 else "above 1" if s <= c else "beyond the kernel")
    padding = {repr(q.padding)}
    if not isinstance(q.padding, str):
        padding = set()
        for (begin, end), c in zip(q.padding, covered, strict=True):
            kind = "the same at both ends" if begin == end else "unequal at both ends"
            if begin < 0 or end < 0:
                kind += " and negative"
            elif begin >= c or end >= c:
                kind += " and beyond the kernel"
            padding.add("0" if (begin, end) == (0, 0) else kind)
    extra = set()
    for p, s in zip(q.output_padding, q.stride, strict=True):
        extra.add("0" if p == 0 else "from the stride on" if p >= s else "below the stride")
    alone = "of one channel each" if q.x.shape[1] == q.groups else "of several channels each"
    kinds = {
        "rank": {str(q.x.ndim - 2)},
        "kernel": {"of one element" if set(q.window) == {1} else "of several elements"},
        "stride": stride,
        "padding": padding,
        "output padding": extra if q.zero_given or any(q.output_padding) else {"not given"},
        "dilation": {"above 1" if d > 1 else "1" for d in q.dilation},
        "groups": {"1" if q.groups == 1 else alone},
        "bias": {"none" if q.bias is None else "added"},
        "dtype": {q.dtype},
    }
    return {name: " or ".join(sorted(kind)) for name, kind in kinds.items()}
