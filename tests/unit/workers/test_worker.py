"""The worker's framing and its one job, in this process."""

import ast
import json
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from fakes import drive
from fakes.clock import PATIENCE

from conformance.adapters.registry import FRAMEWORKS
from conformance.workers import batched, program, worker

TOKEN = b"0123456789abcdef"
FAKES = str(Path(drive.__file__).parent)
UNRULY = f"{FAKES}/unruly_program.py"


def sent(header, **arrays):
    return bytearray(worker.pack(TOKEN, header, arrays))


def asked(source, **arrays):
    return worker.examine(source, {"np": np}, arrays)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, 2.5]], "float32"),
        np.array([1, -1], ">i2"),
        np.array(7),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.zeros((0, 3)),
        np.arange(6).reshape(2, 3).T,
        np.array([1, 2], "float16"),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_an_array_travels_unchanged(array):
    _, arrays = worker.take(sent({}, y=array), TOKEN)
    assert arrays["y"].dtype == array.dtype
    np.testing.assert_array_equal(arrays["y"], array, strict=True)


def test_an_array_that_travelled_may_be_written_to():
    _, arrays = worker.take(sent({}, x=np.zeros(2)), TOKEN)
    arrays["x"] += 1
    assert arrays["x"].tolist() == [1, 1]


def test_not_a_number_travels():
    _, arrays = worker.take(sent({}, y=np.array([np.nan, np.inf])), TOKEN)
    assert np.isnan(arrays["y"][0])
    assert np.isinf(arrays["y"][1])


@pytest.mark.parametrize("array", [np.array([None]), np.array(["1"]), np.zeros(1, "V2")])
def test_only_numbers_travel(array):
    with pytest.raises(TypeError, match="x must hold numbers"):
        sent({}, x=array)


def test_frames_are_taken_one_by_one():
    buffer = sent({"number": 0}) + sent({"number": 1})
    assert [worker.take(buffer, TOKEN)[0] for _ in range(2)] == [{"number": 0}, {"number": 1}]
    assert not buffer


def test_a_frame_is_nothing_until_its_last_byte():
    whole = sent({"kind": "answer"}, y=np.arange(3))
    assert all(worker.take(whole[:size], TOKEN) is None for size in range(len(whole)))


@pytest.mark.parametrize(
    "buffer",
    [
        bytearray(b"h"),
        bytearray(b"hello\n"),
        sent({})[1:],
        bytearray(worker.pack(b"f" * 16, {}, {})),
    ],
    ids=["a letter", "a line", "a frame without its start", "another session's frame"],
)
def test_what_is_no_frame_is_rubbish_at_once(buffer):
    with pytest.raises(worker.Rubbish):
        worker.take(buffer, TOKEN)


def test_a_changed_bit_is_rubbish():
    frame = sent({}, y=np.zeros(2))
    frame[-1] ^= 1
    with pytest.raises(worker.Rubbish):
        worker.take(frame, TOKEN)


def test_a_length_beyond_reason_is_rubbish_rather_than_waited_for():
    frame = bytearray(
        worker.PREFIX.pack(worker.MAGIC, TOKEN, 2, worker.LARGEST + 1, 0) + b"{}" + b"more"
    )
    with pytest.raises(worker.Rubbish):
        worker.take(frame, TOKEN)


def framed(head, body=b""):
    """A frame whose checksum is right, whatever it holds."""
    check = zlib.crc32(body, zlib.crc32(head))
    prefix = worker.PREFIX.pack(worker.MAGIC, TOKEN, len(head), len(body), check)
    return bytearray(prefix + head + body)


def arrays_of(entries, body):
    return worker.take(framed(json.dumps({"arrays": entries}).encode(), body), TOKEN)[1]


@pytest.mark.parametrize(
    "head",
    [b"", b"null", b"[]", b'"text"', b"{}", b'{"arrays": null}', b'{"arrays": {}}', b"\xff",
     b"[" * 100_000, b'{"arrays": [' * 9_000, b'{"arrays": [], "n": ' + b"1" * 5_000 + b"}"],
    ids=lambda head: str(head[:20]),
)  # fmt: skip
def test_a_header_that_is_none_is_rubbish(head):
    with pytest.raises(worker.Rubbish):
        worker.take(framed(head), TOKEN)


def test_a_header_longer_than_allowed_is_rubbish_before_it_is_read():
    start = worker.PREFIX.pack(worker.MAGIC, TOKEN, 1001, 0, 0)
    assert worker.take(bytearray(start), TOKEN) is None
    with pytest.raises(worker.Rubbish, match="a frame of 1001 and 0 bytes"):
        worker.take(bytearray(start), TOKEN, 1000)


@pytest.mark.parametrize(
    "dtype",
    ["|O", "O", "|V8", "<U2", "|S8", "<M8[s]", "<m8", "<f3", "<f2,<f2", "", "f4", "float64", 8,
     None, ["<f8"], {"names": ["a"]}, "<f8\n"],
)  # fmt: skip
def test_an_array_of_something_else_than_numbers_does_not_arrive(dtype):
    """NumPy would read eight bytes as the address of an object."""
    with pytest.raises(worker.Rubbish):
        arrays_of([["y", dtype, [1]]], b"12345678")


@pytest.mark.parametrize(
    "shape",
    [None, 1, "1", [-1], [1.0], [True], [[1]], [2], [0], [2**62], [2**29, 2**29, 2**29], [1] * 33,
     [10**30]],
)  # fmt: skip
def test_an_array_of_a_shape_that_it_has_not_does_not_arrive(shape):
    with pytest.raises(worker.Rubbish):
        arrays_of([["y", "<f8", shape]], b"12345678")


@pytest.mark.parametrize(
    "entries",
    [[None], [[]], [["y"]], [["y", "<f8", [1], 0]], [[1, "<f8", [1]]], ["y<f"],
     [["y", "<f4", [1]], ["y", "<f4", [1]]], [["y", "<f4", [1]]], []],
)  # fmt: skip
def test_arrays_that_are_not_what_the_frame_holds_do_not_arrive(entries):
    with pytest.raises(worker.Rubbish):
        arrays_of(entries, b"12345678")


def test_an_answer_of_more_axes_than_every_numpy_has_is_none():
    header, _ = asked("y = x.reshape((1,) * 32)", x=np.array(1))
    assert header == {"kind": "answer"}
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        header, _ = asked("y = x.reshape((1,) * 33)", x=np.array(1))
        assert header["type"] == "NoAnswer"


def test_the_name_of_an_exception_is_cut_off():
    header, _ = asked("raise type('E' * 1000, (Exception,), {})")
    assert header["type"] == "E" * 200


def test_the_answer_is_y():
    header, arrays = asked("y = 2 * x", x=np.array([1, 2]))
    assert header == {"kind": "answer"}
    assert arrays["y"].tolist() == [2, 4]


def test_an_exception_is_a_refusal_in_its_own_words():
    header, _ = asked("raise ValueError('stride must be positive')")
    assert header == {
        "kind": "refusal",
        "type": "ValueError",
        "message": "stride must be positive",
    }


@pytest.mark.parametrize("source", ["y = x", "y = (", "def f():\n    return x\ny = f()", "  y = 1"])
def test_a_misspelt_source_is_our_mistake(source):
    assert asked(source)[0]["kind"] == "mistake"


def test_a_missing_attribute_is_a_refusal_because_older_versions_lack_it():
    assert asked("y = np.conv_transpose()")[0]["kind"] == "refusal"


def test_a_name_error_within_a_framework_is_a_refusal():
    theirs = {"np": np}
    exec(compile("def f(): return missing", "theirs.py", "exec"), theirs)
    header, _ = worker.examine("y = f()", theirs, {})
    assert header["kind"] == "refusal"


STAGES = """
{first}
for _ in range(1):
    # Stage: convert
    y = 1
    {second}
# Stage: run
{third}
"""


@pytest.mark.parametrize(
    ("place", "message"),
    [("first", "bad"), ("second", "convert: bad"), ("third", "run: bad")],
)
def test_a_refusal_names_the_stage_of_its_line(place: str, message: str):
    lines = {"first": "pass", "second": "pass", "third": "pass", place: "raise ValueError('bad')"}
    assert asked(STAGES.format(**lines))[0]["message"] == message


def test_what_a_source_leaves_in_its_namespace_is_dropped():
    namespace = {"np": np}
    worker.examine("y = z = 1", namespace, {})
    assert namespace == {}


def test_the_answer_is_no_view_of_what_the_source_had():
    x = np.zeros(2)
    _, arrays = asked("y = x", x=x)
    assert not np.shares_memory(arrays["y"], x)


def test_a_long_message_is_cut_off():
    header, _ = asked("raise ValueError('long' * 100_000)")
    assert len(header["message"]) == worker.LONGEST


def test_an_answer_too_large_to_travel_is_none():
    header, _ = asked("y = np.broadcast_to(np.zeros(1), 2**40)")
    assert header["type"] == "NoAnswer"


def replies(prelude, *questions):
    """What a worker answers until its pipe is closed, and the status that it ends with.

    It is in the group of processes of this one, which it cannot end.
    """
    setup = {"prelude": prelude, "together": [], "memory": 2**31, "synchronize": ""}
    setup |= {"facts": {"two": "1 + 1", "odd": "os"}, "switches": ["FAKE_FOLDER"]}
    x, w = np.array([[[1, 2]]], "float32"), np.array([[[3]]], "float32")
    frames = [sent({"number": 0, **setup})]
    frames += [sent({"number": n, "source": s}, x=x, w=w) for n, s in enumerate(questions, 1)]
    words = [sys.executable, worker.__file__]
    variables = drive.variables(FAKES) | {program.VARIABLE: json.dumps([sys.executable, UNRULY])}
    ended = subprocess.run(
        words, input=TOKEN + b"".join(frames), capture_output=True, env=variables, timeout=PATIENCE
    )
    buffer, told = bytearray(ended.stdout), []
    while buffer:
        told.append(worker.take(buffer, TOKEN))
    return told, ended.returncode


def test_it_answers_until_its_pipe_is_closed():
    told, status = replies("import numpy", "y = 2 * x", "y = x[:0]", "1 / 0", "y = (")
    (ready, _), (_, arrays), *others = told
    assert (ready["facts"], ready["switches"]) == ({"two": 2, "odd": None}, {"FAKE_FOLDER": FAKES})
    assert arrays["y"].tolist() == [[[2, 4]]]
    assert [(reply["kind"], reply["number"]) for reply, _ in others] == [
        ("answer", 2), ("refusal", 3), ("mistake", 4),
    ]  # fmt: skip
    assert status == 0


def test_a_prelude_that_fails_is_told_in_its_words():
    ((reply, _),), _ = replies("raise ImportError('no device')")
    assert (reply["kind"], reply["message"]) == ("failed", "no device")


def test_what_changes_its_descriptors_is_a_crash_and_what_closes_its_pipe_its_end():
    told, status = replies("import os", "os.close(0)\ny = x")
    assert told[-1][0]["reason"] == "closed or replaced the worker's descriptors [0]"
    told, status = replies("import os", "os.closerange(3, 10_000)\ny = x")
    assert (len(told), status) == (1, worker.LOST)


def test_a_program_is_asked_through_it_and_it_ends_as_the_program_does():
    ask = "y = program.ask('conv_transpose', {!r}, x=x, kernel=np.full_like(w, {}))"
    deeds = ((0, "float32"), (0, "bfloat16"), (1, "float32"), (2, "float32"), (6, "float32"))
    deeds += ((7, "float32"), (8, "float32"), (9, "float32"), (0, "complex64"), (4, "float32"))
    prelude = "import conformance.workers.program as program\nprogram.running()"
    told, status = replies(prelude, *(ask.format(dtype, deed) for deed, dtype in deeds))
    assert [arrays["y"].tolist() for reply, arrays in told if reply["kind"] == "answer"] == [
        [[[1, 2]]], [[[1, 2]]],
    ]  # fmt: skip
    refusals = [reply["type"] for reply, _ in told if reply["kind"] == "refusal"]
    assert refusals == ["Refused", "Skipped", *["ProgramError"] * 4, "Skipped"]
    assert status == 7


TEXTS = {
    "worker": Path(worker.__file__).read_text(),
    "together": Path(batched.__file__).read_text(),
    **{
        f"{name} {backend}": batching.source
        for name, f in FRAMEWORKS.items()
        for backend, batching in f.together.items()
    },
}
"""Everything of ours that an interpreter with a framework has to run."""


@pytest.mark.parametrize("name", TEXTS)
def test_the_oldest_python_can_read_it(name):
    ast.parse(TEXTS[name], feature_version=(3, 8))


@pytest.mark.parametrize("name", TEXTS)
def test_it_needs_only_the_standard_library_and_numpy(name):
    tree = ast.parse(TEXTS[name])
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    folders = {name.split(".")[0] for name in imported}
    assert folders - set(sys.stdlib_module_names) <= {"numpy"}
