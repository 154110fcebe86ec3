"""Read a YAML file of expected changes, each approved by a person with a reason.

An entry that matches no change is an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from conformance.cases.error_messages import complaints
from conformance.cases.fields import Model, Sentence, Text
from conformance.cases.model import Place
from conformance.cases.vocabulary import did_you_mean
from conformance.cases.yaml_source import MAX_BYTES, Node, Purpose, read
from conformance.conventions.axes import MEANINGS
from conformance.gate.compare import Change, Comparison, Kind
from conformance.gate.snapshot import CannotCompare
from conformance.runs.run_files import Header
from conformance.utils.reading import reading

_CONVENTIONS = tuple(map(str, MEANINGS))


EXPECTED = Purpose(
    "a file of expected changes", "is a list, each entry with at least api and reason"
)


def _convention(name: str) -> str:
    if name not in _CONVENTIONS:
        nearest = did_you_mean(name, _CONVENTIONS, 0.6) or f"; one is '{_CONVENTIONS[0]}'"
        raise _error(f"must be the name of a convention{nearest}")
    return name


def _versions(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise _error("must be versions such as '>=3.15,<4'") from None
    return text


def _error(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("said", "{sentence}", {"sentence": sentence})


class Entry(Model):
    """An expected change; a field that is not set matches anything."""

    api: Text = Field(description="An API's id, or a pattern of ids such as keras.layers.*.")
    reason: Sentence = Field(description="Why the change is right, or has to be lived with.")
    cases: (
        Annotated[
            list[Text],
            BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
            Field(min_length=1),
        ]
        | None
    ) = Field(default=None, description="Ids of cases, or patterns of them.")
    change: Kind | None = Field(default=None, description="The kind of change.")
    convention: Annotated[Text, AfterValidator(_convention)] | None = Field(
        default=None, description="The name of a convention that it was or is."
    )
    versions: Annotated[Text, AfterValidator(_versions)] | None = Field(
        default=None, description="The versions of the candidate that it is expected of."
    )
    framework: Text | None = Field(default=None, description="The only framework.")
    backend: Text | None = Field(default=None, description="The only backend.")

    def is_meant_for(self, candidate: Header) -> bool:
        """Return whether the entry is about this framework, backend and version."""
        return (
            self.framework in (None, candidate.framework)
            and self.backend in (None, candidate.backend)
            and (self.versions is None or _is_within(candidate.version, self.versions))
        )

    def applies_to(self, change: Change) -> bool:
        """Return whether the entry matches this change."""
        answers = [answer for answer in (change.before, change.after) if answer is not None]
        names = {name for a in answers for explanation in a.explanations for name in explanation}
        return (
            fnmatchcase(change.api, self.api)
            and self.change in (None, change.kind)
            and (self.cases is None or any(fnmatchcase(change.case, c) for c in self.cases))
            and (self.convention is None or self.convention in names)
        )


def _is_within(version: str | None, versions: str) -> bool:
    try:
        return SpecifierSet(versions).contains(Version(version or ""), prereleases=True)
    except InvalidVersion:
        return False


@dataclass(frozen=True)
class Expectation:
    """An entry and its place in the file."""

    place: Place
    entry: Entry


def load(path: Path) -> tuple[Expectation, ...]:
    """Return the entries of the file at ``path``.

    Raises ``CannotCompare`` with a line for each error in the file, each with its place.
    """
    with reading(path, CannotCompare), path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    root, problems = read(data, EXPECTED)
    errors = [(Place(str(path), *spot), sentence) for spot, sentence in problems]
    expectations: list[Expectation] = []
    if root is not None:
        nodes = root.entries()
        if not nodes:
            errors.append((Place(str(path), *root.spot), "this must be a list of expected changes"))
        for node in nodes:
            place = Place(str(path), *node.spot)
            try:
                expectations.append(Expectation(place, Entry.model_validate(node.value)))
            except ValidationError as error:
                errors += ((Place(str(path), *s), text) for s, text in _complaints(error, node))
    if errors:
        raise CannotCompare("\n".join(f"{place}: {text}" for place, text in sorted(errors)))
    return tuple(expectations)


def _complaints(error: ValidationError, node: Node) -> Iterator[tuple[Any, str]]:
    if not isinstance(node.value, dict):
        yield node.spot, "an expected change must be a mapping with at least api and reason"
        return
    yield from complaints(error, Entry, node)


def applied(
    expectations: Sequence[Expectation], comparison: Comparison
) -> tuple[Mapping[Change, str], tuple[Expectation, ...]]:
    """Match expected changes with those of a comparison.

    Returns the entries that match no change.
    """
    reasons: dict[Change, str] = {}
    stale_expectations: list[Expectation] = []
    for expectation in expectations:
        if not expectation.entry.is_meant_for(comparison.after.header):
            continue
        changes = [c for c in comparison.changes if expectation.entry.applies_to(c)]
        for change in changes:
            reasons.setdefault(change, expectation.entry.reason)
        if not changes:
            stale_expectations.append(expectation)
    return reasons, tuple(stale_expectations)
