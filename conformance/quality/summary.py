"""Report t-way coverage and mutation score of the cases, as lines and as findings."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from conformance.conventions.axes import AXES, CONVENTIONS, Axis
from conformance.quality import interactions, mutation
from conformance.quality.interactions import Coverage, Point
from conformance.quality.mutation import ENOUGH, ENOUGH_PAIRS, PAIRS, Choices, KillRecord, Pair

STRENGTHS = (2, 3, 4)
COMPLETE = 3
"""The strength at which every interaction must be covered, unless it is pairwise."""
BLIND = "a flipped kernel survives; other numbers would kill it"
SHOWN = 5
"""How many findings of a kind are listed."""


def coverage(points: Iterable[Point]) -> tuple[list[str], list[str]]:
    """Report the t-way coverage of points.

    Returns
    -------
    list of str
        Findings: interactions that no point has.
    """
    points = set(points)
    counts = [_count(interactions.coverage(points, strength)) for strength in STRENGTHS]
    line = f"t-way coverage of transposed convolution's factors: {', '.join(counts)}"
    missing = [
        " with ".join(f"{factor} {level}" for factor, level in interaction)
        for strength in (COMPLETE, interactions.PAIR)
        for interaction in interactions.missing(points, strength)
        if strength == COMPLETE or interactions.is_pairwise(interaction)
    ]
    return [line], _first_findings("no case has", missing)


def _count(coverage: Coverage) -> str:
    share = percent(coverage.covered, coverage.feasible)
    return f"{coverage.strength}-way {coverage.covered} of {coverage.feasible} ({share})"


def mutation_score(records: Sequence[KillRecord]) -> tuple[list[str], list[str]]:
    """Report which conventions the cases kill, and which choices of an axis they distinguish.

    Returns
    -------
    list of str
        Findings: conventions and choices for which there are too few cases.
    """
    kills = mutation.kill_counts(records)
    distinctions = mutation.distinction_counts(records)
    choices = [choices for axis in range(len(AXES)) for choices in mutation.choices_of(axis)]
    rarities = [
        f"{CONVENTIONS[i]}: killed by {kills[i]} cases; {ENOUGH} are needed"
        for i in range(len(CONVENTIONS))
        if kills[i] < ENOUGH
    ]
    confusions = [
        f"{_words(pair)}: told apart by {distinctions[pair]} cases; {ENOUGH} are needed"
        for pair in choices
        if distinctions[pair] < ENOUGH
    ]
    correct_count = sum(len(record.diagnosed) for record in records)
    diagnosis_count = correct_count + sum(len(record.misdiagnosed) for record in records)
    lines = [
        f"conventions killed by {ENOUGH} cases or more: {len(CONVENTIONS) - len(rarities)} of"
        f" {len(CONVENTIONS)}; diagnosed as what they are:"
        f" {correct_count} of {diagnosis_count} answers",
        f"choices of an axis told apart by {ENOUGH} cases or more:"
        f" {len(choices) - len(confusions)} of {len(choices)}",
    ]
    return lines, rarities + confusions


def pairs(records: Sequence[KillRecord]) -> tuple[list[str], list[str]]:
    """Report how many pairs of conventions the cases kill, of those that can be killed.

    Returns
    -------
    list of str
        Findings: surviving pairs, where there are too many.
    """
    surviving_pairs = mutation.surviving_pairs(records)
    killable_pairs = mutation.killable_pairs(surviving_pairs)
    kill_count = len(PAIRS - surviving_pairs)
    total = kill_count + len(killable_pairs)
    line = (
        f"pairs of conventions killed: {kill_count} of {total} ({percent(kill_count, total)});"
        f" {len(surviving_pairs) - len(killable_pairs)} more never meet, or undo each other"
    )
    if kill_count >= ENOUGH_PAIRS * total:
        return [line], []
    return [line], _first_findings("no case kills", map(_pair, sorted(killable_pairs)))


def misdiagnosed(records: Iterable[KillRecord]) -> Iterator[str]:
    """Yield findings for conventions that a case kills and its diagnosis does not name."""
    for record in records:
        for i in sorted(record.misdiagnosed):
            yield f"{_place(record)}: the diagnosis does not name {CONVENTIONS[i]}"


def hidden(records: Iterable[KillRecord]) -> Iterator[str]:
    """Yield findings for cases in which rounding hides an alternative answer."""
    for record in records:
        if record.hidden:
            names = "; ".join(record.hidden)
            yield (
                f"{_place(record)}: cannot decide: within rounding of the right"
                f" answer is also that of {names}"
            )


def _place(record: KillRecord) -> str:
    return f"{record.case.place}: {record.case.id}"


def idle(records: Iterable[KillRecord]) -> Iterator[str]:
    """Yield findings for cases that kill nothing, and are neither of a document nor of an error."""
    for record in records:
        case = record.case
        if not record.kills and case.document is None and not case.expected.error:
            yield f"{case.place}: {case.id}: kills no convention, and is from no document"


def blind(records: Iterable[KillRecord]) -> Iterator[str]:
    """Yield notes on cases in which a flipped kernel survives, unless they are of a document."""
    for record in records:
        if mutation.is_blind_to_flips(record) and record.case.document is None:
            yield f"{record.case.place}: note: {record.case.id}: {BLIND}"


def kills(records: Iterable[KillRecord]) -> Iterator[str]:
    """Yield for each case the conventions that it kills, and those that survive."""
    for record in records:
        kills = _axes(record.kills, record.survivors) or "nothing"
        survivors = _axes(record.survivors, record.kills)
        more = f"; survivors: {survivors}" if survivors else ""
        yield f"{record.case.id}: kills {kills}{more}"


def _axes(conventions: Iterable[int], others: Iterable[int]) -> str:
    """Return conventions by axis, with their choices on an axis that the others have too."""
    divided = {CONVENTIONS[i].axis.name for i in others}
    words = []
    for axis, places in groupby(sorted(conventions), lambda i: CONVENTIONS[i].axis.name):
        names = ", ".join(CONVENTIONS[i].choice.name for i in places)
        words.append(f"{axis} ({names})" if axis in divided else axis)
    return "; ".join(words)


def matrix(records: Iterable[KillRecord]) -> Iterator[str]:
    """Yield a table for each axis: how many cases distinguish each two of its choices."""
    counts = mutation.distinction_counts(records)
    for place, axis in enumerate(AXES):
        names = [f"{row} {name}" for row, name in enumerate(_names(axis), 1)]
        width = max(map(len, names))
        yield f"{axis.name:{width}}{''.join(f'{column:>6}' for column in range(1, len(names)))}"
        for row, name in enumerate(names):
            cells = "".join(f"{counts[place, column, row]:>6}" for column in range(row))
            yield f"{name:{width}}{cells}".rstrip()
        yield ""


def _names(axis: Axis) -> tuple[str, ...]:
    return axis.canonical, *(choice.name for choice in axis.choices)


def _words(choices: Choices) -> str:
    axis = AXES[choices[0]]
    first, second = (_names(axis)[choice] for choice in choices[1:])
    return f"{axis.name}: {first} and {second}"


def _pair(pair: Pair) -> str:
    return " with ".join(str(CONVENTIONS[i]) for i in pair)


def _first_findings(prefix: str, items: Iterable[str]) -> list[str]:
    """Return the first findings, of which the last says how many more there are."""
    findings = [f"{prefix} {item}" for item in items]
    first = findings[:SHOWN]
    if len(findings) > SHOWN:
        first[-1] += f" (and {len(findings) - SHOWN} more)"
    return first


def percent(part: int, whole: int) -> str:
    """Return a percentage, rounded down, so that only a whole is 100 %."""
    return f"{1000 * part // whole / 10:g} %"
