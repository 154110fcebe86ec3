"""Starts a worker in the Python of a framework, or reports in a sentence why it cannot."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from conformance.utils.printable import PrintableError
from conformance.workers import batched, process, pythons
from conformance.workers.channel import Channel, Message, Termination
from conformance.workers.outcomes import Refusal
from conformance.workers.protocol import Ready, StartFailure
from conformance.workers.protocol import RuntimeInfo as RuntimeInfo
from conformance.workers.worker import PRELUDE_MEMORY

STARTUP = 300.0
"""Seconds for an interpreter and its prelude."""
_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"  # any Python runs this
_PROBE_BYTES = 2**16  # the version comes last, after whatever a site module prints
_TOGETHER = Path(batched.__file__).read_text(encoding="utf-8")
_SHOWN = 10  # lines of standard error


class WorkerError(PrintableError):
    """A framework cannot be asked; the message is a sentence."""


class CannotStart(WorkerError):
    """An interpreter, or the framework in it, does not start.

    ``sentence`` is the reason, for a person. ``stderr`` is the end of the worker's standard error.
    """

    def __init__(self, sentence: str, stderr: str = "") -> None:
        lines = "".join(f"\n    {line}" for line in stderr.splitlines()[-_SHOWN:])
        super().__init__(sentence + lines)
        self.sentence = sentence
        self.stderr = stderr


@dataclass(frozen=True)
class Kind:
    """The values that a fact may have.

    ``words`` is a description for a sentence, such as "true or false". ``type`` is the type of the
    values, as msgspec takes it.
    """

    words: str
    type: Any


@dataclass(frozen=True)
class Interpreter:
    """A Python with a framework in it, and the source that prepares the framework.

    Parameters
    ----------
    executable
        A path, a version or a name, as `pythons.find` takes it.
    prelude
        Source that runs once, such as imports and settings. Questions see its names, and ``np``.
    facts
        Expressions by name, such as the version, which are evaluated after the prelude.
    kinds
        The kinds that facts have to be of, by name.
    variables
        Environment variables added to those of this process.
    synchronize
        Source that runs after a question that failed or whose answer is empty. Its errors are
        ignored. Without it a framework that computes in threads may raise the error of one question
        during another.
    together
        Source of a function ``together``, as `batched.answer_all` calls it. Without it every
        question is asked alone.
    most
        How many questions may be asked together.
    switches
        Environment variables whose values the worker reports.
    isolated
        Whether a worker is asked one question only.
    """

    executable: str
    prelude: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    synchronize: str = ""
    together: str = ""
    most: int = 1
    switches: tuple[str, ...] = ()
    isolated: bool = False


def start(
    interpreter: Interpreter,
    *,
    seconds: float,
    memory: int | None,
    on_launch: Callable[[Channel], None] = lambda _: None,
) -> tuple[Channel, RuntimeInfo]:
    """Start a worker, wait until it has run the prelude, and return it with its report.

    An interpreter that dies gets a second chance, as some imports crash once in a while.

    Raises ``CannotStart`` with the reason.

    Parameters
    ----------
    seconds
        How long the prelude may take.
    memory
        Bytes that the worker may use beyond what it uses after the prelude; None for any number.
    on_launch
        A function that gets the channel before the worker is ready. If it raises, the worker ends.
    """
    try:
        return _attempt(interpreter, seconds, memory, on_launch)
    except _Death:
        try:
            return _attempt(interpreter, seconds, memory, on_launch)
        except _Death as death:
            sentence = _post_mortem(interpreter, death.reason, seconds)
            raise CannotStart(sentence, death.stderr) from None


class _Death(Exception):
    def __init__(self, reason: str, stderr: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stderr = stderr


def _attempt(
    interpreter: Interpreter,
    seconds: float,
    memory: int | None,
    on_launch: Callable[[Channel], None],
) -> tuple[Channel, RuntimeInfo]:
    name = _locate(interpreter.executable)
    channel = _launch(interpreter, memory)
    try:
        on_launch(channel)
        reply = channel.receive(seconds)
        if isinstance(reply, Message) and isinstance(reply.reply, Ready):
            channel.forget_stderr()
            _check(interpreter, reply.reply)
            return channel, msgspec.convert(reply.reply, RuntimeInfo, from_attributes=True)
    except BaseException:
        channel.close()
        raise
    channel.close()
    if reply is None:
        raise CannotStart(f"{name} was not ready within {seconds:g} s.", channel.stderr)
    if isinstance(reply, Termination):
        raise _Death(reply.reason, channel.stderr)
    if not isinstance(reply.reply, StartFailure):
        raise _Death("did not say who it is", channel.stderr)
    refusal = Refusal(reply.reply.type, reply.reply.message)
    raise CannotStart(f"{name} cannot run the prelude. {refusal.words}", channel.stderr)


def _launch(interpreter: Interpreter, memory: int | None) -> Channel:
    """Launch a process that runs the prelude, without waiting for it."""
    name = _locate(interpreter.executable)
    try:
        most = None if memory is None else memory + PRELUDE_MEMORY
        channel = Channel(name, interpreter.variables, most)
    except FileNotFoundError:
        raise CannotStart(f"There is no interpreter {name}.") from None
    except (OSError, ValueError) as error:
        raise CannotStart(f"{name} cannot be run: {error}.") from None
    channel.send(
        {
            "prelude": interpreter.prelude,
            "synchronize": interpreter.synchronize,
            "together": [_TOGETHER, interpreter.together] if interpreter.together else [],
            "facts": dict(interpreter.facts),
            "switches": interpreter.switches,
            "memory": memory,
        },
        {},
    )
    channel.push()
    return channel


def _locate(request: str) -> str:
    """Return the path of a Python. Raises `CannotStart`."""
    path = pythons.find(request)
    if path is None:
        sentence = pythons.missing(request)
        raise CannotStart(f"{sentence[0].upper()}{sentence[1:]}.")
    return path


def _check(interpreter: Interpreter, reply: RuntimeInfo) -> None:
    """Check a worker's report; raise `_Death` for other facts, `CannotStart` for wrong ones."""
    name = interpreter.executable
    if _numbers(reply.python) < pythons.OLDEST:
        raise CannotStart(_too_old(name, reply.python))
    if reply.facts.keys() != interpreter.facts.keys() or not reply.switches.keys() <= set(
        interpreter.switches
    ):
        raise _Death("said something else of itself than what it was asked", "")
    for fact, kind in interpreter.kinds.items():
        try:
            msgspec.convert(reply.facts[fact], kind.type)
        except msgspec.ValidationError:
            value = repr(reply.facts[fact])[:100]
            raise CannotStart(
                f"{name}: the {fact} of its framework must be {kind.words}, got {value}."
            ) from None


def _post_mortem(interpreter: Interpreter, reason: str, seconds: float) -> str:
    """Return why an interpreter has died. It takes another start, so only a death calls this."""
    name = _locate(interpreter.executable)
    try:
        output = process.read_output([name, "-c", _PROBE], seconds=seconds, most=_PROBE_BYTES)
    except (OSError, ValueError):
        output = b""
    text = output.decode(errors="replace")
    version = re.search(r"^\d+\.\d+\s*\Z", text, re.MULTILINE)  # after its site's output
    if version is None:
        return f"{name} is not a Python interpreter: {reason}."
    if _numbers(version[0]) < pythons.OLDEST:
        return _too_old(name, version[0].strip())
    return f"{name} failed twice before it was ready: {reason}."


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _too_old(name: str, version: str) -> str:
    return f"{name} is Python {version}, and must be {'.'.join(map(str, pythons.OLDEST))} or newer."
