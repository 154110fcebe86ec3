"""Runs in a framework's own interpreter, and answers questions without knowing the right answers.

Python 3.8 or newer runs this file with only NumPy and the framework installed, so the file imports
nothing of this package. The controller imports the format of frames from here.

A frame is a magic number, the session's random token, two lengths, a CRC, a JSON header and the
bytes of the arrays. Text that a framework prints into the pipe lacks the token and is recognised.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and sys.path[:1] == [__file__.rpartition("/")[0]]:
    del sys.path[0]  # Python puts this file's folder first, and its modules could hide others

import contextlib
import faulthandler
import json
import platform
import re
import signal
import struct
import traceback
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Message = tuple[dict[str, Any], dict[str, NDArray[Any]]]

MAGIC = b"\x93CONV\r\n\n"
TOKEN_SIZE = 16
PREFIX = struct.Struct(f"<{len(MAGIC)}s{TOKEN_SIZE}sIQI")
LARGEST = 2**29
"""Bytes that all arrays of one frame may have: more than any case, less than any memory."""
LONGEST = 20_000
"""Characters of a framework's message that a worker sends."""
LONGEST_QUESTION, LONGEST_REPLY = 2**26, 2**20
"""Bytes that the header of a frame to a worker may have, and that of one from a worker."""
LONGEST_FACT = 2**16
"""Characters that a fact may have in JSON."""
MOST_AXES = 32
"""Axes that an array may have, as every version of NumPy supports so many."""
NUMBERS = re.compile(r"[<>|=](b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32))")
"""The dtypes of arrays in frames. Kinds are no test: float8_e5m2 of ml_dtypes is ``f1``."""
PROCESS = "CONFORMANCE_PROCESS"
"""The environment variable that begins with the number of the controller's process."""
PRELUDE_MEMORY = 2**33
"""Bytes that the prelude may use in addition to those of a question."""
DESCRIPTORS = 4096
"""Files that a worker may have open."""
TASKS = 2**14
"""Processes and threads that a worker may add to those of the system."""
LOST = 113
"""Exit status of a worker whose pipe for answers is closed."""

LEVELS = (
    ("x86-64-v1", "cmov cx8 fpu fxsr mmx sse sse2"),
    ("x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86-64-v3", "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"),
    ("x86-64-v4", "avx512bw avx512cd avx512dq avx512f avx512vl"),
)
"""The levels of the x86-64 psABI, each with Linux's flags for the features that it adds."""

PRELUDE, QUESTION = "<prelude>", "<question>"
STAGE = re.compile(r"^\s*# Stage: (.{1,40})$")
"""A comment of a source by which a refusal in the lines after it says what was being done."""
_HIGH = 100  # above the descriptors that some code closes as "all" descriptors


class Rubbish(Exception):
    """The bytes are no frame of this session."""


class NoAnswer(Exception):
    """The value of ``y`` is not an array of numbers."""


def pack(token: bytes, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack a frame: the session's token, JSON values, and arrays of numbers by their names.

    Raise ``TypeError`` for an array of another dtype.
    """
    for name, array in arrays.items():
        if not NUMBERS.fullmatch(array.dtype.str):
            raise TypeError(f"{name} must hold numbers of NumPy's own, got dtype {array.dtype}")
    shapes = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    head = json.dumps({**header, "arrays": shapes}).encode()
    body = b"".join(array.tobytes() for array in arrays.values())
    check = zlib.crc32(body, zlib.crc32(head))
    return PREFIX.pack(MAGIC, token, len(head), len(body), check) + head + body


def take(buffer: bytearray, token: bytes, longest: int = LONGEST_QUESTION) -> Message | None:
    """Take the first frame off a buffer; return its header and arrays, or None if incomplete.

    Raises ``Rubbish`` at the first byte that belongs to no frame of this session, and for a
    malformed frame.

    Parameters
    ----------
    buffer
        The bytes up to now, from which the frame is removed.
    longest
        Bytes that the header may have.
    """
    lead = MAGIC + token
    if not lead.startswith(bytes(buffer[: len(lead)])):
        stray = bytes(buffer[:60]).partition(MAGIC)[0]  # without the frame behind it
        raise Rubbish(repr(stray) if stray else "a frame of another session")
    if len(buffer) < PREFIX.size:
        return None
    _, _, head_size, body_size, check = PREFIX.unpack_from(buffer)
    start, end = PREFIX.size + head_size, PREFIX.size + head_size + body_size
    if head_size > longest or body_size > LARGEST:
        raise Rubbish(f"a frame of {head_size} and {body_size} bytes")
    if len(buffer) < end:
        return None
    with memoryview(buffer) as view:
        head, body = view[PREFIX.size : start].tobytes(), view[start:end].tobytes()
    del buffer[:end]
    if zlib.crc32(body, zlib.crc32(head)) != check:
        raise Rubbish("a frame whose checksum is wrong")
    try:
        header = json.loads(head)
    except (ValueError, RecursionError):
        raise Rubbish("a frame whose header is not JSON") from None
    shapes = header.pop("arrays", None) if isinstance(header, dict) else None
    if not isinstance(shapes, list):
        raise Rubbish("a frame whose header says nothing of its arrays")
    return header, _arrays(shapes, body) if shapes or body else {}


def _arrays(shapes: list[Any], body: bytes) -> dict[str, NDArray[Any]]:
    """Read the arrays, which have to fill the body exactly."""
    arrays: dict[str, NDArray[Any]] = {}
    offset = 0
    for entry in shapes:
        if not (isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str)):
            raise Rubbish("an array without a name, a dtype and a shape")
        name, dtype, shape = entry
        if name in arrays:
            raise Rubbish("two arrays of one name")
        arrays[name] = _array(dtype, shape, body, offset)
        offset += arrays[name].nbytes
    if offset != len(body):
        raise Rubbish(f"arrays of {offset} bytes in a frame with {len(body)}")
    return arrays


def _array(dtype: Any, shape: Any, body: bytes, offset: int) -> NDArray[Any]:
    """Read an array, as an aligned and writable copy."""
    import numpy as np

    if not (isinstance(dtype, str) and NUMBERS.fullmatch(dtype)):
        raise Rubbish("an array of something else than numbers")
    if not (isinstance(shape, list) and len(shape) <= MOST_AXES and all(map(_is_length, shape))):
        raise Rubbish("an array whose shape is none")
    try:
        return np.ndarray(shape, dtype, body, offset).copy()
    except (TypeError, ValueError, MemoryError):  # a dtype that this machine lacks, or a long shape
        raise Rubbish("an array that is not in its frame") from None


def _is_length(length: Any) -> bool:
    return type(length) is int and 0 <= length <= LARGEST


def examine(
    source: str, namespace: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Run the source of a question, which sets ``y``, and return the reply's header and arrays.

    The namespace has the names that the source may use. It is cleared, so that destructors run
    while their own question is being asked.
    """
    try:
        namespace.update(arrays)
        exec(compile(source, QUESTION, "exec", dont_inherit=True), namespace)
        if "y" not in namespace:
            raise NoAnswer("the source never set y")
        answer = _answer(namespace["y"])
        namespace.clear()
        return {"kind": "answer"}, {"y": answer}
    except BaseException as error:  # SystemExit, too, is an outcome of this question
        return _error_header(error, source), {}
    finally:
        namespace.clear()


def _answer(value: Any) -> NDArray[Any]:
    """Convert ``y`` to an array for a frame. Raises ``NoAnswer``."""
    import numpy as np

    array = np.asarray(value)
    if not NUMBERS.fullmatch(array.dtype.str):
        raise NoAnswer(
            f"y must be an array of NumPy's own numbers,"
            f" got a {type(value).__name__} of dtype {array.dtype}"
        )
    if array.nbytes > LARGEST:
        raise NoAnswer(f"y must have at most {LARGEST} bytes, got {array.nbytes}")
    if array.ndim > MOST_AXES or not all(map(_is_length, array.shape)):
        raise NoAnswer(f"y must have at most {MOST_AXES} axes of a length, got {array.shape}")
    return np.array(array, order="C")


def _error_header(error: BaseException, source: str = "") -> dict[str, Any]:
    """Return the header of the reply to a question that has raised an error."""
    try:
        message = _stage(error, source) + str(error)
    except BaseException:  # a framework's own __str__ may fail as well
        message = "(its message could not be read)"
    out_of_memory = isinstance(error, MemoryError)
    kind = "memory" if out_of_memory else "mistake" if _is_mistake(error) else "refusal"
    return {"kind": kind, "type": type(error).__name__[:200], "message": message[:LONGEST]}


def _stage(error: BaseException, source: str) -> str:
    """Return the stage of the source in which an error was raised, before a message; or nothing."""
    frames = traceback.walk_tb(error.__traceback__)
    line = next((n for frame, n in frames if frame.f_code.co_filename == QUESTION), 0)
    stages = filter(None, map(STAGE.match, reversed(source.splitlines()[:line])))
    return next((f"{stage.group(1)}: " for stage in stages), "")


def _is_mistake(error: BaseException) -> bool:
    """Return whether an error is a name or syntax error of the source, outside a framework."""
    files = {frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)}
    return isinstance(error, (NameError, SyntaxError)) and files <= {PRELUDE, QUESTION, __file__}


def _move_pipes() -> tuple[int, int]:
    """Move both pipes to descriptors that code does not reach by standard input and output."""
    import fcntl  # here, as Windows lacks it, where this module is imported, too

    questions = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    answers = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return questions, answers


def _end_with_controller() -> None:
    """Make the system kill this process when its controller dies, even while a question runs.

    The controller's warden does that, too; this works without it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
    controller, _, _ = os.environ.get(PROCESS, "").partition(":")
    is_leader = os.getpid() == os.getsid(0)  # otherwise a wrapper script is the parent
    if is_leader and controller.isdigit() and os.getppid() != int(controller):
        os._exit(0)  # the controller died before the signal was set


def limits() -> dict[str, int]:
    """Return the limits of every program besides time and memory, by names in ``resource``."""
    values = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": DESCRIPTORS}
    with contextlib.suppress(OSError, ValueError, IndexError):  # not Linux
        tasks = Path("/proc/loadavg").read_text(encoding="utf-8").split()[3].partition("/")[2]
        values["RLIMIT_NPROC"] = int(tasks) + TASKS
    return values


def limit(values: Mapping[str, int], process: int | None = None) -> None:
    """Lower the limits of a process, as `limits` returns them, as far as the system has them.

    ``process`` is its number, on Linux; None for this one.
    """
    with contextlib.suppress(ImportError, AttributeError):  # Windows has none, macOS no prlimit
        import resource

        read: Any = resource.getrlimit
        write: Any = resource.setrlimit
        if process is not None:
            read = write = partial(resource.prlimit, process)
        for name, value in values.items():
            with contextlib.suppress(AttributeError, OSError, ValueError):
                which = getattr(resource, name)
                soft, hard = read(which)
                if soft == resource.RLIM_INFINITY or soft > value:
                    write(which, (value, hard))


def _limit_memory(allowance: int) -> None:
    """Limit the data of this process to so many bytes beyond what it has now.

    The limit is not RLIMIT_AS, as frameworks reserve gigabytes of address space without using them.
    """
    import resource  # here, as Windows lacks it

    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:  # not Linux
        return
    size = next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) * 1024
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (size + allowance, hard))


def _read(questions: int, buffer: bytearray) -> None:
    chunk = os.read(questions, 2**18)
    if not chunk:  # the controller has ended, so this process and its children end
        with contextlib.suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)
    buffer += chunk


def _messages(questions: int, buffer: bytearray, token: bytes) -> Iterator[Message]:
    while True:
        message = take(buffer, token)
        if message is None:
            _read(questions, buffer)
        else:
            yield message


def _write(answers: int, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        try:
            view = view[os.write(answers, view) :]
        except OSError:
            os._exit(LOST)


def _prepare(
    setup: Mapping[str, Any], namespace: dict[str, Any], together: dict[str, Any]
) -> dict[str, Any]:
    """Run the prelude, and return the header of the first frame, which reports the runtime."""
    try:
        import numpy as np

        namespace["np"] = np
        exec(compile(setup["prelude"], PRELUDE, "exec", dont_inherit=True), namespace)
        for source in setup["together"]:
            exec(compile(source, PRELUDE, "exec", dont_inherit=True), together)
        if setup["memory"] is not None:
            _limit_memory(setup["memory"])
    except BaseException as error:
        return {**_error_header(error), "kind": "failed"}
    facts = {name: _fact(expression, namespace) for name, expression in setup["facts"].items()}
    return {
        "kind": "ready",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        "facts": facts,
        "machine": _machine(),
        "switches": {
            name: os.environ[name][:LONGEST] for name in setup["switches"] if name in os.environ
        },
    }


def _machine() -> dict[str, str | None]:
    """Return the architecture of the processor, the level of its instructions, and its name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        text = ""
    fields = dict(re.findall(r"^(flags|model name)\s*:\s*(.*)", text, re.MULTILINE))
    flags = set(fields.get("flags", "").split())
    level = None
    for name, additions in LEVELS:
        if not flags.issuperset(additions.split()):
            break
        level = name
    model = fields.get("model name") or platform.processor() or None
    return {"architecture": platform.machine(), "level": level, "model": model and model[:200]}


def _fact(expression: str, namespace: dict[str, Any]) -> Any:
    try:
        value = eval(expression, namespace)
        length = len(json.dumps(value, allow_nan=False))
    except Exception:  # such as for an attribute that an older version lacks
        return None
    return value if length <= LONGEST_FACT else None


def _file_identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def main() -> None:
    """Answer questions until the controller closes the pipe."""
    _end_with_controller()
    questions, answers = _move_pipes()
    limit(limits())
    faulthandler.enable()
    buffer = bytearray()
    while len(buffer) < TOKEN_SIZE:
        _read(questions, buffer)
    token = bytes(buffer[:TOKEN_SIZE])
    del buffer[:TOKEN_SIZE]

    messages = _messages(questions, buffer, token)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    together: dict[str, Any] = {}
    setup, _ = next(messages)
    reply = _prepare(setup, namespace, together)
    _write(answers, pack(token, {**reply, "number": setup["number"]}, {}))
    process, streams = os.getpid(), (sys.stdout, sys.stderr)
    descriptors = {fd: _file_identity(fd) for fd in (0, 1, 2, questions, answers)}
    for header, arrays in messages:
        if "together" in header:
            sources, function = header["together"], together["together"]
            results = together["answer_all"](sources, arrays, namespace, function, _answer)
            reply = {"kind": "answers"}
        else:
            reply, results = examine(header["source"], dict(namespace), arrays)
        is_empty = reply["kind"] == "answer" and not results["y"].size  # so nothing waited for it
        if is_empty or reply["kind"] not in ("answer", "answers"):
            with contextlib.suppress(BaseException):
                exec(setup["synchronize"], dict(namespace))
        if os.getpid() != process:  # a child that the source forked and did not end
            os._exit(0)
        sys.stdout, sys.stderr = streams
        changes = [fd for fd, file in descriptors.items() if _file_identity(fd) != file]
        if answers in changes:
            os._exit(LOST)
        if changes:  # they would affect the next question
            reason = f"closed or replaced the worker's descriptors {changes}"
            reply, results = {"kind": "crash", "reason": reason}, {}
        _write(answers, pack(token, {**reply, "number": header["number"]}, results))


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)  # at once, as threads of a question may still run
