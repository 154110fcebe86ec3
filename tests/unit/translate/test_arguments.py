"""Argument classes: what two questions have to have in common for one to prove the other."""

import pytest
from small_layers import layer

from conformance.question import Question, stand_in
from conformance.translate import arguments
from conformance.translate.arguments import ARGUMENTS


def named(question: Question) -> dict[str, str]:
    return {
        name: words.removeprefix(f"{name} ")
        for name, words in zip(ARGUMENTS, arguments.classes(question), strict=True)
    }


PLAIN = named(layer())


@pytest.mark.parametrize(
    ("changes", "name", "kind"),
    [
        ({"stride": (2, 2)}, "stride", "above 1"),
        ({"stride": (1, 2)}, "stride", "1 or above 1"),
        ({"stride": (4, 4)}, "stride", "beyond the kernel"),
        ({"padding": "same"}, "padding", "'same'"),
        ({"padding": "valid"}, "padding", "'valid'"),
        ({"padding": ((1, 1), (1, 1))}, "padding", "the same at both ends"),
        ({"padding": ((1, 1), (0, 0))}, "padding", "0 or the same at both ends"),
        ({"padding": ((1, 0), (1, 0))}, "padding", "unequal at both ends"),
        ({"padding": ((-1, -1),) * 2}, "padding", "the same at both ends and negative"),
        ({"padding": ((0, 3), (0, 2))}, "padding", "unequal at both ends and beyond the kernel"),
        ({"output_padding": (1, 1)}, "output padding", "from the stride on"),
        ({"zero_given": True}, "output padding", "0"),
        ({}, "output padding", "not given"),
        ({"dilation": (2, 2)}, "dilation", "above 1"),
        ({"groups": 2, "kernel": stand_in((2, 3, 3, 2))}, "groups", "of one channel each"),
        ({"bias": stand_in((3,))}, "bias", "added"),
        ({"kernel": stand_in((2, 3, 1, 1))}, "kernel", "of one element"),
        ({"dtype": "float64"}, "dtype", "float64"),
    ],
)
def test_a_change_of_an_argument_is_a_change_of_its_class(
    changes: dict[str, object], name: str, kind: str
) -> None:
    assert named(layer(**changes)) == {**PLAIN, name: kind}


def test_output_padding_is_held_against_the_stride() -> None:
    question = layer(stride=(3, 3), output_padding=(1, 3))
    assert named(question)["output padding"] == "below the stride or from the stride on"


def test_several_channels_in_a_group_are_another_class_than_one() -> None:
    grouped = layer(x=stand_in((1, 4, 4, 5)), kernel=stand_in((4, 3, 3, 2)), groups=2)
    assert named(grouped)["groups"] == "of several channels each"


def test_a_dilated_kernel_is_as_long_as_it_reaches() -> None:
    assert named(layer(stride=(3, 3)))["stride"] == "above 1 or beyond the kernel"
    assert named(layer(stride=(3, 3), dilation=(2, 2)))["stride"] == "above 1"


def test_the_size_of_a_layer_is_no_class() -> None:
    larger = layer(x=stand_in((7, 9, 40, 50)), kernel=stand_in((9, 8, 5, 5)))
    assert named(larger) == PLAIN
