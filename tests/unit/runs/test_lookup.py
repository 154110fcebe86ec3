"""Names typed by people: found where only one thing is meant, and answered with a suggestion."""

from pathlib import Path

import pytest
from case_files import MINIMAL

from conformance.adapters.registry import FRAMEWORKS
from conformance.runs import lookup
from conformance.runs.lookup import NotFoundError

OTHERS = """
  - {id: stride-two, why: It differs., x: [1, 2], kernel: [1, 10], stride: 2}
  - {id: stride-three, why: It differs., x: [1, 2], kernel: [1, 10], stride: 3}
"""


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    file = tmp_path / "cases.yaml"
    file.write_text(MINIMAL + OTHERS, encoding="utf-8")
    return [file]


def test_a_case_is_found_by_its_id(paths: list[Path]) -> None:
    assert lookup.case_named("one", paths).id == "one"


def test_a_case_is_found_by_a_beginning_that_only_it_has(paths: list[Path]) -> None:
    assert lookup.case_named("stride-tw", paths).id == "stride-two"


def test_a_beginning_that_several_have_is_refused_with_their_ids(paths: list[Path]) -> None:
    with pytest.raises(NotFoundError) as refused:
        lookup.case_named("stride", paths)
    assert str(refused.value) == "2 cases begin with 'stride': stride-two, stride-three"


def test_a_misspelt_case_is_answered_with_the_nearest(paths: list[Path]) -> None:
    with pytest.raises(NotFoundError) as refused:
        lookup.case_named("stride-twoo", paths)
    assert str(refused.value).startswith("there is no case 'stride-twoo'; near to it: stride-two")


def test_what_is_near_to_no_case_is_answered_with_what_there_is(paths: list[Path]) -> None:
    with pytest.raises(NotFoundError) as refused:
        lookup.case_named("zzz", paths)
    assert str(refused.value) == (
        "there is no case 'zzz'; the cases are one, stride-two, stride-three"
    )


def test_a_file_in_the_place_of_a_case_is_told_where_files_stand(paths: list[Path]) -> None:
    with pytest.raises(NotFoundError) as refused:
        lookup.case_named(str(paths[0]), paths)
    assert str(refused.value).endswith(
        "; a file stands behind --cases, and a case is named by its id"
    )


def test_a_case_in_a_file_that_is_wrong_elsewhere_is_found(paths: list[Path]) -> None:
    paths[0].write_text(MINIMAL + "  - {id: two, why: It differs., x: [1]}\n", encoding="utf-8")
    assert lookup.case_named("one", paths).id == "one"


def test_what_is_wrong_in_the_files_is_told_when_the_case_is_not_there(paths: list[Path]) -> None:
    paths[0].write_text(MINIMAL + "  - {id: two, why: It differs., x: [1]}\n", encoding="utf-8")
    with pytest.raises(NotFoundError, match="kernel is missing"):
        lookup.case_named("two", paths)


def test_a_misspelt_api_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"near to it: .*torch\.nn\.ConvTranspose"):
        lookup.api_named("torch.nn.ConvTransposed")


def test_an_api_of_another_operator_is_refused(paths: list[Path]) -> None:
    _, api = lookup.api_named("torch.nn.Conv")
    with pytest.raises(NotFoundError) as refused:
        lookup.require_applicable(api, lookup.case_named("one", paths))
    assert str(refused.value) == (
        "one asks for conv_transpose, which is nothing that torch.nn.Conv answers"
    )


def test_an_unknown_backend_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFoundError) as refused:
        lookup.refuse_backend(FRAMEWORKS["keras"], "theano")
    assert str(refused.value) == (
        "the backend of Keras must be one of jax, numpy, openvino, tensorflow, torch, got 'theano'"
    )


def test_a_backend_is_refused_where_there_are_none() -> None:
    with pytest.raises(NotFoundError) as refused:
        lookup.refuse_backend(FRAMEWORKS["torch"], "jax")
    assert str(refused.value) == "PyTorch has no backends to choose from, got 'jax'"


# Files that are broken

BROKEN = {
    "not YAML": ("cases: [", "this is not YAML"),
    "no cases": ("services: {}\n", "unknown key 'services'"),
    "nothing": ("", "the file is empty"),
    "a wrong case": (
        "cases:\n  - {id: one, why: A., x: [1], kernel: [1], stride: 0}\n",
        "one: stride must be at least 1 per axis, got 0",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_file_without_the_case_is_told_what_is_broken(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(NotFoundError) as refused:
        lookup.case_named("one", [file])
    first, *_, last = str(refused.value).splitlines()
    assert first.startswith(f"{file}:")
    assert sentence in first
    assert last == "there is no case 'one', and no other case"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        NotFoundError, match="there is no such file or folder\nthere is no case 'one'"
    ):
        lookup.case_named("one", [tmp_path / "none.yaml"])
