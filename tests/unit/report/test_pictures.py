"""Pictures show the oracle's numbers: those of the reference, and those under a convention."""

from xml.etree import ElementTree

import numpy as np
import pytest
from report_runs import case

from conformance.conventions.axes import PROFILED
from conformance.report import pictures
from conformance.report.pictures import Picture


def numbers(svg: str, kind: str) -> list[str]:
    """The texts of the cells of a kind, in the order in which they are drawn."""
    texts = ElementTree.fromstring(svg).iter("text")
    return [text.text or "" for text in texts if kind in (text.get("class") or "").split()]


def joined(svg: str, kind: str) -> str:
    return " ".join(numbers(svg, kind))


def picture(axis: str, choice: str) -> Picture:
    return next(p for p in pictures.pictures() if (p.axis, p.choice) == (axis, choice))


WITHOUT = {"two dtypes", "conjugate"}
"""Axes of mixed dtypes and of gradients, which no output of one dtype shows."""


def test_every_choice_of_an_api_has_a_picture() -> None:
    axes = [axis for axis in PROFILED if axis.name not in WITHOUT]
    choices = {(axis.name, choice.name) for axis in axes for choice in axis.meanings}
    assert {(p.axis, p.choice) for p in pictures.pictures()} == choices


def test_a_flipped_kernel_gives_the_numbers_that_the_oracle_gives() -> None:
    svg = picture("kernel flip", "flipped").svg
    assert numbers(svg, "output") == [
        "1",
        "12",
        "123",
        "230",
        "300",
        "100",
        "210",
        "321",
        "32",
        "3",
    ]


def test_what_padding_crops_is_drawn_as_cropped() -> None:
    svg = picture("padding", "ignored").svg
    assert numbers(svg, "output")[:3] == ["102", "20", "203"]
    assert {"1", "10", "30", "300"} <= set(numbers(svg, "crop"))


def test_elements_that_differ_are_marked_and_no_others() -> None:
    svg = picture("bias", "doubled").svg
    reference = numbers(svg, "output")[-4:]
    doubled = [str(int(number) + 5) for number in reference]
    assert numbers(svg, "differs") == doubled


@pytest.mark.parametrize("drawn", pictures.pictures(), ids=lambda p: f"{p.axis}: {p.choice}")
def test_a_picture_is_an_image_with_a_name_for_a_screen_reader(drawn: Picture) -> None:
    root = ElementTree.fromstring(drawn.svg)
    assert (root.get("role"), root.get("aria-label", "").startswith(drawn.axis)) == ("img", True)


def test_coverage_counts_the_products_of_each_element() -> None:
    assert numbers(pictures.coverage(2, 1, size=2), "count") == [
        "1",
        "2",
        "1",
        "2",
        "4",
        "2",
        "1",
        "2",
        "1",
    ]


def test_coverage_is_even_where_the_kernel_is_a_multiple_of_the_stride() -> None:
    inner = np.array(numbers(pictures.coverage(4, 2), "count"), float).reshape(10, 10)[2:-2, 2:-2]
    assert set(inner.ravel()) == {4.0}


def test_a_case_of_one_axis_shows_where_its_products_land() -> None:
    question = case("one").question
    assert pictures.has_landings(question)
    assert numbers(pictures.landings(question, "one"), "product") == ["1", "10", "2", "20"]  # type: ignore[arg-type]
