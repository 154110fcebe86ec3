"""Write Markdown from templates, and tables in it."""

from collections.abc import Iterable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from conformance.utils.text import markdown, printed, sentence, shortened, tick


@cache
def template(package: str, name: str) -> Template:
    """Return a template of Markdown.

    Its filter `md` escapes all that Markdown interprets, HTML included, which no filter does by
    itself.

    ``package`` is the package whose folder ``templates`` has it.
    """
    environment = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=printed,
    )
    environment.filters |= {"md": markdown, "sentence": sentence, "short": shortened, "tick": tick}
    return environment.get_template(name)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
