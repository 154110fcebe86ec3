"""The part that runs in a framework's own interpreter: it answers, and never learns what is right.

Any Python from 3.8 on may run this file, with only NumPy and the framework installed, so it
imports nothing of ours; the controller imports the framing from here, so that it is said once.

A frame is a magic number, the session's random token, two lengths, a CRC, a JSON header and the
bytes of the arrays. Whatever a framework prints into the pipe lacks the token, and is seen to.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and sys.path[:1] == [__file__.rpartition("/")[0]]:
    del sys.path[0]  # Python puts this file's folder first, where a name of ours may hide theirs

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
"""Bytes of all arrays of one frame: far above what a case may hold, far below any memory."""
LONGEST = 20_000
"""Characters of a framework's words that are passed on."""
LONGEST_QUESTION, LONGEST_REPLY = 2**26, 2**20
"""Bytes of the header of a frame to a worker, and of one from a worker."""
LONGEST_FACT = 2**16
"""Characters of a fact, as JSON has it."""
MOST_AXES = 32
"""Axes of an array: what every NumPy can hold."""
NUMBERS = re.compile(r"[<>|=](b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32))")
"""The dtypes that travel. Not by kind, which a dtype of others may share: float8_e5m2 is f1."""
PROCESS = "CONFORMANCE_PROCESS"
"""The environment variable that begins with the number of the controller's process."""
PRELUDE_MEMORY = 2**33
"""Bytes that the prelude may use beyond what a question may."""
DESCRIPTORS = 4096
"""Files that a worker may have open."""
TASKS = 2**14
"""Processes and threads that may be started, beside those that there are."""
LOST = 113
"""Exit status of a worker that found the pipe for its answers gone."""

LEVELS = (
    ("x86-64-v1", "cmov cx8 fpu fxsr mmx sse sse2"),
    ("x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86-64-v3", "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"),
    ("x86-64-v4", "avx512bw avx512cd avx512dq avx512f avx512vl"),
)
"""The levels of the x86-64 psABI, each with the flags that Linux shows for what it adds."""

PRELUDE, QUESTION = "<prelude>", "<question>"
_HIGH = 100  # above the descriptors that code closes when it closes "all" of them


class Rubbish(Exception):
    """Bytes that are no frame of this session."""


class NoAnswer(Exception):
    """What ``y`` holds is not an array of numbers."""


def pack(token: bytes, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """One frame. Raises ``TypeError`` for an array of anything but numbers."""
    for name, array in arrays.items():
        if not NUMBERS.fullmatch(array.dtype.str):
            raise TypeError(f"{name} must hold numbers of NumPy's own, got dtype {array.dtype}")
    shapes = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    head = json.dumps({**header, "arrays": shapes}).encode()
    body = b"".join(array.tobytes() for array in arrays.values())
    check = zlib.crc32(body, zlib.crc32(head))
    return PREFIX.pack(MAGIC, token, len(head), len(body), check) + head + body


def take(buffer: bytearray, token: bytes, longest: int = LONGEST_QUESTION) -> Message | None:
    """Takes the first frame off the buffer, or None while it is incomplete.

    longest  bytes that its header may have
    Raises ``Rubbish`` at the first byte that cannot belong to a frame of this session, and for a
    frame that is none: whoever sent it runs code of others.
    """
    lead = MAGIC + token
    if not lead.startswith(bytes(buffer[: len(lead)])):
        stray = bytes(buffer[:60]).partition(MAGIC)[0]  # less the frame behind it
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
    """Arrays of numbers that take all of the body, and nothing but it."""
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
    """An array that is aligned, writable, and nobody else's. NumPy alone would take any dtype."""
    import numpy as np

    if not (isinstance(dtype, str) and NUMBERS.fullmatch(dtype)):
        raise Rubbish("an array of something else than numbers")
    if not (isinstance(shape, list) and len(shape) <= MOST_AXES and all(map(_is_length, shape))):
        raise Rubbish("an array whose shape is none")
    try:
        return np.ndarray(shape, dtype, body, offset).copy()
    except (TypeError, ValueError, MemoryError):  # a dtype that is not of this machine, or too much
        raise Rubbish("an array that is not in its frame") from None


def _is_length(length: Any) -> bool:
    return type(length) is int and 0 <= length <= LARGEST


def examine(
    source: str, namespace: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Runs the source on the arrays; the header and arrays of the frame that tells what came.

    ``namespace`` is used up: what the source left in it is dropped here, so that a destructor
    that fails does so while its own question is still the one being asked.
    """
    try:
        namespace.update(arrays)
        exec(compile(source, QUESTION, "exec", dont_inherit=True), namespace)
        if "y" not in namespace:
            raise NoAnswer("the source never set y")
        answer = _answer(namespace["y"])
        namespace.clear()
        return {"kind": "answer"}, {"y": answer}
    except BaseException as error:  # SystemExit too is only what this question came to
        return _told(error), {}
    finally:
        namespace.clear()


def _answer(given: Any) -> NDArray[Any]:
    import numpy as np

    array = np.asarray(given)
    if not NUMBERS.fullmatch(array.dtype.str):
        raise NoAnswer(
            f"y must be an array of NumPy's own numbers,"
            f" got a {type(given).__name__} of dtype {array.dtype}"
        )
    if array.nbytes > LARGEST:
        raise NoAnswer(f"y must have at most {LARGEST} bytes, got {array.nbytes}")
    if array.ndim > MOST_AXES or not all(map(_is_length, array.shape)):
        raise NoAnswer(f"y must have at most {MOST_AXES} axes of a length, got {array.shape}")
    return np.array(array, order="C")


def _told(error: BaseException) -> dict[str, Any]:
    try:
        message = str(error)
    except BaseException:  # a framework's own __str__ may fail as well
        message = "(its message could not be read)"
    memory = isinstance(error, MemoryError)
    kind = "memory" if memory else "mistake" if _is_ours(error) else "refusal"
    return {"kind": kind, "type": type(error).__name__[:200], "message": message[:LONGEST]}


def _is_ours(error: BaseException) -> bool:
    """A misspelt source: a name or syntax error that no framework code had a part in."""
    files = {frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)}
    return isinstance(error, (NameError, SyntaxError)) and files <= {PRELUDE, QUESTION, __file__}


def _seclude() -> tuple[int, int]:
    """Moves both pipes out of reach of code that reads standard input or prints to output."""
    import fcntl  # here, as Windows lacks it, where frames are read and no worker runs

    questions = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    answers = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


def _die_with_the_controller() -> None:
    """Even when it is killed outright, and this worker too busy to see the pipe close.

    The controller's warden sees to that, too; this does not depend on it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
    controller, _, _ = os.environ.get(PROCESS, "").partition(":")
    leads = os.getpid() == os.getsid(0)  # or a script of somebody's is between it and this process
    if leads and controller.isdigit() and os.getppid() != int(controller):
        os._exit(0)  # it died before the signal was set


def limits() -> dict[str, int]:
    """What any program may take of the system besides time and memory, and no core is dumped."""
    most = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": DESCRIPTORS}
    with contextlib.suppress(OSError, ValueError, IndexError):  # not Linux
        tasks = Path("/proc/loadavg").read_text(encoding="utf-8").split()[3].partition("/")[2]
        most["RLIMIT_NPROC"] = int(tasks) + TASKS
    return most


def limit(most: Mapping[str, int], process: int | None = None) -> None:
    """Lower the limits of this process, or on Linux of another, as far as the system has them."""
    with contextlib.suppress(ImportError, AttributeError):  # Windows has none, macOS no prlimit
        import resource

        read: Any = resource.getrlimit
        write: Any = resource.setrlimit
        if process is not None:
            read = write = partial(resource.prlimit, process)
        for name, value in most.items():
            with contextlib.suppress(AttributeError, OSError, ValueError):
                which = getattr(resource, name)
                soft, hard = read(which)
                if soft == resource.RLIM_INFINITY or soft > value:
                    write(which, (value, hard))


def _limit_memory(allowance: int) -> None:
    """Not RLIMIT_AS: frameworks reserve address space by the gigabyte and never touch it."""
    import resource  # here, as Windows lacks it

    lines = Path("/proc/self/status").read_text().splitlines()
    used = next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) * 1024
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (used + allowance, hard))


def _read(questions: int, buffer: bytearray) -> None:
    chunk = os.read(questions, 2**18)
    if not chunk:  # the controller is gone; children of a question's go with us
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
    """Runs the prelude; the header of the first frame, which says who is there."""
    try:
        if setup["memory"] is not None:
            _limit_memory(setup["memory"] + PRELUDE_MEMORY)
        import numpy as np

        namespace["np"] = np
        exec(compile(setup["prelude"], PRELUDE, "exec", dont_inherit=True), namespace)
        for source in setup["together"]:
            exec(compile(source, PRELUDE, "exec", dont_inherit=True), together)
        if setup["memory"] is not None:
            _limit_memory(setup["memory"])
    except BaseException as error:
        return {**_told(error), "kind": "failed"}
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
    """The processor: its architecture, the level of its instructions, and its own name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        text = ""
    fields = dict(re.findall(r"^(flags|model name)\s*:\s*(.*)", text, re.MULTILINE))
    flags = set(fields.get("flags", "").split())
    level = None
    for name, needs in LEVELS:
        if not flags.issuperset(needs.split()):
            break
        level = name
    model = fields.get("model name") or platform.processor() or None
    return {"architecture": platform.machine(), "level": level, "model": model and model[:200]}


def _fact(expression: str, namespace: dict[str, Any]) -> Any:
    try:
        value = eval(expression, namespace)
        length = len(json.dumps(value, allow_nan=False))
    except Exception:  # what an older version does not have yet, it does not have
        return None
    return value if length <= LONGEST_FACT else None


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def main() -> None:
    """Serves questions until the controller closes the pipe."""
    _die_with_the_controller()
    questions, answers = _seclude()
    limit(limits())
    faulthandler.enable()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a real file
    buffer = bytearray()
    while len(buffer) < TOKEN_SIZE:
        _read(questions, buffer)
    token = bytes(buffer[:TOKEN_SIZE])
    del buffer[:TOKEN_SIZE]

    messages = _messages(questions, buffer, token)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    together: dict[str, Any] = {}
    setup, _ = next(messages)
    told = _prepare(setup, namespace, together)
    _write(answers, pack(token, {**told, "number": setup["number"]}, {}))
    process, streams = os.getpid(), (sys.stdout, sys.stderr)
    descriptors = {fd: _identity(fd) for fd in (0, 1, 2, questions, answers)}
    for asked, arrays in messages:
        if "together" in asked:
            function = together["together"]
            given = together["examine"](asked["together"], arrays, namespace, function, _answer)
            told = {"kind": "answers"}
        else:
            told, given = examine(asked["source"], dict(namespace), arrays)
        empty = told["kind"] == "answer" and not given["y"].size  # such a one nobody waits for
        if empty or told["kind"] not in ("answer", "answers"):
            with contextlib.suppress(BaseException):
                exec(setup["settle"], dict(namespace))
        if os.getpid() != process:  # a child that the source forked and let fall through
            os._exit(0)
        sys.stdout, sys.stderr = streams
        changed = [fd for fd, was in descriptors.items() if _identity(fd) != was]
        if answers in changed:
            os._exit(LOST)
        if changed:  # the next question would pay for it
            reason = f"closed or replaced the worker's descriptors {changed}"
            told, given = {"kind": "crash", "reason": reason}, {}
        _write(answers, pack(token, {**told, "number": asked["number"]}, given))


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)  # a thread that a question left behind must not keep us here
