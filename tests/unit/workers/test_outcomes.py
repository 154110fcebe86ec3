"""What outcomes say to people."""

import numpy as np
import pytest

from conformance.workers.outcomes import SHOWN, Answer, Crash, Flaky, Hang, Refusal

ANSWER = Answer(np.zeros((1, 2), "float32"))
CRASH = Crash("killed by SIGSEGV", "")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (ANSWER, "It answered with float32 of shape (1, 2)."),
        (Refusal("ValueError", "bad stride"), "It refused: ValueError: bad stride."),
        (Refusal("ValueError", "Bad stride.\nMore."), "It refused: ValueError: Bad stride."),
        (Refusal("KeyboardInterrupt", ""), "It refused: KeyboardInterrupt."),
        (CRASH, "It crashed: killed by SIGSEGV."),
        (Hang(60.0, ""), "It gave no answer within 60 s."),
        (
            Flaky(CRASH, ANSWER),
            "Asked twice, it crashed: killed by SIGSEGV,"
            " and then it answered with float32 of shape (1, 2).",
        ),
    ],
)
def test_every_outcome_is_told_in_a_sentence(outcome, words):
    assert outcome.words == words


def test_where_keras_was_is_not_what_it_refuses() -> None:
    message = "Exception encountered when calling Conv().\n\n\x1b[1mBad stride.\x1b[0m\n\nMore:"
    assert Refusal("ValueError", message).first_line == "Bad stride."


def test_that_is_all_there_is_to_say_where_nothing_follows() -> None:
    message = "Exception encountered when calling Conv()."
    assert Refusal("ValueError", message).first_line == message


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ('in user code:\n\n    File "<question>", line 9, in <lambda>  *\n    TypeError: no', "no"),
        ("Graph execution error:\n\nDetected at node a/b defined at\n<stack traces un>\nno", "no"),
        (
            "load: Exception from src/a.cpp:105:\nCheck 'false' failed at src/b.cpp:9:\nno",
            "load: no",
        ),
        ("load: Exception from src/a.cpp:105:", "load: Exception from src/a.cpp:105:"),
        ("load: no\nException from src/a.cpp:105:", "load: no"),
    ],
)
def test_a_refusal_says_what_and_not_where(message: str, line: str) -> None:
    assert Refusal("TypeError", message).first_line == line


def test_only_the_first_line_of_a_refusal_is_shown():
    assert Refusal("ValueError", "\n  one\ntwo").first_line == "one"


def test_a_long_line_is_shown_in_part():
    assert len(Refusal("ValueError", "x" * 1000).first_line) == SHOWN


def test_a_refusal_that_begins_with_a_traceback_is_told_by_what_follows() -> None:
    message = (
        'Traceback (most recent call last):\n  File "../src/x.cc", line 5\nCheck failed: n > 0'
    )
    assert Refusal("MXNetError", message).first_line == "Check failed: n > 0"


def test_the_same_refusal_has_the_same_words_at_any_time_and_after_any_other() -> None:
    one = Refusal("MXNetError", "Error in operator conv277_deconvolution0: [17:01:34] ../a.cc:278")
    other = Refusal("MXNetError", "Error in operator conv1_deconvolution0: [09:00:00] ../a.cc:278")
    assert one.words == other.words
    assert "conv_deconvolution0: ../a.cc:278" in one.words


def test_layers_of_keras_are_not_counted_in_the_words_of_a_refusal() -> None:
    one, other = (
        Refusal("ConverterError", f"error: functional_{n}_1/conv2d_transpose_{n}_1/conv_transpose")
        for n in (9, 93)
    )
    assert one.words == other.words
    assert "functional/conv2d_transpose/conv_transpose" in one.words


def test_what_tensorflow_says_of_its_graph_is_left_out() -> None:
    message = (
        "{{function_node __wrapped____MklNativeConv2DBackpropInput_device_/job:localhost/replica:0"
        "/task:0/device:CPU:0}} Operation received an exception:Status: 3, message: could not"
        " create a primitive descriptor for a convolution propagation primitive [Op:Conv2D] name: "
    )
    assert Refusal("AbortedError", message).words == (
        "It refused: AbortedError: Operation received an exception:Status: 3, message: could not"
        " create a primitive descriptor for a convolution propagation primitive."
    )


def test_a_refusal_is_cut_at_a_word() -> None:
    message = "Need more of everything, " * 20
    said = Refusal("ValueError", message).words
    assert said.removesuffix("…").split()[-1] in ("Need", "more", "of", "everything")
    assert not said.endswith("….")
