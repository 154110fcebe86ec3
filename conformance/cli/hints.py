"""Suggest an option in place of one that does not exist, by its meaning before its spelling."""

import click

from conformance.cases.vocabulary import EXPLANATIONS, SYNONYMS, did_you_mean


def with_hint(error: click.NoSuchOption) -> click.UsageError:
    """Replace the suggestion of click, which compares spellings alone.

    ``error`` is the error that click raised for an option that the command does not have. Returns
    the same error with the option of that meaning, with an explanation, or with the option that is
    spelled nearly so.
    """
    ctx = error.ctx
    options = [name for p in ctx.command.params for name in p.opts] if ctx is not None else []
    word = error.option_name.lstrip("-").replace("-", "_")
    synonym = f"--{SYNONYMS.get(word, '').replace('_', '-')}"
    if word in EXPLANATIONS and {"--kernel", "--kernel-size"} & set(options):
        hint = f"; {EXPLANATIONS[word]}"
    elif synonym in options:
        hint = f"; did you mean '{synonym}'?"
    else:
        hint = did_you_mean(error.option_name, options)
    return click.UsageError(f"there is no option '{error.option_name}'{hint}", ctx)
