"""What an option that does not exist was meant to be, by its meaning and not by its spelling."""

from __future__ import annotations

import click

from conformance.cases.vocabulary import EXPLAINED, RENAMED, did_you_mean


def corrected(refusal: click.NoSuchOption) -> click.UsageError:
    """Replace the guess of click, which goes by spelling alone.

    Parameters
    ----------
    refusal
        What click says of an option that a command does not have.

    Returns
    -------
    click.UsageError
        The same with the option that means it, with what is said in its place, or with the option
        that it is a typing error of.
    """
    ctx = refusal.ctx
    known = [name for p in ctx.command.params for name in p.opts] if ctx is not None else []
    word = refusal.option_name.lstrip("-").replace("-", "_")
    renamed = f"--{RENAMED.get(word, '').replace('_', '-')}"
    if word in EXPLAINED and {"--kernel", "--kernel-size"} & set(known):
        hint = f"; {EXPLAINED[word]}"
    elif renamed in known:
        hint = f"; did you mean '{renamed}'?"
    else:
        hint = did_you_mean(refusal.option_name, known)
    return click.UsageError(f"there is no option '{refusal.option_name}'{hint}", ctx)
