"""Starts a worker in the Python of a framework, or reports in a sentence why it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from conformance.utils.printable import PrintableError
from conformance.workers import batched, process, pythons
from conformance.workers.channel import Channel, Gone, Message
from conformance.workers.outcomes import Refusal
from conformance.workers.protocol import Failed, Machine, Ready
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

    Parameters
    ----------
    sentence
        The reason, for a person.
    stderr
        The end of the worker's standard error.
    """

    def __init__(self, sentence: str, stderr: str = "") -> None:
        lines = "".join(f"\n    {line}" for line in stderr.splitlines()[-_SHOWN:])
        super().__init__(sentence + lines)
        self.sentence = sentence
        self.stderr = stderr


@dataclass(frozen=True)
class Kind:
    """The values that a fact may have.

    Parameters
    ----------
    words
        A description for a sentence, such as "true or false".
    values
        Values that are allowed.
    pattern
        An expression that any other text has to match as a whole; None where none is allowed.
    """

    words: str
    values: tuple[object, ...] = ()
    pattern: re.Pattern[str] | None = None

    def admits(self, fact: object) -> bool:
        """Return whether a fact is of this kind.

        Parameters
        ----------
        fact
            A value that JSON has.

        Returns
        -------
        bool
            Whether it is one of the values, or text that the pattern matches.
        """
        if any(type(fact) is type(value) and fact == value for value in self.values):
            return True
        if not isinstance(fact, str) or self.pattern is None:
            return False
        return self.pattern.fullmatch(fact) is not None


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


@dataclass(frozen=True)
class RuntimeInfo:
    """The runtime of a worker.

    Parameters
    ----------
    python, platform, numpy
        Versions, and the platform.
    facts
        The values of the interpreter's facts; None where an expression failed.
    machine
        The processor.
    switches
        Those of the interpreter's switches that are set for the worker.
    """

    python: str
    platform: str
    numpy: str
    facts: Mapping[str, Any]
    machine: Machine = field(default_factory=Machine)
    switches: Mapping[str, str] = field(default_factory=dict)


def start(
    interpreter: Interpreter,
    *,
    seconds: float,
    memory: int | None,
    on_launch: Callable[[Channel], None] = lambda _: None,
) -> tuple[Channel, RuntimeInfo]:
    """Start a worker and wait until it has run the prelude.

    An interpreter that dies gets a second chance, as some imports crash once in a while.

    Parameters
    ----------
    interpreter
        The interpreter.
    seconds
        How long the prelude may take.
    memory
        Bytes that the worker may use beyond what it uses after the prelude; None for any number.
    on_launch
        A function that gets the channel before the worker is ready. If it raises, the worker ends.

    Returns
    -------
    tuple of Channel and RuntimeInfo
        The worker, and what it reports of its runtime.

    Raises
    ------
    CannotStart
        With the reason.
    """
    try:
        return _attempt(interpreter, seconds, memory, on_launch)
    except _Death:
        try:
            return _attempt(interpreter, seconds, memory, on_launch)
        except _Death as death:
            sentence = _post_mortem(interpreter, death.reason, seconds)
            raise CannotStart(sentence, death.stderr) from None


@contextmanager
def ahead(interpreter: Interpreter, *, memory: int | None) -> Iterator[None]:
    """Launch a worker ahead of time, for the first `start` with the same arguments in any thread.

    An error of the launch is not raised here, but by `start`.

    Parameters
    ----------
    interpreter
        The interpreter.
    memory
        As of `start`.
    """
    launches: list[_Launch] = []
    with suppress(CannotStart):
        launches.append((interpreter, memory, _launch(interpreter, memory)))
    _LAUNCHES.extend(launches)
    try:
        yield
    finally:
        for launch in launches:
            if _claim(launch):
                launch[2].close()


_Launch: TypeAlias = "tuple[Interpreter, int | None, Channel]"
_LAUNCHES: list[_Launch] = []


def _claim(launch: _Launch) -> bool:
    """Remove a launch from the list, and return whether it was there: one thread gets it."""
    try:
        _LAUNCHES.remove(launch)
    except ValueError:
        return False
    return True


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
    candidates = [launch for launch in _LAUNCHES if launch[:2] == (interpreter, memory)]
    launch = next(filter(_claim, candidates), None)
    channel = launch[2] if launch else _launch(interpreter, memory)
    try:
        on_launch(channel)
        reply = channel.receive(seconds)
        if isinstance(reply, Message) and isinstance(reply.reply, Ready):
            channel.forget_stderr()
            return channel, _runtime_info(interpreter, reply.reply)
    except BaseException:
        channel.close()
        raise
    channel.close()
    if reply is None:
        raise CannotStart(f"{name} was not ready within {seconds:g} s.", channel.stderr)
    if isinstance(reply, Gone):
        raise _Death(reply.reason, channel.stderr)
    if not isinstance(reply.reply, Failed):
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
            "settle": interpreter.synchronize,
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


def _runtime_info(interpreter: Interpreter, reply: Ready) -> RuntimeInfo:
    """Check a worker's report. Raises `_Death` for other facts, `CannotStart` for wrong ones."""
    name = interpreter.executable
    if _numbers(reply.python) < pythons.OLDEST:
        raise CannotStart(_too_old(name, reply.python))
    if reply.facts.keys() != interpreter.facts.keys() or not reply.switches.keys() <= set(
        interpreter.switches
    ):
        raise _Death("said something else of itself than what it was asked", "")
    for fact, kind in interpreter.kinds.items():
        if not kind.admits(reply.facts[fact]):
            value = repr(reply.facts[fact])[:100]
            raise CannotStart(
                f"{name}: the {fact} of its framework must be {kind.words}, got {value}."
            )
    return RuntimeInfo(
        reply.python, reply.platform, reply.numpy, reply.facts, reply.machine, reply.switches
    )


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
