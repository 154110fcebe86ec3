"""What a worker may say: each kind of frame as a type, and everything in it checked on arrival.

A worker runs code of others. What it sends is a claim: it is taken for an answer only where it has
the form of one, and a frame that has not costs the question that it came for.
"""

from __future__ import annotations

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
    """A frame that says nothing a worker may say, in words."""


class _Reply(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """What every frame of a worker has.

    number  how many frames it sent before
    """

    number: Number


class Machine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The processor that a worker runs on.

    Parameters
    ----------
    architecture
        As Python calls it, such as ``x86_64``.
    level
        Of an x86 CPU the level of its instructions, such as ``x86-64-v3``, which has AVX2.
    model
        As the CPU calls itself.
    """

    architecture: Name = ""
    level: Name | None = None
    model: Name | None = None


class Ready(_Reply, frozen=True, tag="ready"):
    """The prelude has run, and this is who answers."""

    python: Version
    platform: Name
    numpy: Version
    facts: dict[str, Any]
    machine: Machine
    switches: dict[str, Words]


class Failed(_Reply, frozen=True, tag="failed"):
    """The prelude has not run."""

    type: Name
    message: Words


class Answered(_Reply, frozen=True, tag="answer"):
    """A question has an answer, the array ``y``."""


class AnsweredTogether(_Reply, frozen=True, tag="answers"):
    """Some of several questions have an answer, an array named by the number of its question."""


class Refused(_Reply, frozen=True, tag="refusal"):
    """A question ended with an exception."""

    type: Name
    message: Words


class OutOfMemory(_Reply, frozen=True, tag="memory"):
    """A question wanted more memory than there was."""

    type: Name
    message: Words


class Mistaken(_Reply, frozen=True, tag="mistake"):
    """The source of a question is misspelt."""

    type: Name
    message: Words


class Broken(_Reply, frozen=True, tag="crash"):
    """A question left the worker unable to go on."""

    reason: Words


Reply: TypeAlias = (
    Ready | Failed | Answered | AnsweredTogether | Refused | OutOfMemory | Mistaken | Broken
)


def reply(header: Mapping[str, Any], arrays: Arrays) -> Reply:
    """Give the reply that a frame is.

    Parameters
    ----------
    header, arrays
        As `worker.take` gives them.

    Returns
    -------
    Reply
        One that has the arrays of its kind, and no others.

    Raises
    ------
    Malformed
        With what is wrong, and where.
    """
    try:
        made: Reply = msgspec.convert(header, Reply)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None
    except UnicodeEncodeError:  # half of a surrogate pair in a name, which JSON may have
        raise Malformed("a name that is no text") from None
    if isinstance(made, Answered):
        _refuse_others({"y"}, arrays)
        if "y" not in arrays:
            raise Malformed("an answer without y")
    elif isinstance(made, AnsweredTogether):
        _refuse_others({name for name in arrays if name.isascii() and name.isdigit()}, arrays)
    else:
        _refuse_others(set(), arrays)
    return made


def _refuse_others(allowed: set[str], arrays: Arrays) -> None:
    for name in arrays:
        if name not in allowed:
            raise Malformed(f"an array that is called {name[:40]!r}")
