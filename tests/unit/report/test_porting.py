"""The table of ports holds what the translation writes, with names for lengths and channels."""

from itertools import product
from typing import Any

import pytest
from report_runs import report_of

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.cases import corpus
from conformance.recipes import plan_source, search
from conformance.recipes.search import Plan
from conformance.report.porting import CHANNELS, Setting, port_table, settings, with_names
from conformance.translate import records
from conformance.translate.translation import TRANSLATED
from conformance.utils import resources

FUNCTION = "torch.nn.functional.conv_transpose"
LAYER = "torch.nn.ConvTranspose"
PLAIN = Setting(3, 2, 1, None, 1, "one group")


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    """The table of what PyTorch is known to answer."""
    torch = records.run_of(records.read(resources.BASELINE / "torch.onednn-avx2.csv"))
    return port_table(report_of(torch, cases=tuple(corpus.select_cases(()))))


def call(table: dict[str, Any], setting: Setting) -> list[Any]:
    """The call of the layer for the function's setting."""
    number = table["settings"][",".join(map(str, setting))]
    (meanings,) = (numbers for id_, _, numbers in table["sources"] if id_ == FUNCTION)
    (calls,) = (numbers for id_, _, numbers in table["targets"] if id_ == LAYER)
    found: list[Any] = table["calls"][calls[meanings[number]]]
    return found


def test_a_report_has_the_ports_of_what_it_observed(table: dict[str, Any]) -> None:
    assert {id_ for id_, *_ in table["sources"]} == {LAYER, FUNCTION} <= set(TRANSLATED)


def test_a_report_without_such_apis_has_no_ports() -> None:
    assert port_table(report_of(cases=()))["sources"] == []


def test_channels_are_names_in_a_call(table: dict[str, Any]) -> None:
    source, *_ = call(table, PLAIN._replace(channels="groups"))
    words = "ConvTranspose2d(⟦in⟧, ⟦out⟧, (3, 3), stride=2, padding=1, groups=⟦groups⟧"
    assert words in source


def test_what_the_first_api_cannot_say_has_its_reason(table: dict[str, Any]) -> None:
    number = table["settings"][",".join(map(str, PLAIN._replace(padding="same")))]
    (meanings,) = (numbers for id_, _, numbers in table["sources"] if id_ == FUNCTION)
    assert "padding takes numbers" in table["reasons"][-1 - meanings[number]]


def test_no_number_that_stands_for_a_name_is_left(table: dict[str, Any]) -> None:
    texts = [text for *texts, _, _ in table["calls"] for text in texts]
    assert not [text for text in texts if any(f"{n}" in text for n in (2_003, 3_001, 1_009))]


@pytest.mark.parametrize("id_", TRANSLATED)
def test_every_number_of_a_call_stands_for_a_name(id_: str) -> None:
    framework = next(one for one in FRAMEWORKS.values() if APIS[id_] in one.apis)
    backend = next(iter(framework.interops))
    count = 0
    for channels, padding in product(CHANNELS, (0, 1, "same")):
        question = PLAIN._replace(channels=channels, padding=padding).question()
        plan = search.recipe(APIS[id_], question, Runtime(backend=backend))
        if isinstance(plan, Plan):
            text = plan_source.text(plan, framework.interop(plan.api, backend), question)
            count += "⟦" in with_names(text.source, PLAIN.stride)  # or it raises
    assert count


def test_every_setting_is_there_once() -> None:
    every = settings()
    assert len(set(every)) == len(every)
    assert {setting.channels for setting in every} == set(CHANNELS)
