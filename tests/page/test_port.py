"""What the page computes is what Python computes, to the letter, for thousands of layers."""

import random
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from playwright.sync_api import Page

from conformance import oracle
from conformance.adapters.call_source import Inexpressible
from conformance.report.porting import WINDOWS
from conformance.runs import lookup
from conformance.translate import proofs, records, translation
from conformance.translate.questions import question_of
from conformance.translate.records import Record
from conformance.translate.translation import TRANSLATED, Place

LAYERS = 6_000
COMPARED = 2_000
"""So many of them are compared; the table of the page has to have at least as many."""


def random_layer(rng: random.Random, ids: Sequence[str]) -> dict[str, Any]:
    kernel, stride = rng.choice(WINDOWS) if rng.random() < 0.9 else (rng.randint(1, 20), 5)
    groups = rng.choice([1, 1, 1, 2, 3, 8])
    deep = rng.random() < 0.2
    source, target = rng.choice(ids), rng.choice(ids)
    return {
        "from": source,
        "to": target,
        "kernel": kernel,
        "stride": stride,
        "padding": rng.choice([0, 0, 1, 1, 2, 3, "same", "same"]),
        "outputPadding": rng.choice([None, None, None, 0, 1, 2]),
        "dilation": rng.choice([1, 1, 1, 2, 3]),
        "groups": groups,
        "inputs": groups * (1 if deep else rng.randint(1, 9)),
        "outputs": groups * (1 if deep else rng.randint(1, 9)),
        "height": rng.randint(2, 40),
        "width": rng.randint(2, 40),
    }


def place(all_records: list[Record], id_: str) -> tuple[Place, Record]:
    framework, api = lookup.api_named(id_)
    record = records.nearest(all_records, api, "native")
    assert record is not None
    return Place(framework, record.runtime, api), record


def by_python(layer: dict[str, Any], places: dict[str, tuple[Place, Record]]) -> dict[str, Any]:
    padding = layer["padding"]
    question = question_of(
        2,
        (layer["kernel"],),
        (layer["inputs"], layer["outputs"]),
        (layer["stride"],),
        padding if isinstance(padding, str) else (padding,),
        None if layer["outputPadding"] is None else (layer["outputPadding"],),
        (layer["dilation"],),
        layer["groups"],
        bias=False,
        size=(layer["height"], layer["width"]),
    )
    (source, from_record), (target, to_record) = places[layer["from"]], places[layer["to"]]
    profile = from_record.profile(source.api)
    assert profile is not None
    result = translation.translate(question, source, target, profile)
    if isinstance(result, Inexpressible):
        return {"reason": result.reason}
    proof = proofs.proof(target.api, result.question, result.call.moves, to_record)
    return {
        "call": result.call.source,
        "kernel": "\n".join(result.kernel),
        "output": "\n".join(result.output),
        "cost": result.call.cost.words,
        "cases": len(proof.cases),
        "lengths": list(result.question.output_space),
    }


def test_the_page_gives_the_calls_that_python_writes(page: Page, all_records: list[Record]) -> None:
    rng = random.Random(20)
    frameworks = {record.header.framework for record in all_records}
    ids = [id_ for id_ in TRANSLATED if lookup.api_named(id_)[0].name in frameworks]
    layers = [random_layer(rng, ids) for _ in range(LAYERS)]
    answers = page.evaluate(
        "layers => load('ports').then((table) => layers.map((layer) => portOf(table, layer)))",
        layers,
    )
    places = {id_: place(all_records, id_) for id_ in ids}
    known = [(a, layer) for a, layer in zip(answers, layers, strict=True) if "unknown" not in a]
    assert len(known) >= COMPARED
    differing = []
    for answer, layer in known[:COMPARED]:
        expected = by_python(layer, places)
        if "reason" in expected:
            # Where nothing comes out, the page says so before it looks for a call.
            is_same = answer["reason"] == expected["reason"] or "no output" in answer["reason"]
        else:
            is_same = {name: answer.get(name) for name in expected} == expected
        if not is_same:
            differing.append((layer, answer, expected))
    assert differing == []


def test_the_page_foresees_the_checkerboards_of_the_oracle(page: Page) -> None:
    windows = list(product(range(1, 9), range(1, 6), range(1, 5)))
    even = page.evaluate("windows => windows.map((w) => coversEvenly(...w))", windows)
    expected = []
    for kernel, stride, dilation in windows:
        ones = np.ones((1, 1, 60)), np.ones((1, 1, kernel))
        (counts,) = oracle.conv_transpose(*ones, stride=stride, dilation=dilation)[0]
        expected.append(len(set(counts[30 * stride : 31 * stride])) == 1)
    assert even == expected


def test_a_layer_with_a_call_is_found_for_every_pair(page: Page) -> None:
    pairs = page.evaluate(
        """() => load("ports").then((table) => table.sources.flatMap(([from, , meanings]) =>
          table.targets.map(([to, , calls]) =>
            [from, to, meanings.filter((n) => n >= 0 && calls[n] >= 0).length])))"""
    )
    assert [(source, target) for source, target, number in pairs if number < 20] == []
