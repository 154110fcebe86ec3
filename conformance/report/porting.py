"""Tabulate the ports of a layer, so that a page gives the calls that Python writes.

A page cannot run the translation. It gets a table of what the translation wrote for the settings
of many layers, in which lengths and numbers of channels are names. The page looks a setting up, and
puts numbers for the names.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from conformance.adapters import ncnn
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.observations import Observation
from conformance.oracle import geometry
from conformance.question import Question, stand_in
from conformance.recipes import search
from conformance.recipes.search import Plan
from conformance.report.data import ReportData
from conformance.runs.profiles import Profile
from conformance.translate import records, translation
from conformance.translate.arguments import classes
from conformance.translate.records import Record
from conformance.translate.translation import Interpretation, Place

RANK = 2
"""Spatial axes of all layers in the table."""
WINDOWS: tuple[tuple[int, int], ...] = (
    *product(range(1, 6), range(1, 4)),
    *((k, 4) for k in (2, 4, 5)),
    *((6, 2), (6, 3), (7, 1), (7, 2), (8, 2), (8, 4), (16, 8)),
)
"""Pairs of a kernel size and a stride."""
PADDINGS: tuple[int | str, ...] = (0, 1, 2, 3, 4, "same")
OUTPUT_PADDINGS: tuple[int | None, ...] = (None, 0, 1, 2)
DILATIONS = (1, 2)
HEIGHT, WIDTH, GROUPS, INPUTS, OUTPUTS = 100_003, 300_007, 1_009, 2_003, 3_001
"""Numbers that stand for names; the channels are those of a group."""
CHANNELS: Mapping[str, tuple[int, int, int]] = {
    "one group": (1, INPUTS, OUTPUTS),
    "one output channel": (1, INPUTS, 1),
    "groups": (GROUPS, INPUTS, OUTPUTS),
    "groups of one channel": (GROUPS, 1, 1),
}
"""Groups, and the channels of a group: the kinds of which a call is written in its own way."""


class Setting(NamedTuple):
    """The arguments of a layer, the same for both axes.

    ``channels`` is a key of `CHANNELS`.
    """

    kernel: int
    stride: int
    padding: int | str
    output_padding: int | None
    dilation: int
    channels: str

    def question(self, more: int = 0) -> Question:
        """Return the question, whose sizes stand for names, with ``more`` elements on each axis."""
        groups, inputs, outputs = CHANNELS[self.channels]
        padding: Any = self.padding
        if not isinstance(padding, str):
            padding = ((padding, padding),) * RANK
        return Question(
            op="conv_transpose",
            x=stand_in((2, groups * inputs, HEIGHT + more, WIDTH + more)),
            kernel=stand_in((groups * inputs, outputs, *(self.kernel,) * RANK)),
            stride=(self.stride,) * RANK,
            padding=padding,
            output_padding=(self.output_padding or 0,) * RANK,
            zero_given=self.output_padding == 0,
            dilation=(self.dilation,) * RANK,
            groups=groups,
        )


def settings() -> tuple[Setting, ...]:
    """Return all settings of the table."""
    return tuple(
        Setting(k, s, padding, output_padding, dilation, channels)
        for (k, s), padding, output_padding, dilation, channels in product(
            WINDOWS, PADDINGS, OUTPUT_PADDINGS, DILATIONS, CHANNELS
        )
        if (padding == "same" or int(padding) <= max(k // 2, 1))
        and (output_padding or 0) < max(s, dilation)
        and (dilation == 1 or (1 < k < 6 and s < 3))
    )


@dataclass(frozen=True, eq=False)
class _End:
    """An API with its record.

    ``proofs`` is the number of cases that prove a recipe, by the rewritings and the classes of
    arguments.
    """

    place: Place
    record: Record
    proofs: Counter[tuple[Any, ...]]

    @property
    def title(self) -> str:
        header = self.record.header
        words = (header.version, header.backend and f"on {header.backend}", header.runtime_class)
        return f"{self.place.api.id} ({', '.join(filter(None, words))})"


@dataclass(frozen=True, eq=False)
class _Numbered:
    """Numbers for things that are stored once."""

    places: dict[Any, int] = field(default_factory=dict)

    def number(self, thing: Any) -> int:
        return self.places.setdefault(thing, len(self.places))


def port_table(data: ReportData) -> dict[str, Any]:
    """Return the calls of all settings, for every pair of APIs.

    Returns
    -------
    dict
        ===========  ==================================================================
        settings     by "kernel,stride,padding,output padding,dilation,kind", its number
        sources      [id, title, meanings]: for each setting the number of its meaning, or that of
                     a reason, less one and negative, or none where it varies with the size
        targets      [id, title, calls]: for each meaning the number of a call or of a reason
        meanings     [kernel, stride, cropped at the start, at the end, output padding, dilation]
        calls        [code, lines of the kernel, lines of the output, cost, number of cases]
        reasons      why there is no such call
        ===========  ==================================================================

        In calls, ``⟦in⟧``, ``⟦out⟧``, ``⟦groups⟧``, ``⟦in/groups⟧`` and ``⟦out/groups⟧`` stand for
        channels, and ``⟦h a b⟧`` or ``⟦w a b⟧`` for a times the height or width, plus b.
    """
    ends = list(_ends(data))
    all_settings = settings()
    meanings, calls, reasons = _Numbered(), _Numbered(), _Numbered()
    samples: dict[int, tuple[Interpretation, Place]] = {}
    sources = []
    for end in ends:
        numbers: list[int | None] = []
        profile = end.record.profile(end.place.api)
        assert profile is not None  # as `_ends` chooses records that have it
        for setting in all_settings:
            meaning = translation.interpret(setting.question(), end.place, profile)
            if setting.padding == "same" and _varies(setting, end.place, profile):
                numbers.append(None)
            elif isinstance(meaning, Inexpressible):
                numbers.append(-1 - reasons.number(meaning.reason))
            else:
                number = meanings.number(_key(meaning, end.place))
                samples.setdefault(number, (meaning, end.place))
                numbers.append(number)
        sources.append([end.place.api.id, end.title, numbers])
    targets = []
    for end in ends:
        numbers = []
        plans: dict[Any, Plan | Inexpressible] = {}
        for meaning, source in samples.values():
            key = _arguments(meaning.question)
            if key not in plans:
                plans[key] = search.recipe(end.place.api, meaning.question, end.place.runtime)
            equivalent = translation.write_equivalent(plans[key], meaning, source.api, end.place)
            if isinstance(equivalent, Inexpressible):
                numbers.append(-1 - reasons.number(equivalent.reason))
                continue
            stride, call = meaning.question.stride[0], equivalent.call
            texts = (call.source, "\n".join(equivalent.kernel), "\n".join(equivalent.output))
            proofs = end.proofs[call.moves, classes(meaning.question)]
            named = (with_names(text, stride) for text in texts)
            numbers.append(calls.number((*named, call.cost.words, proofs)))
        targets.append([end.place.api.id, end.title, numbers])
    return {
        "settings": {",".join(map(str, s)): n for n, s in enumerate(all_settings)},
        "sources": sources,
        "targets": targets,
        "meanings": [_lengths(meaning.question) for meaning, _ in samples.values()],
        "calls": [list(call) for call in calls.places],
        "reasons": list(reasons.places),
    }


def _ends(data: ReportData) -> Iterator[_End]:
    """Yield the APIs whose calls are translated, each where it was observed."""
    all_records = [
        Record(
            path=environment.run.path,
            header=environment.run.header,
            prepared_cases=data.prepared_cases,
            observe=_observe(environment.run.observations),
        )
        for environment in data.environments
        if environment.problem is None
        and not FRAMEWORKS[environment.framework].without(environment.run.header.backend)
    ]
    for id_ in translation.TRANSLATED:
        api = APIS[id_]
        record = records.nearest(all_records, api, "native")
        if record is None or record.profile(api) is None:
            continue
        framework = FRAMEWORKS[record.header.framework]
        proofs = Counter(
            (observation.rewrites, classes(question))
            for question, observation in record.observations(api, "recipe")
            if (observation.status, observation.op) == ("match", "conv_transpose")
        )
        yield _End(Place(framework, record.runtime, api), record, proofs)


def _observe(observations: Sequence[Observation]) -> Any:
    by_key: dict[tuple[str, str], list[Observation]] = {}
    for observation in observations:
        by_key.setdefault((observation.api, observation.mode), []).append(observation)
    return lambda api, mode: by_key.get((api.id, mode), ())


def _varies(setting: Setting, place: Place, profile: Profile) -> bool:
    """Return whether an API means other lengths by the same words for inputs of other sizes."""
    sizes = range(setting.stride)
    meanings = [translation.interpret(setting.question(more), place, profile) for more in sizes]
    questions = (None if isinstance(m, Inexpressible) else m.question for m in meanings)
    return len({q and tuple(_lengths(q)) for q in questions}) > 1


def _key(meaning: Interpretation, source: Place) -> tuple[Any, ...]:
    """Return all of a meaning that a call of another API depends on."""
    layouts = meaning.layouts
    kernels = (layouts.source, layouts.canonical)
    return (
        _arguments(meaning.question),
        source.api.layout,
        layouts.shape,
        *((kernel.shape, kernel.tobytes()) for kernel in kernels),
    )


def _arguments(q: Question) -> tuple[Any, ...]:
    """Return all of a question in which two of the table may differ."""
    arguments = (q.stride, q.padding, q.output_padding, q.dilation, q.groups, q.zero_given)
    return (q.x.shape, q.kernel.shape, *arguments)


def _lengths(q: Question) -> list[int]:
    """Return the arguments from which the length of an axis follows."""
    begin, end = geometry.conv_transpose_padding(q.padding, q.window, q.stride, q.dilation)[0]
    return [q.window[0], q.stride[0], begin, end, q.output_padding[0], q.dilation[0]]


_NAMES = {
    GROUPS: "groups",
    INPUTS: "in/groups",
    OUTPUTS: "out/groups",
    GROUPS * INPUTS: "in",
    GROUPS * OUTPUTS: "out",
}
_CONSTANTS = frozenset({ncnn.MAGIC})
"""Numbers of calls that stand for themselves."""
_NUMBER = re.compile(r"\b\d{4,}\b")


def with_names(text: str, stride: int) -> str:
    """Put names for the numbers of a text that stand for them.

    Raises ``ValueError`` if a number is none that `Setting.question` has, or follows from these.
    """

    def name(match: re.Match[str]) -> str:
        number = int(match[0])
        if number in _CONSTANTS:
            return match[0]
        if number in _NAMES:
            return f"⟦{_NAMES[number]}⟧"
        for letter, size in (("h", HEIGHT), ("w", WIDTH)):
            for times in (stride, 1):
                if abs(number - times * size) < 1_000:
                    return f"⟦{letter} {times} {number - times * size}⟧"
        raise ValueError(f"{number} stands for nothing in {text!r}")

    return _NUMBER.sub(name, text)
