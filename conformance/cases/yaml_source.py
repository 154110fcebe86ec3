"""YAML text as plain data that remembers where it was written, so that errors can point at it.

libyaml parses, by way of PyYAML; the values are made here from its events, for three reasons: every
value needs its line and column, its meaning must be YAML 1.2's alone, and rubbish must give
sentences. Events are also flat, so that nothing in C goes as deep as a file is nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml import events as ev

from conformance.cases.size_limits import MAX_BYTES as MAX_BYTES
from conformance.cases.yaml_syntax import Complaint as Complaint
from conformance.cases.yaml_syntax import Spot, shorten, spot_after, spot_of, syntax, unreadable
from conformance.cases.yaml_values import MAX_DIGITS, plain_value

MAX_ALIASED = 100_000
MAX_DEPTH = 32

Step: TypeAlias = str | int
"""A key of a mapping or an index of a list."""

_TAG_DIRECTIVE = re.compile(r"(?<![^\r\n])%TAG")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, or the one in Python where PyYAML was built without it."""


@dataclass(slots=True)
class Node:
    """A value, where it begins, and the nodes it was made of.

    ``size`` counts the values, once for every time they are repeated by an alias.
    """

    value: Any
    spot: Spot
    children: dict[str, Node] | list[Node] | None = None
    keys: dict[str, Spot] | None = None
    size: int = 1

    def find(self, path: Sequence[Step]) -> Spot:
        """Where the value at ``path`` begins; steps that lead nowhere are passed over."""
        node = self
        for step in path:
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

    def entries(self) -> list[Node]:
        """The nodes of a list in their order, none if this is something else."""
        return list(self.children) if isinstance(self.children, list) else []


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
        return None, [(spot_after(before), sentence)]
    reader = _Reader(text, purpose)
    return reader.document(), reader.complaints


def events(text: str) -> Iterator[Any]:
    """What the parser says of ``text``, which begins with no byte order mark, in its order."""
    said: Iterator[Any] = yaml.parse(text, Loader=LOADER)
    return said


class _Reader:
    """Turns the parser's events into nodes, and collects what is wrong on the way."""

    def __init__(self, text: str, purpose: Purpose) -> None:
        self.text = text
        self.purpose = purpose
        self.complaints: list[Complaint] = []
        self.anchors: dict[str, Node | None] = {}
        self.aliased = 0
        self.depth = 0
        self.events = events(text)
        self.last: Any = None

    def document(self) -> Node | None:
        odd = unreadable(self.text)
        if odd is not None:
            self.complaints.append(odd)
            return None
        # Before libyaml is let loose on them: it compares every such line with all before it.
        directive = _TAG_DIRECTIVE.search(self.text)
        if directive is not None:
            spot = spot_after(self.text[: directive.start()])
            self._complain(spot, f"tags have no meaning in {self.purpose.name}, got %TAG")
            return None
        try:
            return self._document()
        except _Stop:
            return None
        except yaml.MarkedYAMLError as problem:
            self.complaints.append(self._too_deep(problem) or syntax(problem, self.text))
        return None

    def _too_deep(self, problem: yaml.MarkedYAMLError) -> Complaint | None:
        """What there is to say of the depth of what stands before a problem of the parser's.

        It looks ahead for keys, and some versions give up there at a depth of their own, before
        their first event of brackets that nobody will see the end of.
        """
        if problem.problem_mark is None:
            return None
        before = _Reader(self.text[: problem.problem_mark.index], self.purpose)
        with suppress(_Stop, yaml.YAMLError):
            before._document()
        return before.complaints[-1] if before.depth > MAX_DEPTH else None

    def _event(self) -> Any:
        try:
            self.last = next(self.events)
        except yaml.YAMLError:
            raise
        except Exception as odd:
            # The parser in Python does not guard every step: an escape beyond Unicode, for one,
            # ends in whatever Python raises there, and says nothing of the place.
            self._stop(spot_of(self.last.end_mark), f"what follows is not YAML: {odd}")
        return self.last

    def _document(self) -> Node | None:
        root = None
        while not isinstance(event := self._event(), ev.StreamEndEvent):
            if isinstance(event, ev.DocumentStartEvent):
                if root is not None:
                    name = self.purpose.name
                    sentence = f"{name} is one YAML document, and another one begins here"
                    self._complain(spot_of(event.start_mark), sentence)
                    return None
                root = self._node(self._event())
        if root is None or root.value is None:
            said = self.purpose
            self._complain((1, 1), f"the file is empty; {said.name} {said.holds}")
            return None
        return root

    def _node(self, event: Any) -> Node:
        spot, anchor = spot_of(event.start_mark), event.anchor
        if isinstance(event, ev.AliasEvent):
            return self._alias(anchor, spot)
        if event.tag is not None:
            name = self.purpose.name
            self._complain(spot, f"tags have no meaning in {name}, got {shorten(event.tag)}")
        if anchor is None:
            return self._unnamed(event, spot)
        self.anchors[anchor] = None
        node = self._unnamed(event, spot)
        self.anchors[anchor] = node
        return node

    def _unnamed(self, event: Any, spot: Spot) -> Node:
        """The node that an event begins, whatever its anchor."""
        if isinstance(event, ev.ScalarEvent):
            return self._scalar(event, spot)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._stop(spot, f"values are nested more than {MAX_DEPTH} deep")
        is_list = isinstance(event, ev.SequenceStartEvent)
        node = self._sequence(spot) if is_list else self._mapping(spot)
        self.depth -= 1
        return node

    def _scalar(self, event: Any, spot: Spot) -> Node:
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
                self._complain(at, f"the key '{shorten(key)}' was already given at {first}")
            elif key is not None:
                if child.value is None and isinstance(said, ev.ScalarEvent):
                    child = replace(child, spot=at)
                    self._complain(at, f"the key '{shorten(key)}' has no value")
                keys[key] = at
                children[key] = child
        value = {key: child.value for key, child in children.items()}
        size = 1 + sum(child.size for child in children.values())
        return Node(value, spot, children, keys, size=size)

    def _key(self, event: Any) -> tuple[Spot, str | None]:
        node = self._node(event)
        if isinstance(event, ev.ScalarEvent):
            return node.spot, event.value
        begun = spot_of(event.start_mark)
        self._complain(begun, "a key must be a word, got a list, mapping or alias")
        return node.spot, None

    def _alias(self, name: str, spot: Spot) -> Node:
        if name not in self.anchors:
            self._complain(spot, f"no anchor before the alias *{shorten(name)} has its name")
            return Node(None, spot)
        node = self.anchors[name]
        if node is None:
            self._complain(spot, f"the alias *{shorten(name)} is inside what it stands for")
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
