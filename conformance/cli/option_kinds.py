"""Kinds of options: their types, and a group of options that become one argument."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, cast

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

LONGEST = 7 * 24 * 3600.0
"""Seconds for one question."""


class Seconds(click.FloatRange):
    """The type of a duration: a finite number above 0, of at most `LONGEST`."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(0, LONGEST, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number of seconds; refuse NaN, which passes every comparison."""
        seconds = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return float(seconds)


class Word(click.types.StringParamType):
    """The type of a text that is not blank, as a blank one is often an unset variable."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a text, and refuse one that is empty or blank."""
        word = str(super().convert(value, param, ctx))
        if not word.strip():
            self.fail("it is empty", param, ctx)
        return word


WORD = Word()
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
PATH = click.Path(path_type=Path)

flag = partial(click.option, is_flag=True)
"""An option without a value."""
word = partial(click.option, type=WORD)
"""An option whose value is a name or another word."""
file = partial(click.option, type=FILE)
"""An option whose value is a file."""
several = partial(click.option, multiple=True)
"""An option that may be repeated."""


def group(name: str, make: Callable[..., Any], *options: Decorator[Any]) -> Decorator[Any]:
    """Pass the values of several options to a command as one argument.

    ``make`` makes the argument; its parameters are the values of the options. These are in the
    order of the help.
    """
    keys = tuple(inspect.signature(make).parameters)

    def decorate(command: Command) -> Command:
        @wraps(command)
        def call(**values: Any) -> Any:
            argument = make(**{key: values.pop(key) for key in keys})
            return command(**{name: argument}, **values)

        decorated: Any = call
        for option in reversed(options):
            decorated = option(decorated)
        return cast(Command, decorated)

    return decorate
