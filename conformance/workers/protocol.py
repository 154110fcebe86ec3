"""Defines the replies of a worker as types, and checks each frame that arrives against them.

A worker runs code of others, so nothing that it sends is trusted. A frame of another form than
these counts as a crash of its question.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import msgspec
from numpy.typing import NDArray

from conformance.workers.worker import LONGEST

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Words = Annotated[str, msgspec.Meta(max_length=LONGEST)]
Version = Annotated[str, msgspec.Meta(pattern=r"\A[\w.+!~-]{1,100}\Z")]


class Malformed(Exception):
    """A frame is no reply; the message says why."""


class _Reply(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """A frame of a worker.

    ``number`` says how many frames the worker has sent before.
    """

    number: Number


class Machine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The processor that a worker runs on.

    Parameters
    ----------
    architecture
        Python's name of it, such as ``x86_64``.
    level
        The level of an x86 CPU's instructions, such as ``x86-64-v3``, which has AVX2.
    model
        The CPU's own name.
    """

    architecture: Name = ""
    level: Name | None = None
    model: Name | None = None


class RuntimeInfo(msgspec.Struct, frozen=True):
    """The runtime of a worker.

    Parameters
    ----------
    python, platform, numpy
        Versions, and the platform.
    facts
        The values of the interpreter's facts; None where an expression failed.
    switches
        Those of the interpreter's switches that are set for the worker.
    """

    python: Version
    platform: Name
    numpy: Version
    facts: dict[str, Any]
    machine: Machine
    switches: dict[str, Words]


class Ready(
    RuntimeInfo,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="ready",
    forbid_unknown_fields=True,
):
    """The prelude has run; the worker reports its runtime."""

    number: Number


class _Error(_Reply, frozen=True):
    """A frame of a worker about an exception."""

    type: Name
    message: Words


class StartFailure(_Error, frozen=True, tag="failed"):
    """The prelude has ended with an exception."""


class AnswerReply(_Reply, frozen=True, tag="answer"):
    """A question has an answer: the frame's array ``y``."""


class BatchReply(_Reply, frozen=True, tag="answers"):
    """Some of several questions have an answer: an array with the question's number as its name."""


class RefusalReply(_Error, frozen=True, tag="refusal"):
    """A question has ended with an exception."""


class MemoryReply(_Error, frozen=True, tag="memory"):
    """A question has ended with a ``MemoryError``."""


class MistakeReply(_Error, frozen=True, tag="mistake"):
    """The source of a question has a mistake of its own, such as a name that does not exist."""


class CrashReply(_Reply, frozen=True, tag="crash"):
    """A question has left the worker unable to continue."""

    reason: Words


Reply: TypeAlias = (
    Ready
    | StartFailure
    | AnswerReply
    | BatchReply
    | RefusalReply
    | MemoryReply
    | MistakeReply
    | CrashReply
)


def reply(header: Mapping[str, Any], arrays: Arrays) -> Reply:
    """Convert a frame, as `worker.take` returns it, to the reply that it is.

    It has the arrays of its kind, and no others; raise `Malformed` with what is wrong, and where.
    """
    try:
        result: Reply = msgspec.convert(header, Reply)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None
    except UnicodeEncodeError:  # half of a surrogate pair in a name, which JSON may have
        raise Malformed("a name that is no text") from None
    if isinstance(result, AnswerReply):
        _refuse_others({"y"}, arrays)
        if "y" not in arrays:
            raise Malformed("an answer without y")
    elif isinstance(result, BatchReply):
        _refuse_others({name for name in arrays if name.isascii() and name.isdigit()}, arrays)
    else:
        _refuse_others(set(), arrays)
    return result


def _refuse_others(allowed: set[str], arrays: Arrays) -> None:
    for name in arrays:
        if name not in allowed:
            raise Malformed(f"an array that is called {name[:40]!r}")
