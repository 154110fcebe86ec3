"""Groups in words: one sentence that a person who has never seen the suite can act upon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.adapters.registry import FRAMEWORKS
from conformance.conventions.axes import CONVENTIONS
from conformance.gate.compare import Kind
from conformance.gate.groups import Explanation, Group, Side, State
from conformance.gate.result import names, title
from conformance.gate.snapshot import Names, Source
from conformance.observations import Mode, Status
from conformance.utils.text import count, name

SHOWN = 3
"""How many cases a sentence names."""

_SENTENCES = {str(convention): convention.choice.sentence for convention in CONVENTIONS}


def sentence(group: Group, before: Source, after: Source) -> str:
    """What changed, in which cases, and which convention it was and is."""
    subject = f"{title(before, after, _subject(group.apis, after))}: "
    if not group.cases:
        return f"{subject}{_OF_APIS[group.kind][len(group.apis) > 1]}."
    cases = f"{_cases(group.cases)}{_about(group)} {_did(group)}"
    return " ".join((f"{subject}{cases}.", *_explained(group)))


_OF_APIS: Mapping[Kind, tuple[str, str]] = {
    "API disappeared": ("this API is gone", "these APIs are gone"),
    "API appeared": (
        "this API is new, and nothing is accepted of it",
        "these APIs are new, and nothing is accepted of them",
    ),
}
"""Of one API, and of several."""


def _subject(apis: Sequence[str], source: Source) -> str | None:
    """The APIs, in one word where they are all that the framework has of an operator."""
    if len(apis) <= 1:
        return apis[0] if apis else None
    framework = FRAMEWORKS.get(source.framework)
    there = [api for api in framework.apis if source.apis.get(api.id)] if framework else []
    for operator in {api.operator for api in there if api.id in apis}:
        own = {api.id for api in there if api.operator == operator and not api.is_variant}
        variants = {api.id for api in there if api.operator == operator and api.is_variant}
        if len(own) > 1 and own <= set(apis) <= own | variants and framework:
            return f"all {len(apis)} {framework.title} APIs of {operator}"
    return names(apis)


def named(cases: Sequence[str], most: int = SHOWN) -> str:
    """The first of the cases by their names, and how many more there are."""
    names = ", ".join(name(case) for case in cases[:most])
    more = len(cases) - most
    return f"{names} and {more:,} more" if more > 0 else names


def _cases(cases: Sequence[str]) -> str:
    return f"{count(len(cases), 'case')} ({named(cases)})"


def _about(group: Group) -> str:
    """What the cases are about; where that is not the same for all, what most of them are about."""
    number = len(group.cases)
    for least, words in ((number, "all about" if number > 1 else "about"), (1, "mostly about")):
        topics = [t for t, cases in group.topics.items() if cases >= max(least, number / 2)]
        if topics:
            return f", {words} {_ticked(topics[:SHOWN])},"
    return ""


def _ticked(topics: Sequence[str]) -> str:
    return ", ".join(f"`{name(topic)}`" for topic in topics)


def _did(group: Group) -> str:
    many = len(group.cases) > 1
    if group.before is None or group.after is None:
        return _OF_CASES[group.kind][many]
    (status,) = group.after.statuses
    if group.kind == "answer changed":
        did = _OTHERWISE[status][many]
    elif not group.answerable and status in _UNANSWERABLE:
        did = _UNANSWERABLE[status][many]
    elif group.before.statuses == ("match",) and status == "mismatch":
        did = "no longer agree with the oracle" if many else "no longer agrees with the oracle"
    else:
        did = _IS[status][many]
    modes = " and ".join(_MODES[mode] for mode in group.modes)
    return f"{did}, {modes}{_where(group.before, status, many)}"


def _where(before: State, status: Status, many: bool) -> str:
    """How it was, where that does not follow from how it is."""
    if before.statuses == (status,) or {*before.statuses, status} == {"match", "mismatch"}:
        return ""
    was = " or ".join(_WAS[status][many] for status in before.statuses)
    return f", where {'they' if many else 'it'} {was} before"


_MODES: Mapping[Mode, str] = {"native": "natively", "recipe": "by recipe"}
_OF_CASES: Mapping[Kind, tuple[str, str]] = {
    "case dropped": ("was accepted and not asked", "were accepted and not asked"),
    "case added": ("is not in the baseline", "are not in the baseline"),
    "case changed": (
        "is another case than was accepted, so that answers are not compared",
        "are other cases than were accepted, so that answers are not compared",
    ),
}
"""Of one case, and of several."""
_OTHERWISE: Mapping[Status, tuple[str, str]] = {
    "match": (
        "agrees with the oracle as before, but the oracle's answer is another one",
        "agree with the oracle as before, but the oracle's answers are other ones",
    ),
    "mismatch": (
        "differs from the oracle as before, but in another way",
        "differ from the oracle as before, but in another way",
    ),
    "undecided": (
        "is within rounding of the oracle and of others as before, but of other ones",
        "are within rounding of the oracle and of others as before, but of other ones",
    ),
}
_UNANSWERABLE: Mapping[Status, tuple[str, str]] = {
    "match": (
        "has no answer and is now refused, as is right",
        "have no answer and are now refused, as is right",
    ),
    "mismatch": ("has no answer and is now given one", "have no answer and are now given one"),
}
_IS: Mapping[Status, tuple[str, str]] = {
    "match": ("now agrees with the oracle", "now agree with the oracle"),
    "mismatch": ("now differs from the oracle", "now differ from the oracle"),
    "undecided": (
        "is within rounding of the oracle, but now of something else as well",
        "are within rounding of the oracle, but now of something else as well",
    ),
    "rejected": ("is now rejected", "are now rejected"),
    "inexpressible": ("can no longer be written", "can no longer be written"),
    "crashed": ("now crashes", "now crash"),
    "hung": ("now hangs", "now hang"),
    "flaky": ("now does not answer twice the same", "now do not answer twice the same"),
}
_WAS: Mapping[Status, tuple[str, str]] = {
    "match": ("agreed with the oracle", "agreed with the oracle"),
    "mismatch": ("differed from the oracle", "differed from the oracle"),
    "undecided": ("could not be told from others", "could not be told from others"),
    "rejected": ("was rejected", "were rejected"),
    "inexpressible": ("could not be written", "could not be written"),
    "crashed": ("crashed", "crashed"),
    "hung": ("hung", "hung"),
    "flaky": ("did not answer twice the same", "did not answer twice the same"),
}


def _explained(group: Group) -> Iterator[str]:
    """Which conventions it was before and is now, where there is a difference to be explained."""
    sides: tuple[tuple[Side, str], ...] = (("before", "Before"), ("after", "Now"))
    if group.before == group.after:
        sides = (("after", "Before and now"),)
    for side, when in sides:
        state = group.state(side)
        if state is None or not group.answerable:
            continue
        if state.statuses == ("mismatch",):
            yield f"{when}: {_meaning(state.explanation, group.ties(side))}"
        elif state.statuses == ("undecided",) and state.explanation:
            others = ", or from ".join(map(_names, (state.explanation, *group.ties(side))))
            yield f"{when}: the cases cannot tell the right answer from {others}."


def _meaning(explanation: Explanation, ties: Names) -> str:
    if not explanation:
        return "no known convention explains it."
    said = " ".join(_SENTENCES.get(choice, f"{name(choice)}.") for choice in explanation)
    meaning = f"{said[:-1]} ({_names(explanation)})."
    if not ties:
        return meaning
    return f"{meaning} The cases cannot tell that from {', or from '.join(map(_names, ties))}."


def _names(explanation: Explanation) -> str:
    return " and ".join(map(name, explanation))
