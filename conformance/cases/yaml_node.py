"""Define the node of a YAML document: plain data with the place of every value and key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.cases.errors import Path
from conformance.cases.yaml_syntax import Spot


@dataclass(slots=True)
class Node:
    """A value and its place.

    Parameters
    ----------
    spot
        Where the value begins.
    children
        The nodes of a mapping by key, or of a list.
    keys
        Where every key of a mapping begins.
    size
        The number of values, which counts repetitions by aliases.
    end
        The index in the text after the last value of a mapping.
    is_flow
        Whether a mapping is in braces.
    """

    value: Any
    spot: Spot
    children: dict[str, Node] | list[Node] | None = None
    keys: dict[str, Spot] | None = None
    size: int = 1
    end: int = field(default=0, compare=False)
    is_flow: bool = False

    def find(self, path: Path) -> Spot:
        """Return where the value at ``path`` begins; steps that lead nowhere are skipped."""
        return self._follow(path).spot

    def find_key(self, path: Path) -> Spot:
        """Return where the last key of ``path`` begins, or its mapping if there is no such key."""
        node = self._follow(path[:-1])
        return (node.keys or {}).get(str(path[-1]), node.spot)

    def _follow(self, path: Path) -> Node:
        node = self
        for step in path:
            node = node.child(step) or node
        return node

    def child(self, step: str | int) -> Node | None:
        """Return the node under a key or an index, None if there is none."""
        if isinstance(self.children, dict):
            return self.children.get(str(step))
        if self.children and isinstance(step, int) and step < len(self.children):
            return self.children[step]
        return None

    def mapping(self) -> dict[str, Node]:
        """Return the nodes of a mapping by key, none if this is something else."""
        return dict(self.children) if isinstance(self.children, dict) else {}

    def entries(self) -> list[Node]:
        """Return the nodes of a list in their order, none if this is something else."""
        return list(self.children) if isinstance(self.children, list) else []
