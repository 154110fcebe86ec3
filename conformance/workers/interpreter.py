"""Starts the Python that a framework lives in, and says in a sentence why it could not."""

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
_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"  # any Python since the last century
_PROBE_BYTES = 2**16  # of which the last are the version, whatever its site prints before
_TOGETHER = Path(batched.__file__).read_text(encoding="utf-8")
_SHOWN = 10  # lines of standard error


class WorkerError(PrintableError):
    """What keeps a framework from being asked, in a sentence."""


class CannotStart(WorkerError):
    """The interpreter, or the framework in it, is not there to be asked."""

    def __init__(self, sentence: str, stderr: str = "") -> None:
        """The sentence for a person, and the last that the worker said."""
        said = "".join(f"\n    {line}" for line in stderr.splitlines()[-_SHOWN:])
        super().__init__(sentence + said)
        self.sentence = sentence
        self.stderr = stderr


@dataclass(frozen=True)
class Kind:
    """What a fact has to be, where it is not just anything.

    Parameters
    ----------
    words
        As a sentence says it, such as "true or false".
    values
        The only ones that it may be.
    pattern
        What all of the text fits, where it may be text.
    """

    words: str
    values: tuple[object, ...] = ()
    pattern: re.Pattern[str] | None = None

    def admits(self, fact: object) -> bool:
        """Say whether a fact is of this kind."""
        if any(type(fact) is type(value) and fact == value for value in self.values):
            return True
        if not isinstance(fact, str) or self.pattern is None:
            return False
        return self.pattern.fullmatch(fact) is not None


@dataclass(frozen=True)
class Interpreter:
    """A Python with a framework in it, and how to make the framework ready.

    executable  a path, a version or a name, as of `pythons.find`
    prelude     source run once, such as imports and settings; questions see its names, and ``np``
    facts       expressions evaluated after the prelude, by name, such as the version
    kinds       what facts have to be, by name
    variables   environment variables added to ours
    synchronize      source run after a question that failed or came to nothing, its own errors
                     ignored:
                a framework that computes in threads of its own may otherwise raise one question's
                error at another
    together    source of a function ``together``, which `workers.together` tells about; where there
                is none, every question is asked alone
    most        how many questions are asked together at most
    switches    environment variables of which the worker says whether and how they are set
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
    """Who answers: versions, and the facts asked for (None where the expression failed).

    machine    the processor
    switches   those of the environment variables in question that are set for the worker
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
    begun: Callable[[Channel], None] = lambda _: None,
) -> tuple[Channel, RuntimeInfo]:
    """A worker that has run the prelude, within ``seconds``.

    ``memory`` is how many bytes it may use beyond what it uses by then. ``begun`` is handed it
    before it is ready; what that raises ends it. An interpreter that dies gets a second chance, as
    imports do crash now and then. Raises ``CannotStart``.
    """
    try:
        return _attempt(interpreter, seconds, memory, begun)
    except _Died:
        try:
            return _attempt(interpreter, seconds, memory, begun)
        except _Died as died:
            sentence = _post_mortem(interpreter, died.reason, seconds)
            raise CannotStart(sentence, died.stderr) from None


@contextmanager
def ahead(interpreter: Interpreter, *, memory: int | None) -> Iterator[None]:
    """Within it a worker is on its way, for the first who starts one like it, in any thread.

    What is wrong with it is told to whoever starts it.
    """
    begun: list[_Begun] = []
    with suppress(CannotStart):
        begun.append((interpreter, memory, _begin(interpreter, memory)))
    _AHEAD.extend(begun)
    try:
        yield
    finally:
        for one in begun:
            if _taken(one):
                one[2].close()


_Begun: TypeAlias = "tuple[Interpreter, int | None, Channel]"
_AHEAD: list[_Begun] = []


def _taken(one: _Begun) -> bool:
    """Whether it was still there to be taken; only one thread is told so."""
    try:
        _AHEAD.remove(one)
    except ValueError:
        return False
    return True


class _Died(Exception):
    def __init__(self, reason: str, stderr: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stderr = stderr


def _attempt(
    interpreter: Interpreter,
    seconds: float,
    memory: int | None,
    begun: Callable[[Channel], None],
) -> tuple[Channel, RuntimeInfo]:
    name = _located(interpreter.executable)
    like = [one for one in _AHEAD if one[:2] == (interpreter, memory)]
    own = next(filter(_taken, like), None)
    channel = own[2] if own else _begin(interpreter, memory)
    try:
        begun(channel)
        reply = channel.receive(seconds)
        if isinstance(reply, Message) and isinstance(reply.reply, Ready):
            channel.forget_stderr()
            return channel, _identity(interpreter, reply.reply)
    except BaseException:
        channel.close()
        raise
    channel.close()
    if reply is None:
        raise CannotStart(f"{name} was not ready within {seconds:g} s.", channel.stderr)
    if isinstance(reply, Gone):
        raise _Died(reply.reason, channel.stderr)
    if not isinstance(reply.reply, Failed):
        raise _Died("did not say who it is", channel.stderr)
    said = Refusal(reply.reply.type, reply.reply.message)
    raise CannotStart(f"{name} cannot run the prelude. {said.words}", channel.stderr)


def _begin(interpreter: Interpreter, memory: int | None) -> Channel:
    """A process that runs the prelude."""
    name = _located(interpreter.executable)
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


def _located(request: str) -> str:
    """The path of a Python. Raises `CannotStart`."""
    path = pythons.find(request)
    if path is None:
        sentence = pythons.missing(request)
        raise CannotStart(f"{sentence[0].upper()}{sentence[1:]}.")
    return path


def _identity(interpreter: Interpreter, told: Ready) -> RuntimeInfo:
    """Who answers. Raises `_Died` for facts that nobody asked for, `CannotStart` for wrong ones."""
    name = interpreter.executable
    if _numbers(told.python) < pythons.OLDEST:
        raise CannotStart(_too_old(name, told.python))
    if told.facts.keys() != interpreter.facts.keys() or not told.switches.keys() <= set(
        interpreter.switches
    ):
        raise _Died("said something else of itself than what it was asked", "")
    for fact, kind in interpreter.kinds.items():
        if not kind.admits(told.facts[fact]):
            got = repr(told.facts[fact])[:100]
            raise CannotStart(
                f"{name}: the {fact} of its framework must be {kind.words}, got {got}."
            )
    return RuntimeInfo(
        told.python, told.platform, told.numpy, told.facts, told.machine, told.switches
    )


def _post_mortem(interpreter: Interpreter, reason: str, seconds: float) -> str:
    """Asked only after a death, since starting an interpreter twice is not free."""
    name = _located(interpreter.executable)
    try:
        output = process.printed([name, "-c", _PROBE], seconds=seconds, most=_PROBE_BYTES)
    except (OSError, ValueError):
        output = b""
    text = output.decode(errors="replace")
    version = re.search(r"^\d+\.\d+\s*\Z", text, re.MULTILINE)  # below what its site prints
    if version is None:
        return f"{name} is not a Python interpreter: {reason}."
    if _numbers(version[0]) < pythons.OLDEST:
        return _too_old(name, version[0].strip())
    return f"{name} failed twice before it was ready: {reason}."


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _too_old(name: str, version: str) -> str:
    return f"{name} is Python {version}, and must be {'.'.join(map(str, pythons.OLDEST))} or newer."
