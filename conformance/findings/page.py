"""Read the page of findings as strictly as a case file: an unexpected form is an error.

An entry is a section. It opens with a list of lines such as

    - Seen with keras 3.13.0 to 3.14.1 on jax 0.10.2 in `xla`; not in `xla-x64`.

and has scripts, each in a block marked ``python`` or ``javascript``. The output that shows the bug
follows a script in a block marked ``text wrong``, and the right output in one marked ``text
right``. In both ``...`` matches anything, and any white space matches any other. A script belongs
to the lines of the framework that it imports or requires; one that imports Keras belongs to those
of Keras.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, takewhile
from pathlib import Path

from packaging.version import Version

from conformance.adapters.framework import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.findings.sightings import Sighting
from conformance.utils import resources
from conformance.utils.printable import PrintableError
from conformance.utils.text import on

PAGE = "docs/findings.md"

_SEEN = re.compile(
    r"Seen with (?P<package>[\w-]+) (?P<first>\d[\w.]*)(?: to (?P<last>\d[\w.]*))?"
    r"(?: on (?P<backend>\w+) (?P<backend_version>\d[\w.]*))?"
    r" in (?P<classes>[^;.]+)(?:; not in (?P<others>[^;.]+))?\."
)
_FENCE = re.compile(r"^```(.*)\n", re.MULTILINE)
_HEADING_OR_BLOCK = re.compile(r"^```(?s:.*?)(?:^```|\Z)|^## (?P<title>.*)$", re.MULTILINE)
_REQUIRED = re.compile(r"""require\(["']([^"']+)["']\)""")
_LANGUAGES = ("python", "javascript")
_MARKS = (*_LANGUAGES, "text wrong", "text right")


class PageError(PrintableError):
    """An error on the page, in a sentence with its line."""


@dataclass(frozen=True)
class Script:
    """A script that shows a bug, of the framework of the sightings that it belongs to.

    Parameters
    ----------
    wrong, right
        Patterns of its output where the bug shows, and where it does not.
    language
        Python, which the framework's interpreter runs, or JavaScript, which Node runs.
    """

    framework: str
    source: str
    wrong: tuple[str, ...]
    right: tuple[str, ...]
    language: str = "python"


@dataclass(frozen=True)
class Entry:
    """A section of the page.

    Parameters
    ----------
    story
        All below the heading.
    sightings
        Versions and runtime classes with the bug, one sighting for each framework and backend.
    scripts
        At least one for each sighting.
    """

    title: str
    story: str
    sightings: tuple[Sighting, ...]
    scripts: tuple[Script, ...]

    @property
    def anchor(self) -> str:
        """Return the fragment of a link to the section."""
        return anchor(self.title)

    def scripts_for(self, sighting: Sighting) -> tuple[Script, ...]:
        """Return the scripts that belong to a sighting."""
        return tuple(s for s in self.scripts if s.framework == sighting.framework)


def anchor(title: str) -> str:
    """Return the fragment of a link to a section, as a forge makes it of the heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def entries() -> tuple[Entry, ...]:
    """Return the entries of the page that comes with the package.

    Raises ``PageError`` where the page has an error. Raises ``OSError`` where the page cannot be
    read.
    """
    return _read(resources.FINDINGS)


@cache
def _read(path: Path) -> tuple[Entry, ...]:
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Entry, ...]:
    """Return the entries of a page.

    Raises ``PageError`` for an entry with an error, and for two entries of one title.
    """
    by_title: dict[str, Entry] = {}
    for line, title, story in _sections(text):
        try:
            if title in by_title:
                raise ValueError("an entry before it has the same title")
            by_title[title] = _entry(title, story)
        except ValueError as problem:
            raise PageError(f"{PAGE}:{line}: {title}: {problem}") from None
    return tuple(by_title.values())


def _sections(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each heading's line, the heading, and the text below it."""
    headings = [match for match in _HEADING_OR_BLOCK.finditer(text) if match["title"]]
    ends = [*(heading.start() for heading in headings), len(text)][1:]
    for heading, end in zip(headings, ends, strict=True):
        line = text.count("\n", 0, heading.start()) + 1
        yield line, heading["title"].strip(), text[heading.end() : end].strip()


def _entry(title: str, story: str) -> Entry:
    sightings, scripts = tuple(_sightings(story)), tuple(_scripts(story))
    names = [sighting.name for sighting in sightings]
    if len(set(names)) < len(names):
        raise ValueError("two of its sightings are of the same framework and backend")
    frameworks = {sighting.framework for sighting in sightings}
    script_frameworks = {script.framework for script in scripts}
    if frameworks != script_frameworks:
        raise ValueError(
            f"its sightings are of {', '.join(sorted(frameworks))},"
            f" and its scripts of {', '.join(sorted(script_frameworks))}"
        )
    return Entry(title, story, sightings, scripts)


def _sightings(story: str) -> Iterator[Sighting]:
    """Yield the sightings of the list at the beginning; an indented line continues an item."""
    list_lines = takewhile(lambda line: line.startswith(("- ", "  ")), story.splitlines())
    items = "\n".join(list_lines).replace("\n  ", " ").splitlines()
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
    first: str,
    last: str | None,
    backend: str | None,
    backend_version: str | None,
    classes: str,
    others: str | None,
) -> Sighting:
    if package not in FRAMEWORKS or backend not in FRAMEWORKS[package].interops:
        raise ValueError(f"there is no adapter of {package}{on(backend)}")
    for version in filter(None, (first, last, backend_version)):
        Version(version)  # it raises a ValueError
    present_in, absent_in = _classes(classes), _classes(others) if others else ()
    if overlap := set(present_in) & set(absent_in):
        raise ValueError(f"it shows in {', '.join(sorted(overlap))}, and does not")
    return Sighting(
        name=f"{package}-{backend}" if backend else package,
        versions=(
            f"{package}>={first},<={last}" if last else f"{package}=={first}",
            *([f"{backend}=={backend_version}"] if backend else []),
        ),
        classes=present_in,
        others=absent_in,
    )


def _classes(words: str) -> tuple[str, ...]:
    """Return the names in a list such as "`a`, `b` and `c`"."""
    names = words.replace(" and ", ", ").replace(" or ", ", ").split(", ")
    for name in names:
        if not (len(name) > 2 and name[0] == name[-1] == "`"):
            raise ValueError(f"{name!r} is no runtime class between two backquotes")
    return tuple(name[1:-1] for name in names)


def _scripts(story: str) -> Iterator[Script]:
    """Yield the scripts of a section, each with the blocks of text behind it."""
    scripts: list[tuple[str, str, dict[str, list[str]]]] = []
    for mark, text in _blocks(story):
        if mark in _LANGUAGES:
            scripts.append((mark, text, {"text wrong": [], "text right": []}))
        elif scripts:
            scripts[-1][2][mark].append(text)
        else:
            raise ValueError("a block of text comes before any script")
    if not scripts:
        raise ValueError("it has no script")
    for language, source, outputs in scripts:
        if not all(outputs.values()):
            raise ValueError(
                "a script needs a block `text wrong` and a block `text right` behind it"
            )
        wrong, right = map(tuple, outputs.values())
        framework = _framework(source) if language == "python" else _required(source)
        yield Script(framework, source, wrong, right, language)


def _blocks(story: str) -> Iterator[tuple[str, str]]:
    """Yield the mark and the text of each block."""
    parts = _FENCE.split(f"{story}\n")  # prose, mark, text, the end of the block, prose, ...
    for mark, text in zip(parts[1::4], parts[2::4], strict=True):
        if mark.strip() not in _MARKS:
            raise ValueError(
                f"a block is marked {mark.strip()!r}, which is none of {', '.join(_MARKS)}"
            )
        yield mark.strip(), text
    if len(parts) % 4 != 1:
        raise ValueError("one of its blocks does not end")


def _required(source: str) -> str:
    """Return the framework of which a script in JavaScript requires a module."""
    modules = {*_REQUIRED.findall(source)}
    names = [f.name for f in FRAMEWORKS.values() if modules & {*f.modules}]
    if not names:
        raise ValueError(f"a script requires no framework, but {', '.join(sorted(modules))}")
    return names[0]


def _framework(source: str) -> str:
    """Return the framework that a script imports, and not the one that it is built on."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"a script is not Python: {error}") from None
    modules = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    modules += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names = {name for module in modules for name in accumulate(module.split("."), "{}.{}".format)}
    candidates = [f for f in FRAMEWORKS.values() if names & _modules(f)]
    names &= set[str]().union(*map(_modules, candidates))
    candidates = [f for f in candidates if names <= _imports(f)]
    if not candidates:
        raise ValueError("a script has to import one framework, besides what that is built on")
    return min(candidates, key=lambda framework: len(_imports(framework))).name


def _modules(framework: Framework) -> set[str]:
    return {*(framework.modules or (framework.name,))}


def _imports(framework: Framework) -> set[str]:
    """Return the packages of a framework and those that its calls import, such as its backends."""
    lines = (line for interop in framework.interops.values() for line in interop.imports)
    modules = (line.split()[1] for line in lines if line.startswith("import "))
    return _modules(framework) | {module.partition(".")[0] for module in modules}
