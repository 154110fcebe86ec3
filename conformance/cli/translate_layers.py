"""Translates the layers of a file that ``conformance.capture`` wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.table import Table
from rich.text import Text

from conformance.adapters.base import Inexpressible
from conformance.answers.files import answer_files
from conformance.answers.submission import Layouts, Submission
from conformance.authoring.call_files import CannotUse, layer_named
from conformance.cli.answer_layers import submission_in
from conformance.translate import proofs
from conformance.translate.ends import End
from conformance.translate.translation import Translation
from conformance.utils.printable import printable
from conformance.utils.text import count


def recorded_layers(
    path: Path, layer: str | None, api_ids: Iterable[str]
) -> Mapping[str, Submission]:
    """Return the calls of a file, by the names of their layers.

    ``layer`` is the number or the name of the only layer to return; None for all. Raises
    ``CannotUse`` if the file holds no such layer, or a call of another API.
    """
    files = answer_files(path)
    if files[0].layer is None:
        raise CannotUse(f"{path} has one call that capture did not record; --from takes such calls")
    named = {str(file.layer): file for file in files}
    if layer is not None:
        name = layer_named(named, layer)
        named = {name: named[name]}
    known = set(api_ids)
    for file in named.values():
        if file.api not in known:
            raise CannotUse(file.placed(f"calls of {file.api} cannot be translated"))
    return {name: submission_in(file, None, Layouts(), {}) for name, file in named.items()}


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
