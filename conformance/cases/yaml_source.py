"""Read YAML text into plain data with the line and column of every value.

libyaml parses by way of PyYAML, and this module makes the values from its events, for three
reasons: every value needs its line and column, its meaning must be that of YAML 1.2, and rubbish
must give sentences. Events are also flat, so that no C code recurses as deep as a file is nested.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import yaml
from yaml import events as ev

from conformance.cases.size_limits import MAX_BYTES as MAX_BYTES
from conformance.cases.yaml_node import Node as Node
from conformance.cases.yaml_syntax import (
    Complaint,
    Spot,
    shorten,
    spot_after,
    spot_of,
    syntax,
    unreadable_character,
)
from conformance.cases.yaml_values import MAX_DIGITS, plain_value

MAX_ALIASED = 100_000
MAX_DEPTH = 32

_TAG_DIRECTIVE = re.compile(r"(?<![^\r\n])%TAG")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml, or the one in Python if PyYAML was built without libyaml."""


@dataclass(frozen=True)
class Purpose:
    """Words about a file for sentences; one sentence has both, ``name`` first.

    ``name`` says what the file is called. ``holds`` says what the file must have.
    """

    name: str
    holds: str


CASES = Purpose("a case file", "has a list under 'cases:'")


def read(data: bytes, purpose: Purpose = CASES) -> tuple[Node | None, list[Complaint]]:
    """Read one YAML document; this function never raises, whatever the bytes are.

    ``data`` are the bytes of a file. Returns the root, None if it cannot be read, and everything
    that is wrong.
    """
    if len(data) > MAX_BYTES:
        return None, [((1, 1), f"the file has {len(data)} bytes; at most {MAX_BYTES} are read")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        prefix = data[: error.start].decode("utf-8")
        sentence = f"the file is not UTF-8 text: byte 0x{data[error.start]:02x} has no meaning"
        return None, [(spot_after(prefix), sentence)]
    reader = _Reader(text, purpose)
    return reader.document(), reader.complaints


def events(text: str) -> Iterator[Any]:
    """Return the parser's events for ``text``, which has no byte order mark."""
    stream: Iterator[Any] = yaml.parse(text, Loader=LOADER)
    return stream


class _Reader:
    """Turn the parser's events into nodes, and collect complaints."""

    def __init__(self, text: str, purpose: Purpose) -> None:
        self.text = text
        self.purpose = purpose
        self.complaints: list[Complaint] = []
        self.anchors: dict[str | None, Node | None] = {}
        self.aliased_values = 0
        self.depth = 0
        self.events = events(text)
        self.last_event: Any = None
        self.last_end = 0

    def document(self) -> Node | None:
        complaint = unreadable_character(self.text)
        if complaint is not None:
            self.complaints.append(complaint)
            return None
        # libyaml must not see them: it compares every such line with all lines before it.
        directive = _TAG_DIRECTIVE.search(self.text)
        if directive is not None:
            spot = spot_after(self.text[: directive.start()])
            self._complain(spot, f"tags have no meaning in {self.purpose.name}, got %TAG")
            return None
        try:
            return self._document()
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            self.complaints.append(self._depth_complaint(error) or syntax(error, self.text))
        return None

    def _depth_complaint(self, error: yaml.MarkedYAMLError) -> Complaint | None:
        """Return a complaint about the depth of the text before an error of the parser.

        The parser looks ahead for keys, and some versions give up there at a depth of their own,
        before they give an event for brackets that are never closed.
        """
        if error.problem_mark is None:
            return None
        reader = _Reader(self.text[: error.problem_mark.index], self.purpose)
        with suppress(_Stop, yaml.YAMLError):
            reader._document()
        return reader.complaints[-1] if reader.depth > MAX_DEPTH else None

    def _event(self) -> Any:
        try:
            self.last_event = event = next(self.events)
        except yaml.YAMLError:
            raise
        except Exception as error:
            # The parser in Python does not guard every step: an escape beyond Unicode, for one,
            # ends in an exception of Python's that has no place.
            self._stop(spot_of(self.last_event.end_mark), f"what follows is not YAML: {error}")
        if isinstance(event, ev.ScalarEvent | ev.AliasEvent) or _is_bracket(event):
            self.last_end = event.end_mark.index
        return event

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
            purpose = self.purpose
            self._complain((1, 1), f"the file is empty; {purpose.name} {purpose.holds}")
            return None
        return root

    def _node(self, event: Any) -> Node:
        spot, anchor = spot_of(event.start_mark), event.anchor
        if isinstance(event, ev.AliasEvent):
            return self._alias(anchor, spot)
        if event.tag is not None:
            name = self.purpose.name
            self._complain(spot, f"tags have no meaning in {name}, got {shorten(event.tag)}")
        self.anchors[anchor] = None
        if isinstance(event, ev.ScalarEvent):
            node = self._scalar(event, spot)
        else:
            self.depth += 1
            if self.depth > MAX_DEPTH:
                self._stop(spot, f"values are nested more than {MAX_DEPTH} deep")
            is_list = isinstance(event, ev.SequenceStartEvent)
            node = self._sequence(spot) if is_list else self._mapping(event, spot)
            self.depth -= 1
        self.anchors[anchor] = node
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

    def _mapping(self, start: Any, spot: Spot) -> Node:
        children: dict[str, Node] = {}
        keys: dict[str, Spot] = {}
        end = 0
        while not isinstance(event := self._event(), ev.MappingEndEvent):
            key_spot, key = self._key(event)
            child = self._node(value_event := self._event())
            end = self.last_end
            if key in keys:
                first = f"line {keys[key][0]}, column {keys[key][1]}"
                self._complain(key_spot, f"the key '{shorten(key)}' was already given at {first}")
            elif key is not None:
                if child.value is None and isinstance(value_event, ev.ScalarEvent):
                    child = replace(child, spot=key_spot)
                    self._complain(key_spot, f"the key '{shorten(key)}' has no value")
                keys[key] = key_spot
                children[key] = child
        value = {key: child.value for key, child in children.items()}
        size = 1 + sum(child.size for child in children.values())
        return Node(value, spot, children, keys, size, end, start.flow_style)

    def _key(self, event: Any) -> tuple[Spot, str | None]:
        node = self._node(event)
        if isinstance(event, ev.ScalarEvent):
            return node.spot, event.value
        self._complain(
            spot_of(event.start_mark), "a key must be a word, got a list, mapping or alias"
        )
        return node.spot, None

    def _alias(self, name: str, spot: Spot) -> Node:
        if name not in self.anchors:
            self._complain(spot, f"no anchor before the alias *{shorten(name)} has its name")
            return Node(None, spot)
        node = self.anchors[name]
        if node is None:
            self._complain(spot, f"the alias *{shorten(name)} is inside what it stands for")
            return Node(None, spot)
        self.aliased_values += node.size
        if self.aliased_values > MAX_ALIASED:
            self._stop(spot, f"aliases repeat more than {MAX_ALIASED} values in this file")
        return node

    def _complain(self, spot: Spot, sentence: str) -> None:
        self.complaints.append((spot, sentence))

    def _stop(self, spot: Spot, sentence: str) -> NoReturn:
        self._complain(spot, sentence)
        raise _Stop


def _is_bracket(event: Any) -> bool:
    """Return whether an event is a closing bracket; the marks of a block's end are elsewhere."""
    width = event.end_mark.index - event.start_mark.index
    return isinstance(event, ev.CollectionEndEvent) and width == 1


class _Stop(Exception):
    """The reader stops; its last complaint has the reason."""
