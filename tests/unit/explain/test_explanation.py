"""Explanations as a person reads them: at 80 columns, without colour, and nothing left unsaid."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from case_files import HEAD, MINIMAL
from click.testing import CliRunner, Result
from convolver import FRAMEWORK

from conformance.adapters import registry
from conformance.adapters.runtime import ANY
from conformance.cli import explain
from conformance.cli.app import main
from conformance.environments import interpreters
from conformance.explain import explanation
from conformance.explain.explanation import about, api_lines, source, words
from conformance.observations import STATUSES, TROUBLES
from conformance.runs import calls, lookup, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.worker_client import WorkerClient

DOCUMENT = "document: {id: book, title: A Book, source: page 7}\n"
SECTION = "    section: Chapter 2\n    claims: [A1]\n"
STATED = "    expected: {numbers: [1, 12, 0]}\n"
ERRATUM = "    erratum: {sentence: The last number is missing., numbers: [1, 12, 20]}\n"
NO_ANSWER = MINIMAL + "    groups: 2\n    expected: {error: groups}\n"

Explain = Callable[..., list[str]]


@pytest.fixture(scope="module")
def client():
    with WorkerClient(interpreters.interpreter_for(FRAMEWORK, sys.executable)) as client:
        yield client


@pytest.fixture
def prepared_case(tmp_path: Path) -> Callable[[str], PreparedCase]:
    def of(text: str) -> PreparedCase:
        file = tmp_path / "cases.yaml"
        file.write_text(text, encoding="utf-8")
        return PreparedCase(lookup.case_named("one", [file]))

    return of


@pytest.fixture
def explained(client: WorkerClient, prepared_case: Callable[[str], PreparedCase]) -> Explain:
    """The lines on one API of the framework."""

    def lines(api: str, text: str = MINIMAL, width: int = 80) -> list[str]:
        chosen = FRAMEWORK.api(f"convolver.{api}")
        items = plan.invocations(FRAMEWORK, ANY, [chosen], [prepared_case(text)])
        results = tuple(calls.run(client, items))
        return [line.plain for line in api_lines(chosen.id, results, width)]

    return lines


def test_a_call_is_shown_with_its_answer_diagnosis_and_recipe(explained: Explain) -> None:
    assert explained("flipped") == [
        "convolver.flipped: translated",
        "  native: mismatch",
        "    y = np.convolve(x[0, 0], w[0, 0, ::-1])[None, None]",
        "      answer (1, 1, 3)   |   oracle (1, 1, 3)",
        "      10* 21*  2*        |    1* 12* 20*",
        "      3 of 3 numbers differ (*)",
        "    The kernel is read backwards along every axis.",
        "  recipe (kernel transform: kernel flipped): match",
        "    w = w[:, :, ::-1]",
        "    y = np.convolve(x[0, 0], w[0, 0, ::-1])[None, None]",
        "    It is the oracle's answer.",
    ]


def test_one_call_for_both_modes_is_shown_once(explained: Explain) -> None:
    assert explained("right")[:2] == [
        "convolver.right: same",
        "  native and recipe (arguments only): match",
    ]


def test_an_answer_of_another_shape_is_drawn_beside_the_oracles(explained: Explain) -> None:
    assert "       1 12 20  0        |    1 12 20" in explained("longer")


def test_another_dtype_is_said_where_the_numbers_are_the_same(explained: Explain) -> None:
    assert explained("wider")[-1] == "    It has dtype float64, not float32."


def test_a_refusal_is_told_in_the_frameworks_words(explained: Explain) -> None:
    assert explained("refusing")[-1] == ("    It refused: ValueError: no such call is possible.")


def test_what_cannot_be_written_is_told_with_its_reason(explained: Explain) -> None:
    lines = explained("right", MINIMAL + "    stride: 2\n    output_padding: 1\n")
    assert lines[1:3] == [
        "  native: inexpressible",
        "    there is no parameter for output padding",
    ]


def test_an_answer_to_what_has_none_is_drawn(explained: Explain) -> None:
    assert explained("right", NO_ANSWER)[-3:-1] == [
        "    It answered all the same:",
        "       1 12 20",
    ]


def test_it_is_said_whether_an_answer_sides_with_the_document_or_its_erratum(
    explained: Explain,
) -> None:
    lines = explained("right", DOCUMENT + MINIMAL + SECTION + STATED + ERRATUM)
    assert " ".join(" ".join(lines).split()).endswith(
        "It is the oracle's answer. What the case states does not hold. What its erratum puts in"
        " that place holds."
    )


def test_a_case_is_told_with_its_document_and_erratum(
    prepared_case: Callable[[str], PreparedCase],
) -> None:
    case = prepared_case(DOCUMENT + MINIMAL + SECTION + STATED + ERRATUM)
    assert [line.plain for line in about(case, 80)] == [
        "one",
        "  It differs.",
        "  From A Book (page 7), Chapter 2, A1.",
        "  Asked: conv_transpose of x (1, 1, 2) with kernel (1, 1, 2), float32.",
        "  Oracle:",
        "     1 12 20",
        "  Erratum: The last number is missing.",
    ]


def test_a_case_without_an_answer_is_told_with_the_reason(
    prepared_case: Callable[[str], PreparedCase],
) -> None:
    assert [line.plain for line in about(prepared_case(NO_ANSWER), 80)][-2:] == [
        "  Oracle: there is no answer: groups must divide 1, the first length of kernel,",
        "  got 2.",
    ]


ARGUMENTS = """
    bias: [5]
    stride: 2
    padding: [[1, 0]]
    output_padding: 1
    dilation: 2
    dtype: float64
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            MINIMAL + ARGUMENTS,
            "conv_transpose of x (1, 1, 2) with kernel (1, 1, 2), bias [5], stride 2,"
            " padding [[1, 0]], output padding 1, dilation 2, float64",
        ),
        (
            MINIMAL + "    op: conv_kernel_gradient\n    padding: same\n",
            "the gradient by the kernel of conv of x (1, 1, 2) with kernel (1, 1, 2),"
            " padding same, float32",
        ),
        (
            MINIMAL + "    op: conv_transpose_parameters\n",
            "the number of parameters of conv_transpose of x (1, 1, 2) with kernel (1, 1, 2),"
            " float32",
        ),
        (
            HEAD + "    op: interpolate\n    x: [[1, 2], [3, 4]]\n    stride: [2, 3]\n",
            "bilinear up-scaling of x (1, 1, 2, 2) by [2, 3], float32",
        ),
        (
            HEAD + "    op: chain\n    x: [1, 2, 3, 4]\n    steps:\n"
            "      - {op: conv_transpose, kernel: [1, 10], stride: 2}\n"
            "      - {op: max_pool, size: 2}\n",
            "a chain from x (1, 1, 4), float32: 1) conv_transpose with kernel (1, 1, 2), stride 2;"
            " 2) the largest of every 2 along each axis",
        ),
        (
            HEAD + "    op: chain\n    x: [[1, 2, 3, 4]]\n    steps:\n"
            "      - {op: pad, padding: [[1, 0]], value: 3}\n"
            "      - {kernel: [[[1, 10]]], output_size: 4}\n"
            "      - {op: crop, cropping: 1}\n",
            "a chain from x (1, 4) without a batch, float32: 1) 3 around it, [[1, 0]]; 2)"
            " conv_transpose with kernel (1, 1, 2), output size [4]; 3) a crop of [[1, 1]]",
        ),
    ],
)
def test_a_question_in_words_has_what_is_not_the_default(
    prepared_case: Callable[[str], PreparedCase], text: str, said: str
) -> None:
    assert words(prepared_case(text).case.question) == said


def test_a_long_call_is_broken_where_it_stays_the_same_python() -> None:
    call = "y = f(x, w, (1, 1), [(1, 1), (1, 1)], dimension_numbers=('NCHW', 'IOHW', 'NCHW'))"
    lines = [line.plain for line in source(call, 40)]
    assert max(map(len, lines)) <= 40
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(call))


def test_words_of_a_framework_cannot_steer_the_terminal(explained: Explain) -> None:
    assert [line for line in explained("refusing") if not line.isprintable()] == []


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(explained: Explain, width: int) -> None:
    assert max(map(len, explained("flipped", width=width))) <= width


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for module in (lookup, explain, registry):
        monkeypatch.setitem(module.FRAMEWORKS, "torch", FRAMEWORK)
    file = tmp_path / "cases.yaml"
    file.write_text(MINIMAL, encoding="utf-8")

    def invoked(*given: str) -> Result:
        options = ("--framework", "torch", "--cases", str(file), "--python", sys.executable)
        return CliRunner().invoke(main, ["explain", *options, *given])

    return invoked


def test_explain_asks_every_api_that_the_case_concerns(run: Callable[..., Result]) -> None:
    result = run("one")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line.startswith("convolver.")] == [
        "convolver.right: same",
        "convolver.flipped: translated",
        "convolver.refusing: rejected",
        "convolver.longer: different",
        "convolver.wider: different",
        "convolver.nearly: different",
        "convolver.off: different",
    ]


def test_explain_asks_one_api_alone(run: Callable[..., Result]) -> None:
    result = run("one", "--api", "convolver.flipped")
    assert result.stdout.count("convolver.") == 1


def test_explain_writes_no_control_codes_into_a_file(run: Callable[..., Result]) -> None:
    assert "\x1b" not in run("one").stdout


def test_explain_leaves_no_space_at_the_end_of_a_line(run: Callable[..., Result]) -> None:
    assert [line for line in run("one").stdout.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("two",), "there is no case 'two'; the only case is one"),
        (("one", "--api", "keras.ops.conv"), "keras.ops.conv is of Keras, not of Convolver"),
        (("one", "--python", "no-such-python"), "There is no interpreter no-such-python."),
    ],
)
def test_explain_ends_with_2_and_a_sentence(
    run: Callable[..., Result], given: tuple[str, ...], sentence: str
) -> None:
    result = run(*given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"conformance explain: {sentence}\n"


def test_every_status_but_trouble_has_a_colour() -> None:
    assert {*explanation.STYLES, *TROUBLES} == set(STATUSES)


def test_a_backend_that_the_framework_has_not_is_refused(run: Callable[..., Result]) -> None:
    result = run("one", "--backend", "jax")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--backend: Convolver has no backends to choose from, got 'jax'" in result.stderr
