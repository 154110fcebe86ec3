"""A mode or a conversion beside the API that it is derived from."""

from typing import Any

import pytest
from report_runs import LAYER, case, observed

from conformance.runs.twins import relations, sentence

MODE = f"{LAYER}(torch.jit.script)"
ANSWER = {"shape": (1, 1, 3), "dtype": "float32", "digest": "a" * 16}
FLIPPED = {**ANSWER, "digest": "b" * 16, "explanations": (("kernel flip: flipped",),)}


@pytest.mark.parametrize(
    ("twin", "mode", "relation", "words"),
    [
        (("match", ANSWER), ("match", ANSWER), "same", "It is the answer of"),
        (("mismatch", FLIPPED), ("mismatch", FLIPPED), "same", "the source already means"),
        (("match", ANSWER), ("mismatch", FLIPPED), "changed", "changes the answer"),
        (("mismatch", ANSWER), ("mismatch", FLIPPED), "changed", "changes the answer"),
        (("match", ANSWER), ("rejected", {"detail": "run: no"}), "changed", "changes the answer"),
        (("rejected", {"detail": "no"}), ("rejected", {"detail": "run: no"}), "same", "already"),
    ],
)
def test_what_changed_an_answer_is_told_from_what_the_source_means(
    twin: tuple[str, Any], mode: tuple[str, Any], relation: str, words: str
) -> None:
    one = case("one")
    first = observed(one, "native", twin[0], **twin[1])
    second = observed(one, "native", mode[0], api=MODE, **mode[1])
    assert relations([first, second]) == {second.key: relation}
    assert words in sentence(second, relation)  # type: ignore[arg-type]


def test_an_answer_without_that_of_the_twin_has_no_relation() -> None:
    one, two = case("one"), case("two")
    recipe = observed(one, "recipe", "match")
    other = observed(two, "native", "match")
    mode = observed(one, "native", "match", api=MODE)
    assert relations([recipe, other, mode]) == {}
