"""A regular expression matched as Python's engine does it, to count the steps that this takes.

Seconds say little on a busy machine; steps are the same everywhere. What the engine does to be
quicker is left out, so that it takes no more steps than are counted here.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]  # there is no public tree
from re import _parser  # type: ignore[attr-defined]
from typing import Any

Tree = Sequence[tuple[Any, Any]]

_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: lambda c: re.match(r"\d", c) is not None,
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
}
_OPPOSITES = {
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
    op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}


class Steps:
    """The steps that it takes to find every match of a pattern in a text."""

    def __init__(self, pattern: str, flags: int, text: str) -> None:
        self.text = text
        self.count = 0
        tree = _parser.parse(pattern, flags)
        self.flags = flags | tree.state.flags
        place = 0
        while place <= len(text):
            end = next(self._match(list(tree), place), None)
            place = place + 1 if end is None or end == place else end

    def _match(self, tree: Tree, place: int) -> Iterator[int]:
        """Every end of a match of ``tree`` that begins at ``place``, in the engine's order."""
        self.count += 1
        if not tree:
            yield place
            return
        (kind, value), rest = tree[0], tree[1:]
        for end in self._ends(kind, value, place):
            yield from self._match(rest, end)

    def _ends(self, kind: Any, value: Any, place: int) -> Iterator[int]:
        if kind is op.SUBPATTERN:
            yield from self._match(list(value[3]), place)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from self._match(list(branch), place)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            yield from self._repeated(value, place, 0)
        elif kind is op.POSSESSIVE_REPEAT:
            yield from self._first(self._repeated(value, place, 0))
        elif kind is op.ATOMIC_GROUP:
            yield from self._first(self._match(list(value), place))
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            if self._looked(value, place) == (kind is op.ASSERT):
                yield place
        elif kind is op.AT:
            if self._is_at(value, place):
                yield place
        elif place < len(self.text) and self._is_one(kind, value, self.text[place]):
            yield place + 1

    def _repeated(self, value: Any, place: int, times: int) -> Iterator[int]:
        """As often as can be first, and then less; all its patterns here are greedy."""
        least, most, tree = value
        self.count += 1
        if times < most:
            for end in self._match(list(tree), place):
                if end > place:
                    yield from self._repeated(value, end, times + 1)
        if times >= least:
            yield place

    def _first(self, ends: Iterator[int]) -> Iterator[int]:
        for end in ends:
            yield end
            return

    def _looked(self, value: Any, place: int) -> bool:
        direction, tree = value
        if direction > 0:
            return next(self._match(list(tree), place), None) is not None
        width, most = tree.getwidth()
        assert width == most  # or it would be no pattern
        start = place - width
        return start >= 0 and next(self._match(list(tree), start), None) == place

    def _is_at(self, where: Any, place: int) -> bool:
        text = self.text
        if where in (op.AT_BOUNDARY, op.AT_NON_BOUNDARY):
            word = _CATEGORIES[op.CATEGORY_WORD]
            sides = (text[place - 1 : place], text[place : place + 1])
            before, after = (bool(side) and word(side) for side in sides)
            return (before != after) == (where is op.AT_BOUNDARY)
        lines = self.flags & re.MULTILINE
        if where is op.AT_BEGINNING:
            return place == 0 or bool(lines and text[place - 1] == "\n")
        if where is op.AT_BEGINNING_STRING:
            return place == 0
        if where is op.AT_END_STRING:
            return place == len(text)
        assert where is op.AT_END
        return place == len(text) or (bool(lines) and text[place] == "\n")

    def _is_one(self, kind: Any, value: Any, character: str) -> bool:
        if self.flags & re.IGNORECASE:
            character = character.lower()
        if kind is op.LITERAL:
            return character == chr(value)
        if kind is op.NOT_LITERAL:
            return character != chr(value)
        if kind is op.ANY:
            return character != "\n" or bool(self.flags & re.DOTALL)
        assert kind is op.IN, kind
        negated = value[0][0] is op.NEGATE
        members = value[1:] if negated else value
        return negated != any(self._is_member(*member, character) for member in members)

    def _is_member(self, kind: Any, value: Any, character: str) -> bool:
        if kind is op.LITERAL:
            return ord(character) == value
        if kind is op.RANGE:
            return bool(value[0] <= ord(character) <= value[1])
        if value in _OPPOSITES:
            return not _CATEGORIES[_OPPOSITES[value]](character)
        return _CATEGORIES[value](character)


def characters(pattern: str, flags: int) -> list[str]:
    """A character for each part of a pattern that takes one: what a text for it is made of."""
    found: dict[str, None] = {}
    pending: list[Any] = [_parser.parse(pattern, flags)]
    while pending:
        part = pending.pop()
        if isinstance(part, _parser.SubPattern):
            for kind, value in part:
                if kind in (op.LITERAL, op.NOT_LITERAL):
                    found[chr(value)] = None
                elif kind is op.IN:
                    found |= dict.fromkeys(_samples(value))
                else:
                    pending.append(value)
        elif isinstance(part, tuple | list):
            pending += part
    return list(found)


def _samples(members: Tree) -> Iterator[str]:
    categories = {op.CATEGORY_DIGIT: "1", op.CATEGORY_SPACE: " ", op.CATEGORY_WORD: "a"}
    for kind, value in members:
        if kind is op.LITERAL:
            yield chr(value)
        elif kind is op.RANGE:
            yield chr(value[0])
        elif value in categories:
            yield categories[value]
