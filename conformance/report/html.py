"""Render the report as one HTML file.

The page needs no network. Without JavaScript it shows all tables one below the other; with it, one
view at a time, explanations, the pages of cases, and the port of a layer.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from jinja2 import Environment as Jinja
from jinja2 import PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.findings import page
from conformance.findings.known_bugs import Bug
from conformance.findings.page import Entry
from conformance.history.series import newest_first
from conformance.history.version_ranges import Kind
from conformance.report import changes, history, pictures
from conformance.report.case_pages import details
from conformance.report.convention_table import SIGNS
from conformance.report.data import VerdictCounts
from conformance.report.environments import alike
from conformance.report.model import LEGEND, Report
from conformance.report.page_data import numbering, packed, page_data
from conformance.report.pictures import Picture
from conformance.report.porting import port_table
from conformance.report.support_cells import TONES
from conformance.report.support_questions import ASKED
from conformance.runs.profiles import GRADIENTS, PROFILED
from conformance.utils.excerpt import first
from conformance.utils.grouping import group
from conformance.utils.text import count, printed, shortened

KINDS: Mapping[Kind, str] = {
    "right": "agrees",
    "other": "other-choice",
    "refused": "refused",
    "broken": "no-answer",
    "absent": "no-case",
}
"""The CSS class of each kind of state, which the cells of convention tables have, too."""
Story: TypeAlias = tuple[Entry, str, tuple[str, ...]]
"""A finding, what it makes wrong in the report, and the ids of the cases; these may be empty."""


@cache
def _jinja() -> Jinja:
    """Return the templates, each of which is compiled when it is first needed."""
    jinja = Jinja(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        finalize=printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {
        "bar": _bar,
        "breaks": _breaks,
        "code": _code,
        "named": first,
        "short": shortened,
        "slug": _slug,
    }
    return jinja


def render(report: Report) -> str:
    """Return the text of ``index.html``."""
    occurrences = _occurrences(report)
    numbers = numbering(report)
    return (
        _jinja()
        .get_template("index.html.j2")
        .render(
            report=report,
            legend=LEGEND,
            signs=SIGNS,
            descriptions=alike(report.columns, report.descriptions),
            loud=[p for p in report.problems if p.kind in ("not run", "incomplete")],
            occurrences=occurrences,
            sightings=_sightings,
            stories=_stories(report, {bug.title: told for bug, told in occurrences.items()}),
            count=count,
            trends=report.trends,
            axes={axis.name for axis in (*PROFILED, GRADIENTS)},
            history=[(series, series.trends(report.examples)) for series in report.series],
            news=newest_first(report.series),
            overview=history.overview,
            unasked=history.unasked,
            release=history.release,
            about=changes.label,
            refusal=changes.refusal,
            unchanged=changes.unchanged_axes,
            moved_signs=changes.SIGNS,
            kinds=KINDS,
            support=report.support,
            tones=TONES,
            asked=ASKED,
            pictures=_pictures(report),
            coverage=[(3, 2), (4, 2), (5, 3), (6, 3)],
            draw_coverage=lambda *sizes: Markup(pictures.coverage(*sizes)),
            data=packed(page_data(report, list(occurrences), numbers)),
            ports=packed(port_table(report)),
            details=packed(details(report, numbers.ids)),
        )
    )


def _pictures(report: Report) -> Mapping[str, Sequence[tuple[Picture, Markup]]]:
    """Return the pictures by axis: of the choices of the report, and of the likeliest other one."""
    observed = {
        (cell.axis.name, cell.choice)
        for cells in report.conventions.cells.values()
        for cell in cells
    }
    by_axis = group(pictures.pictures(), lambda picture: picture.axis)
    return {
        axis: [
            (picture, Markup(picture.svg))
            for picture in of_axis
            if picture is of_axis[0] or (axis, picture.choice) in observed
        ]
        for axis, of_axis in by_axis.items()
    }


def _occurrences(report: Report) -> Mapping[Bug, tuple[str, tuple[str, ...]]]:
    """Return each known bug that occurred, with what it makes wrong and the ids of the cases."""
    details: dict[Bug, tuple[str, tuple[str, ...]]] = {}
    for problem in report.problems:
        if problem.bug:
            details[problem.bug] = problem.sentence, problem.cases
    for anomaly in report.conventions.anomalies:
        if anomaly.bug:
            details.setdefault(anomaly.bug, (f"natively in {anomaly.where}", anomaly.cases))
    return {b: (f"{words[0].upper()}{words[1:]}.", cases) for b, (words, cases) in details.items()}


def _stories(
    report: Report, occurrences: Mapping[str, tuple[str, tuple[str, ...]]]
) -> Sequence[Story]:
    """Return the findings in the frameworks of the report, those that occurred first."""
    frameworks = {environment.framework for environment in report.environments}
    stories = [
        (entry, *occurrences.get(entry.title, ("", ())))
        for entry in page.entries()
        if frameworks & {sighting.framework for sighting in entry.sightings}
    ]
    return sorted(stories, key=lambda story: not story[1])


def _sightings(entry: Entry) -> str:
    """Return the framework, the versions and the runtime classes of each sighting as JSON."""
    return json.dumps([(s.name, " with ".join(s.versions), s.classes) for s in entry.sightings])


def _slug(words: str) -> str:
    return words.replace(" ", "-")


def _breaks(api: str) -> Markup:
    """Mark the places where a narrow column may break the id of an API."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])|(?=\()|(?<=[a-z])(?=[A-Z][a-z])", api))


def _code(words: str) -> Markup:
    """Mark what stands between backquotes in one of our sentences as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(words))))


def _bar(verdicts: VerdictCounts) -> str:
    """Return a CSS gradient in which each verdict has its share of the length."""
    stops, start = [], 0.0
    for verdict, number in verdicts.counts:
        end = start + 100 * number / verdicts.total
        stops.append(f"var(--{_slug(verdict)}) {start:.3g}% {end:.3g}%")
        start = end
    return f"linear-gradient(90deg,{','.join(stops)})"
