"""Describe a group of changes in one sentence that a person can act upon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.adapters.registry import FRAMEWORKS
from conformance.conventions.axes import BY_NAME
from conformance.gate.compare import Kind
from conformance.gate.groups import Explanation, Group, Side, State
from conformance.gate.result import names, title
from conformance.observations import Mode, Status
from conformance.recorded_answers import Names
from conformance.runs.run_files import Header
from conformance.utils.excerpt import first
from conformance.utils.text import count, name

SHOWN = 3
"""The number of cases that a sentence names."""


def sentence(group: Group, before: Header, after: Header) -> str:
    """Return what changed, in which cases, and which conventions explain it before and after."""
    subject = f"{title(before, after, _subject(group.apis, after))}: "
    if not group.cases:
        return f"{subject}{_inflected(_OF_APIS[group.kind], group.apis)}."
    cases = f"{_cases(group.cases)}{_topics(group)} {_event(group)}"
    return " ".join((f"{subject}{cases}.", *_explanations(group)))


_OF_APIS: Mapping[Kind, str] = {
    "API disappeared": "{this API is} gone",
    "API appeared": "{this API is} new, and nothing is accepted {of it}",
}


def _subject(apis: Sequence[str], header: Header) -> str | None:
    """Return the APIs, in one word where they are all APIs of an operator in the framework."""
    if len(apis) <= 1:
        return apis[0] if apis else None
    framework = FRAMEWORKS.get(header.framework)
    available = [api for api in framework.apis if header.apis.get(api.id)] if framework else []
    for operator in {api.operator for api in available if api.id in apis}:
        of_operator = [api for api in available if api.operator == operator]
        plain_ids = {api.id for api in of_operator if not api.is_variant}
        all_ids = {api.id for api in of_operator}
        if len(plain_ids) > 1 and plain_ids <= set(apis) <= all_ids and framework:
            return f"all {len(apis)} {framework.title} APIs of {operator}"
    return names(apis)


def _cases(cases: Sequence[str]) -> str:
    return f"{count(len(cases), 'case')} ({first(list(map(name, cases)), SHOWN)})"


def _topics(group: Group) -> str:
    """Return the topics of all cases, or else those of most of them."""
    number = len(group.cases)
    for minimum, words in ((number, "all about" if number > 1 else "about"), (1, "mostly about")):
        topics = [t for t, cases in group.topics.items() if cases >= max(minimum, number / 2)]
        if topics:
            return f", {words} {_ticked(topics[:SHOWN])},"
    return ""


def _ticked(topics: Sequence[str]) -> str:
    return ", ".join(f"`{name(topic)}`" for topic in topics)


def _event(group: Group) -> str:
    """Return a predicate of the cases."""
    if group.before is None or group.after is None:
        return _inflected(_OF_CASES[group.kind], group.cases)
    (status,) = group.after.statuses
    if group.kind == "answer changed":
        event = _CHANGED_ANSWERS[status]
    elif not group.has_answer and status in _UNANSWERABLE:
        event = _UNANSWERABLE[status]
    elif group.before.statuses == ("match",) and status == "mismatch":
        event = "no longer agree{s} with the oracle"
    else:
        event = _NEW_STATUSES[status]
    modes = " and ".join(_MODES[mode] for mode in group.modes)
    return _inflected(f"{event}, {modes}{_earlier_status(group.before, status)}", group.cases)


def _earlier_status(before: State, status: Status) -> str:
    """Return the earlier status, where the new one does not imply it."""
    if before.statuses == (status,) or {*before.statuses, status} == {"match", "mismatch"}:
        return ""
    return f", where {{it}} {' or '.join(_OLD_STATUSES[s] for s in before.statuses)} before"


def _inflected(predicate: str, subjects: Sequence[str]) -> str:
    """Return a predicate whose words in braces have the number of its subjects."""
    many = len(subjects) > 1
    return predicate.format_map({words[0]: words[many] for words in _INFLECTIONS})


_INFLECTIONS = (
    ("s", ""),
    ("es", ""),
    ("is", "are"),
    ("was", "were"),
    ("has", "have"),
    ("does", "do"),
    ("it", "they"),
    ("is another case", "are other cases"),
    ("answer is another one", "answers are other ones"),
    ("this API is", "these APIs are"),
    ("of it", "of them"),
)
"""Words in the singular and in the plural."""
_MODES: Mapping[Mode, str] = {"native": "natively", "recipe": "by recipe"}
_OF_CASES: Mapping[Kind, str] = {
    "case dropped": "{was} accepted and not asked",
    "case added": "{is} not in the baseline",
    "case changed": "{is another case} than {was} accepted, so that answers are not compared",
}
_CHANGED_ANSWERS: Mapping[Status, str] = {
    "match": "agree{s} with the oracle as before, but the oracle's {answer is another one}",
    "mismatch": "differ{s} from the oracle as before, but in another way",
    "undecided": "{is} within rounding of the oracle and of others as before, but of other ones",
}
_UNANSWERABLE: Mapping[Status, str] = {
    "match": "{has} no answer and {is} now refused, as is right",
    "mismatch": "{has} no answer and {is} now given one",
}
_NEW_STATUSES: Mapping[Status, str] = {
    "match": "now agree{s} with the oracle",
    "mismatch": "now differ{s} from the oracle",
    "undecided": "{is} within rounding of the oracle, but now of something else as well",
    "rejected": "{is} now rejected",
    "inexpressible": "can no longer be written",
    "crashed": "now crash{es}",
    "hung": "now hang{s}",
    "flaky": "now {does} not answer twice the same",
}
_OLD_STATUSES: Mapping[Status, str] = {
    "match": "agreed with the oracle",
    "mismatch": "differed from the oracle",
    "undecided": "could not be told from others",
    "rejected": "{was} rejected",
    "inexpressible": "could not be written",
    "crashed": "crashed",
    "hung": "hung",
    "flaky": "did not answer twice the same",
}


def _explanations(group: Group) -> Iterator[str]:
    """Yield the explanations before and after, where there is a mismatch to explain."""
    sides: tuple[tuple[Side, str], ...] = (("before", "Before"), ("after", "Now"))
    if group.before == group.after:
        sides = (("after", "Before and now"),)
    for side, when in sides:
        state = group.state(side)
        if state is None or not group.has_answer:
            continue
        if state.statuses == ("mismatch",):
            yield f"{when}: {_meaning(state.explanation, group.ties(side))}"
        elif state.statuses == ("undecided",) and state.explanation:
            others = ", or from ".join(map(_names, (state.explanation, *group.ties(side))))
            yield f"{when}: the cases cannot tell the right answer from {others}."


def _meaning(explanation: Explanation, ties: Names) -> str:
    if not explanation:
        return "no known convention explains it."
    sentences = " ".join(
        BY_NAME[choice].choice.sentence if choice in BY_NAME else f"{name(choice)}."
        for choice in explanation
    )
    meaning = f"{sentences[:-1]} ({_names(explanation)})."
    if not ties:
        return meaning
    return f"{meaning} The cases cannot tell that from {', or from '.join(map(_names, ties))}."


def _names(explanation: Explanation) -> str:
    return " and ".join(map(name, explanation))
