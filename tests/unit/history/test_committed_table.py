"""The table that ships: every release of it was asked the cases that the profile set has now."""

from collections import Counter

from conformance.adapters.registry import APIS
from conformance.cases import corpus
from conformance.history import table
from conformance.runs.axis_choices import touched_axes
from conformance.runs.plan import is_asked
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources


def test_the_table_counts_the_cases_of_the_profile_set() -> None:
    """Where an API has no parameter, no case of the axis has an answer in any release."""
    cases = [PreparedCase(case) for case in corpus.select_cases((), profile=True)]
    rows = [row for row in table.read(resources.HISTORY) if row.choice == "no parameter"]
    asked = {
        api: Counter(
            axis for of in cases if is_asked(APIS[api], of.case) for axis in touched_axes(of)
        )
        for api in {row.api for row in rows}
    }
    others = [row for row in rows if row.cases != asked[row.api][row.axis]]
    assert others == [], "the profile set has changed: `nox -s history` into an empty folder"
