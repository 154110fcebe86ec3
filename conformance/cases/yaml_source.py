"""YAML text as plain data that remembers where it was written, so that errors can point at it.

ruamel.yaml parses; the values are made here from its events, for three reasons: every value needs
its line and column, its meaning must be YAML 1.2's alone, and rubbish must give sentences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from conformance.cases.limits import MAX_BYTES as MAX_BYTES
from conformance.cases.yaml_scanner import (
    MAX_DEPTH,
    MAX_DIGITS,
    NUMBERS_STYLE,
    CaseScanner,
    Step,
    offset,
    plain_value,
)
from conformance.cases.yaml_syntax import syntax

MAX_ALIASED = 100_000

Spot: TypeAlias = tuple[int, int]
"""A line and a column, both counted from 1."""


@dataclass(slots=True)
class Node:
    """A value, where it begins, and the nodes it was made of.

    ``text`` is set instead of ``children`` for a list of numbers that was read in one step.
    ``size`` counts the values, once for every time they are repeated by an alias.
    """

    value: Any
    spot: Spot
    children: dict[str, Node] | list[Node] | None = None
    keys: dict[str, Spot] | None = None
    text: str | None = None
    size: int = 1

    def find(self, path: Sequence[Step]) -> Spot:
        """Where the value at ``path`` begins; steps that lead nowhere are passed over."""
        node = self
        for position, step in enumerate(path):
            if node.text is not None:
                line, column = node.spot
                return line, column + offset(node.text, path[position:])
            node = node.child(step) or node
        return node.spot

    def find_key(self, path: Sequence[Step]) -> Spot:
        """Where the key that ``path`` ends in begins; where the mapping begins if it has none."""
        node = self
        for step in path[:-1]:
            node = node.child(step) or node
        return (node.keys or {}).get(str(path[-1]), node.spot)

    def child(self, step: Step) -> Node | None:
        """The node under a key or an index, None if there is none."""
        if isinstance(self.children, dict):
            return self.children.get(str(step))
        if self.children and isinstance(step, int) and step < len(self.children):
            return self.children[step]
        return None

    def mapping(self) -> dict[str, Node]:
        """The nodes of a mapping by key, none if this is something else."""
        return dict(self.children) if isinstance(self.children, dict) else {}

    def item(self, index: int) -> Node:
        """The node of an entry of a list, made where a list of numbers was read in one step."""
        if isinstance(self.children, list):
            return self.children[index]
        line, column = self.find((index,))
        inner = (self.text or "")[column - self.spot[1] :]
        value = self.value[index]
        return Node(value, (line, column), text=inner if isinstance(value, list) else None)


Complaint: TypeAlias = tuple[Spot, str]
"""Where something is wrong, and the sentence that says what."""


@dataclass(frozen=True)
class Purpose:
    """What a file is for, in the words of a sentence: what it is called, and what has to be there.

    Both follow one another where the file is empty.
    """

    name: str
    holds: str


CASES = Purpose("a case file", "has a list under 'cases:'")


def read(data: bytes, purpose: Purpose = CASES) -> tuple[Node | None, list[Complaint]]:
    """The document that ``data`` holds, None if it cannot be read, and everything wrong with it.

    purpose  what the sentences call the file
    Never raises: whatever the bytes are, what is wrong comes back as sentences.
    """
    if len(data) > MAX_BYTES:
        return None, [((1, 1), f"the file has {len(data)} bytes; at most {MAX_BYTES} are read")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = data[: problem.start].decode("utf-8")
        sentence = f"the file is not UTF-8 text: byte 0x{data[problem.start]:02x} has no meaning"
        return None, [(_spot_after(before), sentence)]
    reader = _Reader(text, purpose)
    return reader.document(), reader.complaints


class _Reader:
    """Turns the parser's events into nodes, and collects what is wrong on the way."""

    def __init__(self, text: str, purpose: Purpose) -> None:
        self.text = text
        self.purpose = purpose
        self.complaints: list[Complaint] = []
        self.anchors: dict[str, Node | None] = {}
        self.aliased = 0
        self.depth = 0
        self.last: Spot = (1, 1)
        self.yaml = YAML(typ="safe", pure=True)
        self.yaml.Scanner = CaseScanner
        self.events: Iterator[Any] = self.yaml.parse(text)

    def document(self) -> Node | None:
        try:
            return self._document()
        except _Stop:
            return None
        except ReaderError as problem:
            self._complain(
                _spot_after(self.text[: problem.position]),
                f"the character U+{problem.character:04X} is not allowed in a YAML file",
            )
        except MarkedYAMLError as problem:
            mark = problem.problem_mark or problem.context_mark
            self._complain(_spot(mark), syntax(problem, mark, self.text))
        return None

    def _event(self) -> Any:
        try:
            event = next(self.events)
        except YAMLError:
            raise
        except Exception as odd:
            # ruamel.yaml does not guard every step: an escape beyond Unicode, for one, ends in
            # whatever Python raises there, and says nothing of the place.
            self._stop(self.last, f"what follows is not YAML: {odd}")
        self.last = _spot(event.end_mark)
        return event

    def _document(self) -> Node | None:
        root = None
        while not isinstance(event := self._event(), ev.StreamEndEvent):
            if isinstance(event, ev.DocumentStartEvent):
                if root is not None:
                    name = self.purpose.name
                    sentence = f"{name} is one YAML document, and another one begins here"
                    self._complain(_spot(event.start_mark), sentence)
                    return None
                root = self._node(self._event())
        if root is None or root.value is None:
            said = self.purpose
            self._complain((1, 1), f"the file is empty; {said.name} {said.holds}")
            return None
        return root

    def _node(self, event: Any) -> Node:
        spot = _spot(event.start_mark)
        if isinstance(event, ev.AliasEvent):
            return self._alias(event.anchor, spot)
        if event.ctag is not None:
            name = self.purpose.name
            self._complain(spot, f"tags have no meaning in {name}, got {_short(event.tag)}")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._stop(spot, f"values are nested more than {MAX_DEPTH} deep")
        if isinstance(event, ev.ScalarEvent):
            node = self._scalar(event, spot)
        elif isinstance(event, ev.SequenceStartEvent):
            node = self._sequence(spot)
        else:
            node = self._mapping(spot)
        self.depth -= 1
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any, spot: Spot) -> Node:
        if event.style == NUMBERS_STYLE:
            text = event.value
            return Node(json.loads(text), spot, text=text, size=text.count(",") + 1)
        if not event.implicit[0]:
            return Node(event.value, spot)
        value = plain_value(event.value)
        if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
            digits = len(event.value.lstrip("+-"))
            self._complain(spot, f"a number may have {MAX_DIGITS} digits at most, got {digits}")
        return Node(value, spot)

    def _sequence(self, spot: Spot) -> Node:
        children = []
        while not isinstance(event := self._event(), ev.SequenceEndEvent):
            children.append(self._node(event))
        size = 1 + sum(child.size for child in children)
        return Node([child.value for child in children], spot, children, size=size)

    def _mapping(self, spot: Spot) -> Node:
        children: dict[str, Node] = {}
        keys: dict[str, Spot] = {}
        while not isinstance(event := self._event(), ev.MappingEndEvent):
            at, key = self._key(event)
            child = self._node(said := self._event())
            if key in keys:
                first = f"line {keys[key][0]}, column {keys[key][1]}"
                self._complain(at, f"the key '{_short(key)}' was already given at {first}")
            elif key is not None:
                if child.value is None and isinstance(said, ev.ScalarEvent):
                    child = replace(child, spot=at)
                    self._complain(at, f"the key '{_short(key)}' has no value")
                keys[key] = at
                children[key] = child
        value = {key: child.value for key, child in children.items()}
        size = 1 + sum(child.size for child in children.values())
        return Node(value, spot, children, keys, size=size)

    def _key(self, event: Any) -> tuple[Spot, str | None]:
        if isinstance(event, ev.ScalarEvent) and event.style != NUMBERS_STYLE:
            self._node(event)
            return _spot(event.start_mark), event.value
        node = self._node(event)
        self._complain(
            _spot(event.start_mark), "a key must be a word, got a list, mapping or alias"
        )
        return node.spot, None

    def _alias(self, name: str, spot: Spot) -> Node:
        if name not in self.anchors:
            self._complain(spot, f"no anchor before the alias *{_short(name)} has its name")
            return Node(None, spot)
        node = self.anchors[name]
        if node is None:
            self._complain(spot, f"the alias *{_short(name)} is inside what it stands for")
            return Node(None, spot)
        self.aliased += node.size
        if self.aliased > MAX_ALIASED:
            self._stop(spot, f"aliases repeat more than {MAX_ALIASED} values in this file")
        return node

    def _complain(self, spot: Spot, sentence: str) -> None:
        self.complaints.append((spot, sentence))

    def _stop(self, spot: Spot, sentence: str) -> NoReturn:
        self._complain(spot, sentence)
        raise _Stop


class _Stop(Exception):
    """Ends the reading of a file, which the complaints say the reason for."""


def _spot(mark: Any) -> Spot:
    return mark.line + 1, mark.column + 1


def _spot_after(text: str) -> Spot:
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1


def _short(text: str | None) -> str:
    return str(text) if len(str(text)) <= 40 else f"{str(text)[:40]}..."
