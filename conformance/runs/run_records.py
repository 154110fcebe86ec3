"""Define the header and the footer of a run file; its other lines are observations."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.adapters.runtime import Runtime
from conformance.observations import Size, Text
from conformance.runs.selection import Selection

FORMAT = 2
"""The version of the format that is written; this version reads all before, too."""
NAMES_IN_FORMAT_1: Mapping[str, str] = {
    "batching": "asked",
    "fingerprint": "sources",
    "limitation": "limit",
    "rewrites": "moves",
}
"""The names that fields had in format 1, if they had others."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line of a run file: the runtime, and the cases that it was given.

    Attributes
    ----------
    packages
        Versions of the framework and of the packages that compute for it, by name.
    runtime_class
        The class of runtimes with equal answers, according to the probes.
    probes
        Small calls that decide the class, and whether each holds.
    device, mode, threads
        What computes, how the framework was called, and the number of threads of its libraries
        (None if they decide).
    architecture, cpu_level, cpu_model
        Of the processor, such as x86_64, and x86-64-v3 for AVX2.
    switches
        Environment variables that select kernels, as they were set for the worker.
    apis
        Every API id of the framework, and whether this environment has the API.
    cases
        Digest of the cases.
    files
        The files of the cases, as they were named, without those that ship with this package.
    fingerprint
        Digest of the code, the case files and the pins, if there are pins.
    batching
        Whether the worker received the questions one by one, or how else.
    selection
        The part of the cases and APIs that the run covers; None for all.
    failure
        Why there are no observations, for an environment that could not be made.
    """

    format: Size = FORMAT
    framework: Text
    version: Text | None = None
    backend: Text | None = None
    python: Text | None = None
    numpy: Text | None = None
    platform: Text | None = None
    packages: Mapping[Text, Text] = field(default_factory=dict)
    runtime_class: Text | None = None
    probes: Mapping[Text, bool] = field(default_factory=dict)
    device: Text | None = None
    mode: Text | None = None
    threads: Size | None = None
    architecture: Text | None = None
    cpu_level: Text | None = None
    cpu_model: Text | None = None
    switches: Mapping[Text, Text] = field(default_factory=dict)
    apis: Mapping[Text, bool] = field(default_factory=dict)
    cases: Text | None = None
    files: tuple[Text, ...] = ()
    fingerprint: Text | None = None
    batching: Text | None = None
    selection: Selection | None = None
    failure: Text | None = None

    @property
    def name(self) -> str:
        """The framework with its backend."""
        return self.framework if self.backend is None else f"{self.framework}-{self.backend}"

    @property
    def title(self) -> str:
        """The name with the version and the runtime class, if they are known."""
        words = (self.name, self.version, self.runtime_class and f"({self.runtime_class})")
        return " ".join(filter(None, words))

    @property
    def runtime(self) -> Runtime:
        """The runtime as recipes and limitations need it."""
        return Runtime(
            backend=self.backend, packages=self.packages, runtime_class=self.runtime_class
        )


@dataclass(frozen=True, kw_only=True)
class Footer:
    """The last line of a complete run file, by which readers check the others.

    Attributes
    ----------
    checksum
        Of all lines before; None in files of versions without checksums.
    """

    observations: Size
    statuses: Mapping[Text, Size] | None = None
    checksum: Text | None = None
