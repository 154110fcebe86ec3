"""No text makes an expression of ours take more than time in proportion to its length."""

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from backtracking import Steps, characters

import conformance
from conformance.utils.text import markdown, one_line, pattern, plain, sentence, tick

PACKAGE = Path(conformance.__file__).parent
TIMES = 12
"""How often a unit is repeated in the shorter text; four times as often in the longer one."""
OF_OURS = ("findings/scripts.py",)
"""It makes an expression of a page that ships with the package, and of nobody else's words."""
LINEAR = 5.0
"""How many times the steps may grow where the text grows fourfold; squares grow sixteenfold."""


def expressions() -> Iterator[tuple[str, str, int]]:
    """Every regular expression of the package, where it stands, and its flags."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            of = node.func.value
            if f"{file.relative_to(PACKAGE)}" in OF_OURS:
                continue
            if isinstance(of, ast.Name) and of.id == "re" and node.func.attr != "escape":
                named = re.findall(r"\bre\.([A-Z]+)\b", ast.unparse(node))
                flags = [getattr(re, name) for name in named]
                place = f"{file.relative_to(PACKAGE)}:{node.lineno}"
                yield place, text_of(node.args[0], file), sum(flags)


def text_of(node: ast.expr, file: Path) -> str:
    """The text of an expression, which may be put together of names of its module."""
    if isinstance(node, ast.Constant):
        return node.value.decode() if isinstance(node.value, bytes) else str(node.value)
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    module = importlib.import_module(".".join(parts))
    text = eval(ast.unparse(node), vars(module))
    assert isinstance(text, str)
    return text


EXPRESSIONS = list(expressions())


def test_the_expressions_are_found() -> None:
    assert len(EXPRESSIONS) > 30


@pytest.mark.parametrize(
    ("text", "flags"), [e[1:] for e in EXPRESSIONS], ids=[e[0] for e in EXPRESSIONS]
)
def test_the_steps_of_an_expression_grow_with_the_text(text: str, flags: int) -> None:
    letters = [*dict.fromkeys((*characters(text, flags)[:8], "a", " "))]
    units = {"".join(unit) for size in (1, 2) for unit in product(letters, repeat=size)}
    for unit in sorted(units):
        for end in ("", "\x00"):
            short, long = (
                Steps(text, flags, unit * times + end).count for times in (TIMES, 4 * TIMES)
            )
            assert long <= LINEAR * short, f"{unit!r} again and again, and {end!r}"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (r"(?:/[^\s/:'\"]+)+/(?=[^\s/:'\"]+\.\w+)", "/-"),
        (r".*\S.*\.", "a"),
        (r"[\[(][-\d.,e\s\[\]()]*\d[-\d.,e\s\[\]()]*[\])]", "(1"),
        (r"\{\{function_node [^}]*\}\} *", "{{function_node "),
    ],
)
def test_an_expression_that_gives_back_what_it_took_is_found_out(text: str, unit: str) -> None:
    short, long = (Steps(text, re.DOTALL, unit * n).count for n in (TIMES, 4 * TIMES))
    assert long > 2 * LINEAR * short


@pytest.mark.parametrize("unit", ["/-", "(1", "{{function_node ", "[", "`a", "@a", "#", "::", "- "])
def test_words_of_a_hundred_thousand_characters_are_shown(unit: str) -> None:
    """The expressions are linear; this holds that nothing around them multiplies the text."""
    words = unit * (100_000 // len(unit))
    for show in (plain, one_line, pattern, markdown, sentence, tick):
        assert len(show(words)) <= 10 * len(words)
