"""Print a translation, with its meaning, costs and proof, or a table of those of layers."""

from collections.abc import Mapping

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from conformance.adapters.call_source import Inexpressible
from conformance.recipes import search
from conformance.translate import proofs, verification
from conformance.translate.ends import End, environment_title
from conformance.translate.translation import Place, Translation
from conformance.utils.printable import printable
from conformance.utils.text import count


def show(result: Translation, source: End, target: End) -> None:
    """Print a translation."""
    console = Console(soft_wrap=True, highlight=False, markup=False)  # code has brackets
    console.print(Text(f"{source.title} -> {target.title}\n", style="bold"))
    falsehood = proofs.falsehood(source.place.api, result.question, source.place.runtime)
    if falsehood is not None:
        console.print(f"known:   {source.place.api.id} answers such calls wrongly: {falsehood}\n")
    if not source.is_recorded:
        console.print(
            f"meaning: as it is in {environment_title(source.record.header)}, because there is"
            f" no run of {environment_title(source.header)}\n"
        )
    console.print("As it was written, over NumPy arrays x, w and b in its own layout:\n")
    _show_code(console, result.native.source)
    console.print("The same numbers from the other:\n")
    _show_code(console, result.call.source)
    for convention in result.meaning:
        console.print(f"meaning: {convention.choice.sentence}")
    console.print(f"kernel:  {'; '.join(result.kernel) or 'as it is'}")
    console.print(f"output:  {'; '.join(result.output) or 'as it is'}")
    _show_costs(console, result, target.place)
    remedy = "" if target.client else "; --verify runs it"
    for line in verification.proof_lines(result, target, remedy):
        console.print(line)


def _show_costs(console: Console, result: Translation, target: Place) -> None:
    """Print what the call costs, and what the alternatives cost."""
    plans = search.plans(target.api, result.question, target.runtime)
    for plan in plans:
        calls, factor = search.effort(plan, result.question)
        price = (
            f"{count(calls, 'call')}, {factor:,.4g} times the multiplications that there must be"
        )
        if plan is plans[0]:
            console.print(f"cost:    {plan.cost.words}: {price}")
        else:
            moves = f" ({'; '.join(plan.moves)})" if plan.moves else ""
            console.print(f"or:      {plan.cost.words}{moves}: {price}")


def _show_code(console: Console, source: str) -> None:
    if console.is_terminal:
        console.print(Syntax(source.rstrip(), "python", background_color="default"))
    else:
        console.print("".join(f"    {line}\n" for line in source.splitlines()))


def layer_table(translations: Mapping[str, Translation | Inexpressible], target: End) -> Table:
    """Return a table with a row for each layer.

    ``translations`` are the translations, or why there are none, by the names of the layers.
    """
    table = Table("layer", "call", "kernel", "proof", box=None, pad_edge=False)
    for name, result in translations.items():
        if isinstance(result, Inexpressible):
            cells = f"none: {result.reason}", "", ""
        else:
            kernel = "; ".join(result.kernel) or "as it is"
            cells = result.call.cost.words, kernel, _proof(result, target)
        table.add_row(Text(printable(name)), *map(Text, cells))
    return table


def _proof(result: Translation, target: End) -> str:
    if not target.is_recorded:
        return "none"
    evidence = proofs.proof(target.place.api, result.question, result.call.moves, target.record)
    return count(len(evidence.cases), "case") if evidence.cases else "none"
