"""Give the answers of releases to a search, and describe each in a line."""

from collections.abc import Callable, Hashable, Sequence

from conformance.history import history
from conformance.history.bisection import Unanswered
from conformance.history.history import Entry, Plan
from conformance.history.releases import Release
from conformance.observations import Mode
from conformance.recorded_answers import numbers_of
from conformance.utils.text import count, plain, shortened


class SearchAnswers:
    """The answers of releases, each asked when it is called for.

    Parameters
    ----------
    candidates
        The releases, the oldest first.
    api_ids, mode
        The calls that count.
    report
        Prints a line about each answer, in which equal answers have the same number. It also
        receives whether the release could be asked.
    """

    def __init__(
        self,
        plan: Plan,
        candidates: Sequence[Release],
        api_ids: Sequence[str],
        mode: Mode,
        report: Callable[[str, bool], None],
    ) -> None:
        self.plan, self.candidates, self.api_ids, self.mode = plan, candidates, api_ids, mode
        self.entries: dict[int, Entry] = {}
        self._report = report
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, index: int) -> Hashable | None:
        """Return the answer of a release, or None where it cannot be asked."""
        entry = self.entries[index] = history.entry(self.plan, self.candidates[index])
        if entry.run is None:
            self._report(self.trouble(index), False)
            return None
        answer = tuple(self.by_api(entry).values())
        number = self._numbers.setdefault(answer, len(self._numbers) + 1)
        statuses = ", ".join(dict.fromkeys(str(status) for status, *_ in answer))
        self._report(f"{entry.release}: answer {number} ({statuses})", True)
        return answer

    def by_api(self, entry: Entry) -> dict[str, tuple[Hashable, ...]]:
        """Return the answer of each API: its status, its shape, and the digest of exact numbers."""
        assert entry.run is not None
        observations = {o.api: o for o in entry.run.observations if o.mode == self.mode}
        answers: dict[str, tuple[Hashable, ...]] = {}
        for api in self.api_ids:
            o = observations.get(api)
            if o is None:
                answers[api] = ("not there",)
            else:
                answers[api] = (o.status, numbers_of(o))
        return answers

    @property
    def progress(self) -> str:
        """How many of the releases were asked."""
        number = sum(entry.environment is not None for entry in self.entries.values())
        return f"{number} of {count(len(self.candidates), 'release')} asked"

    def trouble(self, index: int) -> str:
        """Return why a release cannot be asked."""
        entry = self.entries[index]
        return f"{entry.release}: cannot be asked: {shortened(plain(entry.trouble or ''), 300)}"

    def reason(self, error: Unanswered) -> str:
        """Return why the search found nothing."""
        if error.place is None:
            return f"none of {count(len(self.candidates), 'release')} can be asked"
        return self.trouble(error.place)
