"""What a sentence ends with where a word is not known: never something with another meaning."""

from pathlib import Path

import pytest
from case_files import HEAD, MINIMAL, problems
from click.testing import CliRunner

from conformance.adapters.registry import APIS
from conformance.cases import load
from conformance.cases.fields import TOPICS
from conformance.cases.schema import Entry
from conformance.cases.vocabulary import EXPLANATIONS, SYNONYMS, key_hint
from conformance.cli.app import main

KEYS = tuple(Entry.model_fields)
OWN = {key.replace("_", "") for key in KEYS}
FOREIGN = sorted(
    {
        word
        for api in APIS.values()
        for word, key in api.parameters.items()
        if word != key and word.lower().replace("_", "") not in OWN
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


# Keys


@pytest.mark.parametrize("word", FOREIGN)
def test_every_parameter_of_an_adapter_is_known_by_its_meaning(word: str) -> None:
    meanings = {api.parameters[word] for api in APIS.values() if word in api.parameters}
    assert {SYNONYMS[word]} == meanings


def test_a_key_is_renamed_only_to_one_that_there_is() -> None:
    assert set(SYNONYMS.values()) <= {*KEYS, "numbers"}
    assert not {*SYNONYMS, *EXPLANATIONS} & set(KEYS)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("strides: 2", "unknown key 'strides'; did you mean 'stride'?"),
        ("dilation_rate: 2", "did you mean 'dilation'?"),
        ("adj: 1", "did you mean 'output_padding'?"),
        ("group: 1", "did you mean 'groups'?"),
        ("input_padding: 1", "did you mean 'padding'?"),
        ("target_shape: [7]", "did you mean 'output_size'?"),
        ("output_length: 7", "did you mean 'output_size'?"),
        ("pads: [1, 1]", "padding is [begin, end] for each axis, where pads has the starts"),
        ("auto_pad: SAME_UPPER", "a case says 'padding: same' or 'padding: valid'"),
        ("kernel_size: 3", "told by the shapes of x and kernel"),
        ("out_channels: 3", "told by the shapes of x and kernel"),
        ("data_format: NHWC", "x is (batch, channels, space...) in every case"),
        ("y: [1, 2]", "an answer stands under expected"),
        ("numbers: [1, 2]", "an answer stands under expected"),
        ("outputShape: [7]", "did you mean 'output_shape'?"),
        ("outputSize: [7]", "did you mean 'output_size'?"),
        ("output-padding: 1", "did you mean 'output_padding'?"),
        ("Stride: 2", "did you mean 'stride'?"),
        ("filters: 3", "the kernel itself is 'kernel', and how many filters there are"),
        ("crop: [1, 1]", "padding crops [begin, end] of each axis off the output"),
        ("preferred_element_type: float32", "have the dtype that NumPy promotes both to"),
        ("activation: relu", "a case asks one operator"),
        ("device: cuda", "and `conformance run` where"),
        ("sparkle: 3", "unknown key 'sparkle'; the keys are bias, stride, padding, "),
        ("expected: {values: [1]}", "unknown key 'values'; did you mean 'numbers'?"),
        ("expected: {output_shape: [1]}", "unknown key 'output_shape'; the keys are numbers, sh"),
    ],
)
def test_a_key_of_others_is_told_what_a_case_says(file: Path, line: str, hint: str) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    {line}\n")
    assert hint in wrong


@pytest.mark.parametrize("word", ["size", "pads", "output", "shape"])
def test_what_is_only_spelt_alike_is_not_meant(word: str) -> None:
    assert "did you mean" not in key_hint(word, KEYS)


# Values


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("padding: SAME", "got the text 'SAME'; did you mean 'same'?"),
        ("padding: VALID", "did you mean 'valid'?"),
        ("padding: SAME_UPPER", "did you mean 'same'?"),
        ("padding: SAME_LOWER", "write [begin, end] for each axis"),
        ("padding: full", "write dilation (k - 1) for each axis"),
        ("padding: smae", "got the text 'smae'"),
        ("padding: NOTSET", "got the text 'NOTSET'; write [begin, end] for each axis"),
        ("padding: reflect", "what is padded is zeros"),
        ("dtype: cfloat", "did you mean 'complex64'?"),
        ("dtype: [float32, float16]", "got a list of 2; dtype is that of x, and kernel_dtype that"),
        ("dtype: {x: float32}", "got a mapping; dtype is that of x, and kernel_dtype that of"),
        ("weight_dtype: float16", "did you mean 'kernel_dtype'?"),
        ("kernel_dtype: half", "did you mean 'float16'?"),
        ("expected: [1, 2]", "an answer stands under expected, as in"),
        ("op: conv_transpose_second_gradient", "conv_transpose_double_backward_input, _kernel or"),
        ("op: conv_forward_mode", "a derivative along tangents is conv_transpose_jvp"),
        ("op: conv_b_gradient", "did you mean 'conv_bias_gradient'?"),
        ("op: vjp", "a gradient is by one array: conv_transpose_input_gradient"),
        ("op: conv_weight_gradient", "did you mean 'conv_kernel_gradient'?"),
        ("op: conv_transpos_input_gradient", "did you mean 'conv_transpose_input_gradient'?"),
        ("op: Conv2DTranspose", "did you mean 'conv_transpose'?"),
        ("op: depthwise_conv", "a depthwise operator has as many groups as channels"),
        ("dtype: torch.float16", "did you mean 'float16'?"),
        ("dtype: half", "did you mean 'float16'?"),
        ("dtype: double", "did you mean 'float64'?"),
        ("dtype: float", "it is float32 for some and float64 for others"),
        ("op: ConvTranspose2d", "did you mean 'conv_transpose'?"),
        ("op: conv_transpose2d", "did you mean 'conv_transpose'?"),
        ("op: deconvolution", "did you mean 'conv_transpose'?"),
        ("topics: [my-model]", "words of your own stand under 'tags'"),
        ("topics: [strides]", "did you mean 'stride'?"),
    ],
)
def test_a_value_of_others_is_told_what_a_case_says(file: Path, line: str, hint: str) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    {line}\n")
    assert hint in wrong


@pytest.mark.parametrize("word", ["conv_transpose_grad_grad", "conv_hessian", "conv_transpose_hvp"])
def test_no_operator_is_meant_that_only_has_parts_of_the_word(file: Path, word: str) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    op: {word}\n")
    assert "did you mean" not in wrong


def test_a_dtype_that_is_not_asked_is_not_taken_for_another(file: Path) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    dtype: int8\n")
    assert wrong.endswith("got the text 'int8'")


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        ("1e400", "float32 cannot hold the 1.7976931348623157e+308 of x"),
        ("NaN", "got the text 'NaN'; a number that is not finite is written .nan, .inf or -.inf"),
        (
            "-Infinity",
            "got the text '-Infinity'; a number that is not finite is written .nan, .inf or -.inf",
        ),
        ("2j", "float32 cannot hold the 2j of x"),
        ("1+2i", "got the text '1+2i'; a complex number is written with a j, as in 1+2j"),
        ("'2'", "got the text '2'"),
    ],
)
def test_a_number_that_is_not_asked_is_told_so(file: Path, number: str, hint: str) -> None:
    (wrong,) = problems(file, f"{HEAD}    x: [1, {number}]\n    kernel: [1, 10]\n")
    assert wrong.endswith(hint)


def test_an_array_is_told_to_have_the_dtype_of_its_case(file: Path) -> None:
    text = f"{HEAD}    x: {{shape: [1, 1, 3], fill: 1, dtype: float16}}\n    kernel: [1, 10]\n"
    (wrong,) = problems(file, text)
    assert wrong.endswith(
        "unknown key 'dtype'; dtype is that of x, and kernel_dtype that of the kernel where it is"
        " another one; bias and answer have the dtype that NumPy promotes both to"
    )


# What belongs together


def test_steps_without_their_op_are_told_what_is_missing(file: Path) -> None:
    text = f"{HEAD}    x: [1, 2, 3]\n    steps:\n      - {{kernel: [1, 10]}}\n"
    (wrong,) = problems(file, text)
    assert wrong.endswith(
        "steps has no meaning for op conv_transpose; a case with steps says 'op: chain'"
    )


def test_a_step_of_another_kind_is_told_which_there_are(file: Path) -> None:
    step = "{op: relu, kernel: [1]}"
    text = f"{HEAD}    op: chain\n    x: [1, 2, 3]\n    steps: [{step}]\n"
    (wrong,) = problems(file, text)
    assert wrong.endswith("got the text 'relu'; a step is one of these, or max_pool, pad or crop")


def test_the_kernel_of_a_chain_is_told_where_it_stands(file: Path) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    op: chain\n    steps:\n      - {{kernel: [1]}}\n")
    assert wrong.endswith("kernel has no meaning for op chain; each of its steps has its own")


def test_a_gradient_without_its_op_is_told_which_take_it(file: Path) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    gradient: [1]\n")
    assert "op conv_transpose_input_gradient takes it" in wrong


def operands(x: str, kernel: str) -> str:
    rules = (
        f"    {key}: {{shape: {shape}, fill: 1}}\n" for key, shape in (("x", x), ("kernel", kernel))
    )
    return HEAD + "".join(rules)


def test_a_bare_volume_is_told_to_have_a_rank(file: Path) -> None:
    (wrong,) = problems(file, operands("[8, 8, 8]", "[1, 1, 2, 2, 2]"))
    assert wrong.endswith("a bare 3-D array needs 'rank: 3'")


def test_where_neither_is_likely_nothing_is_guessed(file: Path) -> None:
    (wrong,) = problems(file, operands("[8, 8, 8, 8]", "[2]"))
    assert wrong.endswith("because x has 4, got 1")


# Words of one's own


def test_a_case_may_have_tags_of_its_own(file: Path) -> None:
    file.write_text(f"{MINIMAL}    topics: [stride]\n    tags: [my-model, decoder]\n")
    (case,) = load([file]).cases
    assert case.labels == ("stride", "my-model", "decoder")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_no_tag(file: Path, topic: str) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    tags: [{topic}]\n")
    assert "an entry of tags is a topic and stands under topics" in wrong


# Options


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("new", "--target-shape", "7"), "did you mean '--output-size'?"),
        (("new", "--strides", "2"), "there is no option '--strides'; did you mean '--stride'?"),
        (
            ("new", "--pads", "2"),
            "padding is [begin, end] for each axis, where pads has the starts",
        ),
        (("new", "--dilation-rate", "2"), "did you mean '--dilation'?"),
        (("new", "--paddng", "2"), "did you mean '--padding'?"),
        (("run", "--timout", "2"), "did you mean '--timeout'?"),
    ],
)
def test_an_option_of_others_is_told_what_is_said_here(words: tuple[str, ...], hint: str) -> None:
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 2
    assert hint in said.stderr


@pytest.mark.parametrize("option", ["--sparkle", "--output-shape", "--size", "--pads"])
def test_an_option_that_is_none_is_not_guessed_by_its_spelling(option: str) -> None:
    said = CliRunner().invoke(main, ["run", option])
    assert said.exit_code == 2
    assert said.stderr.splitlines()[-1] == f"Error: there is no option '{option}'"
