"""The page of findings, read as strictly as a case file: what is not in its form is an error.

An entry is a section. It opens with a list of lines such as

    - Seen with keras 3.13.0 to 3.14.1 on jax 0.10.2 in `xla`; not in `xla-x64`.

and has scripts, each in a block marked ``python``. What a script prints where the bug shows follows
it in a block marked ``text wrong``, and what would be right in one marked ``text right``. In both
``...`` stands for anything, and white space is all alike. A script belongs to the lines of the
framework that it imports; one that imports Keras belongs to those of Keras.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from conformance import shipped
from conformance.frameworks import FRAMEWORKS
from conformance.printable import PrintableError
from conformance.sightings import Sighting

PAGE = "docs/findings.md"

_VERSION = r"\d+(?:\.\d+)+"
_CLASSES = r"(?:`[\w-]+`(?:, | and | or )?)+"
_SEEN = re.compile(
    rf"Seen with (?P<package>\w+) (?P<versions>{_VERSION}(?: to {_VERSION})?)"
    rf"(?: on (?P<backend>\w+) (?P<beside>{_VERSION}(?: to {_VERSION})?))?"
    rf" in (?P<classes>{_CLASSES})(?:; not in (?P<others>{_CLASSES}))?\."
)
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARKS = ("python", "text wrong", "text right")


class PageError(PrintableError):
    """Something on the page that is not in its form, in a sentence with its line."""


@dataclass(frozen=True)
class Script:
    """A script that shows a bug.

    Parameters
    ----------
    framework
        Whose sightings it belongs to.
    source
        Its text.
    wrong, right
        Patterns of what it prints where the bug shows, and where it does not.
    """

    framework: str
    source: str
    wrong: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A section of the page.

    Parameters
    ----------
    title
        Its heading.
    story
        All below the heading.
    sightings
        With which versions and in which runtime classes the bug was seen, one for each framework
        and backend.
    scripts
        Those that show it, at least one for each sighting.
    """

    title: str
    story: str
    sightings: tuple[Sighting, ...]
    scripts: tuple[Script, ...]

    def scripts_for(self, sighting: Sighting) -> tuple[Script, ...]:
        """Return the scripts that belong to a sighting."""
        framework = sighting.name.partition("-")[0]
        return tuple(script for script in self.scripts if script.framework == framework)


@cache
def entries() -> tuple[Entry, ...]:
    """Return the entries of the page that comes with the package. Raises `PageError`."""
    return parse(shipped.FINDINGS.read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Entry, ...]:
    """Read a page.

    Raises
    ------
    PageError
        For an entry that is not in the form, and for two of one title.
    """
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    line = parts[0].count("\n") + 1
    read: dict[str, Entry] = {}
    for title, story in zip(parts[1::2], parts[2::2], strict=True):
        if title in read:
            raise _error(line, title, "an entry before it has the same title")
        read[title] = _entry(line, title, story)
        line += story.count("\n") + 1
    return tuple(read.values())


def _entry(line: int, title: str, story: str) -> Entry:
    try:
        sightings, scripts = tuple(_sightings(story)), tuple(_scripts(story))
        names = [sighting.name for sighting in sightings]
        if len(set(names)) < len(names):
            raise ValueError("two of its sightings are of the same framework and backend")
        seen = {name.partition("-")[0] for name in names}
        shown = {script.framework for script in scripts}
        if seen != shown:
            raise ValueError(
                f"its sightings are of {', '.join(sorted(seen))},"
                f" and its scripts of {', '.join(sorted(shown))}"
            )
    except ValueError as problem:
        raise _error(line, title, str(problem)) from None
    return Entry(title, story.strip(), sightings, scripts)


def _error(line: int, title: str, words: str) -> PageError:
    return PageError(f"{PAGE}:{line}: {title}: {words}")


def _sightings(story: str) -> Iterator[Sighting]:
    """The list at the beginning; a line may go on below, indented."""
    lines = takewhile(lambda words: words.startswith(("- ", "  ")), story.strip().splitlines())
    items = "\n".join(lines).replace("\n  ", " ").splitlines()
    if not items:
        raise ValueError("it does not begin with a list of lines `- Seen with ...`")
    for item in items:
        match = _SEEN.fullmatch(item.removeprefix("- "))
        if match is None:
            raise ValueError(
                f"{item!r} is not of the form `- Seen with PACKAGE VERSION [to VERSION]"
                " [on BACKEND VERSION] in `CLASS`, ... and `CLASS`[; not in `CLASS`].`"
            )
        yield _sighting(**match.groupdict())


def _sighting(
    package: str,
    versions: str,
    backend: str | None,
    beside: str | None,
    classes: str,
    others: str | None,
) -> Sighting:
    if package not in FRAMEWORKS or backend not in FRAMEWORKS[package].dialects:
        on = f" on {backend}" if backend else ""
        raise ValueError(f"there is no adapter of {package}{on}")
    pins = [_requirement(package, versions)]
    if backend and beside:
        pins.append(_requirement(backend, beside))
    there, absent = (tuple(re.findall(r"`([\w-]+)`", words or "")) for words in (classes, others))
    known = [kind.name for kind in FRAMEWORKS[package].dialects[backend].classes]
    for name in (*there, *absent):
        if name not in known:
            raise ValueError(f"{name} is no runtime class of {package}: {', '.join(known)}")
        if name in there and name in absent:
            raise ValueError(f"it shows in {name}, and does not")
    return Sighting(
        name=f"{package}-{backend}" if backend else package,
        versions=tuple(pins),
        classes=there,
        others=absent,
    )


def _requirement(package: str, versions: str) -> str:
    first, _, last = versions.partition(" to ")
    return f"{package}>={first},<={last}" if last else f"{package}=={first}"


def _scripts(story: str) -> Iterator[Script]:
    if story.count("\n```") != 2 * len(_FENCE.findall(story)):
        raise ValueError("one of its blocks does not end")
    blocks = [(mark.strip(), text) for mark, text in _FENCE.findall(story)]
    for mark, _ in blocks:
        if mark not in _MARKS:
            raise ValueError(f"a block is marked {mark!r}, which is none of {', '.join(_MARKS)}")
    starts = [number for number, (mark, _) in enumerate(blocks) if mark == "python"]
    if not starts:
        raise ValueError("it has no script")
    if starts[0] > 0:
        raise ValueError("a block of text comes before any script")
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield _script(blocks[start][1], blocks[start + 1 : end])


def _script(source: str, texts: Sequence[tuple[str, str]]) -> Script:
    wrong, right = (
        tuple(text for mark, text in texts if mark == f"text {kind}") for kind in ("wrong", "right")
    )
    if not (wrong and right):
        raise ValueError("a script needs a block `text wrong` and a block `text right` behind it")
    return Script(_framework(source), source, wrong, right)


def _framework(source: str) -> str:
    """The framework that a script is of: the one that it imports, or Keras beside its backend."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"a script is not Python: {error}") from None
    modules = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    modules += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names = {module.partition(".")[0] for module in modules}
    imported = ["keras"] if "keras" in names else sorted(names & FRAMEWORKS.keys())
    if len(imported) != 1:
        raise ValueError("a script has to import one framework, or Keras beside its backend")
    return imported[0]
