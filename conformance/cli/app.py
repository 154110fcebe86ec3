"""The command line: a group that imports the module of a command only when the command runs."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from conformance import __version__
from conformance.cli import exit_status

# The oracle's arrays are small, and threads that wait for one another on busy cores take a hundred
# times as long as one thread. NumPy reads the variable when it is imported, which is later.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

SUMMARIES = exit_status.SUMMARIES
COMMANDS = tuple(SUMMARIES)


class LazyGroup(click.Group):
    """A group that looks up commands in `conformance.cli`, so that ``--help`` imports little."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of this name; return None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"conformance.cli.{cmd_name}").command
        command.epilog = exit_status.epilog(cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from `SUMMARIES`, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run the command that the arguments name, and exit with a status that its help explains.

        Raises ``SystemExit`` always.

        Parameters
        ----------
        args
            The arguments after the program's name; by default, those of this process.
        prog_name, complete_var, extra
            As in ``click.Group.main``; the other parameters have no effect.
        """
        del standalone_mode, windows_expand_args
        arguments = sys.argv[1:] if args is None else list(args)
        program = prog_name or "conformance"

        def work() -> None:
            self._main_shell_completion(extra, program, complete_var)
            try:
                with self.make_context(program, arguments, **extra) as context:
                    self.invoke(context)
            except click.NoSuchOption as error:
                from conformance.cli.hints import with_hint  # here, as the import is slow

                raise with_hint(error) from None

        name = next((argument for argument in arguments if argument in COMMANDS), None)
        exit_status.guard(name, work)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="conformance")
def main() -> None:
    """Compare transposed convolution in several frameworks with an exact oracle.

    \b
    Example:
      conformance run --framework torch --out reports/runs/torch.jsonl
      conformance report reports/runs/*.jsonl --out reports
    """
