"""Sessions: every framework asked in its own environment, the report over all, and all tests.

nox                           asks every framework and writes the report
nox -t test                   unit tests, every run, and in the session `checks` whether the
                              committed baseline and report are what the runs give, the page in a
                              browser, lint, types, documentation, and every adapter against its
                              framework
nox -t all                    every other implementation as well, in the same report
nox -s support                writes the table of all implementations in README anew
nox -s test-all               the adapters of these against their frameworks
nox -s gate                   whether the pinned versions do what was accepted
nox -s upgrade -- keras==X    what another version would change
nox -s findings               whether the bugs of docs/findings.md show where it says so
nox -s update-baseline        takes what they do as accepted
nox -s docs                   builds the documentation into site/
nox -s bench                  how fast everything is, beside its peers
nox -s coverage               which lines and branches the unit tests run; they take twice as long

What sessions install has exact versions in constraints.txt, and what environments install in
conformance/environments/constraints:

nox -s constraints            writes both; with `-- --upgrade` it takes the newest versions
nox -s newest                 the unit tests on the newest versions, whatever was written
nox -s attacks                broken files of every kind, lying workers, mistyped command lines and
                              kills, by thousands
nox -s stress                 the unit tests on two cores that have other things to do

An environment whose Python is not installed is said and left out. CONFORMANCE_PYTHON_DOWNLOADS=1
lets uv download it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

REPORTS = Path("reports")
RUNS = REPORTS / "runs"
BASELINE = Path("reports", "baseline").absolute()
COMMITTED = ("compatibility.md", "compatibility.csv")
"""Of the report what is committed: only of environments that answer the same on every machine."""
UNCOMMITTED = (
    *("profiles.csv", "observations.csv", "verdicts.csv"),
    *("badge.json", "index.html"),
)
PROFILES = REPORTS / "profiles"
README, SUPPORT = Path("README.md"), "support.md"
SUPPORT_MARKS = ("<!-- support -->\n", "<!-- end of support -->\n")
ENVIRONMENTS = tomllib.loads(
    Path("conformance", "environments", "environments.toml").read_text(encoding="utf-8")
)
TIERS = {
    name: table.get("tier", ENVIRONMENTS[table.get("like", name)].get("tier", "default"))
    for name, table in ENVIRONMENTS.items()
}
DEFAULT = [name for name, tier in TIERS.items() if tier == "default"]
PORTABLE = [name for name in DEFAULT if ENVIRONMENTS[name].get("portable", True)]
PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = Path("constraints.txt").absolute()
OLDEST = "3.11"
"""The oldest Python that constraints are for; they hold on the later ones as well."""
CORES = str(os.cpu_count() or 1)
SIDE_BY_SIDE = ("pytest", "--numprocesses", "2")
UNIT_TESTS = (*SIDE_BY_SIDE, "--durations", "10", "--durations-min", "1")
BY_FILE = (*SIDE_BY_SIDE, "--dist", "loadfile")
"""A file of tests in one process, as its tests share what takes seconds to start or to make."""
BENCHMARKS: dict[str, list[list[str]]] = {
    "oracle": [[]],
    "assertion": [[]],
    "diagnosis": [["--pairs"]],
    "loading": [[]],
    "gate": [[]],
    "report": [[]],
    "end_to_end": [["--pytest"]],
    "sameness": [[]],
    "scale": [["growth"], ["together"], ["cluster"]],
    "translations": [["--count", "10000"]],
}
if sys.dont_write_bytecode:  # or else every start would compile all that it imports
    os.environ.setdefault("UV_COMPILE_BYTECODE", "1")
os.environ.setdefault("CONFORMANCE_ENVIRONMENTS", str(Path(".nox", "environments").absolute()))
nox.options.sessions = ["runs", "report"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and types of the code; the cases, and what they can tell apart."""
    _install(session, "-e", ".[test,lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("conformance", "check")


@nox.session(tags=["test"])
def tests(session: nox.Session) -> None:
    """Everything that needs no framework."""
    _install(session, "-e", ".[test]")
    session.run(*UNIT_TESTS, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Which lines and branches of the package the tests run that need no framework."""
    _install(session, "-e", ".[test]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", *UNIT_TESTS)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def page(session: nox.Session) -> None:
    """The page of a report in a real browser: every view, at three widths and in two schemes."""
    _install(session, "-e", ".[test,page]")
    browser = {"CONFORMANCE_BROWSER": _browser(session)}
    session.run(*SIDE_BY_SIDE, "tests/page", *session.posargs, env=browser)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/, where every link has to lead somewhere."""
    _install(session, "-e", ".[docs]")
    session.run("mkdocs", "build", "--strict", "--quiet", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def attacks(session: nox.Session) -> None:
    """Thousands of broken files, lies, mistyped command lines and kills, the same every time."""
    _install(session, "-e", ".[test]")
    session.run(*SIDE_BY_SIDE, "tests/attacks", *session.posargs)


@nox.session
def newest(session: nox.Session) -> None:
    """Everything that needs no framework, on the newest versions of all that it uses."""
    session.install("--upgrade", "-e", ".[test]")
    session.run("uv", "pip", "list")
    session.run(*UNIT_TESTS, *session.posargs)


@nox.session
def stress(session: nox.Session) -> None:
    """Everything that needs no framework, twice, on two cores that two loops keep busy."""
    _install(session, "-e", ".[test]")
    with _busy(2):
        for _ in range(2):
            session.run(*UNIT_TESTS, *session.posargs)


@nox.session
def constraints(session: nox.Session) -> None:
    """Write down exact versions of all that is installed: nox -s constraints -- --upgrade

    Versions that are written down stay where nothing is in their way, unless uv is told otherwise.
    """
    tools = (*PROJECT["build-system"]["requires"], "editables", "nox", "uv")
    _compile(session, CONSTRAINTS, "pyproject.toml", "--all-extras", requirements=tools)
    for name, environment in ENVIRONMENTS.items():
        if "pins" in environment:  # one that is like another has its constraints
            file = Path("conformance", "environments", "constraints", f"{name}.txt")
            python = environment.get("python", OLDEST)
            words = []
            if build := environment.get("build"):
                build_file = Path(session.create_tmp(), "build.txt")
                build_file.write_text("\n".join(build), encoding="utf-8")
                words = ["--build-constraint", str(build_file)]
            _compile(session, file, *words, requirements=environment["pins"], python=python)
        if "npm" in environment:
            _lock(session, environment["npm"], Path("conformance", "environments", "npm"), name)


@nox.session(tags=["test", "all"])
def runs(session: nox.Session) -> None:
    """Ask every case in every environment, as many side by side as there are cores."""
    _install(session, "-e", ".")
    _run(session, "all", *_LENIENT, *session.posargs)


@nox.session(name="runs-extra", tags=["all"])
def runs_extra(session: nox.Session) -> None:
    """Ask every case of the other implementations too, but for those of 2 GB and more."""
    _install(session, "-e", ".")
    _run(session, "extra", *_LENIENT, *session.posargs)


def add(name: str) -> None:
    """Adds the session that observes an environment, and the one that tests its adapter there."""

    def run(session: nox.Session) -> None:
        _install(session, "-e", ".")
        _run(session, name, "--out", str(RUNS / f"{name}.jsonl"), *session.posargs)

    def test(session: nox.Session) -> None:
        _install(session, "-e", ".[test]")
        code = "import sys; from conformance.environments.definitions import pinned as p"
        code += "; print(p()[sys.argv[1]].missing_python or '')"
        missing = str(session.run("python", "-c", code, name, silent=True) or "").strip()
        if missing:
            session.skip(f"{name} is not tested: {missing}")
        session.run(*BY_FILE, "tests/frameworks", "--environment", name, *session.posargs)

    run.__doc__ = f"Ask every case in the environment {name}."
    test.__doc__ = f"Hold the adapter against the environment {name}."
    nox.session(run, name=name)
    nox.session(test, name=f"test-{name}")


for _name in ENVIRONMENTS:
    add(_name)


@nox.session(tags=["test"], venv_backend="none")
def checks(session: nox.Session) -> None:
    """Whatever else is tested on one core each: sessions side by side, each with its own log."""
    frameworks = (f"test-{name}" for name in DEFAULT)
    longest = ("page", "test-keras-jax", "test-jax", "docs")
    others = ("check-report", "lint", "check-baseline", "wheel")
    _side_by_side(session, dict.fromkeys((*longest, *frameworks, *others)))


@nox.session(name="test-all", venv_backend="none")
def test_all(session: nox.Session) -> None:
    """Hold the adapter of every other implementation against it, sessions side by side."""
    _side_by_side(session, (f"test-{name}" for name, tier in TIERS.items() if tier == "extra"))


@nox.session(tags=["all"])
def report(session: nox.Session) -> None:
    """Tables and a page over all runs; what is committed stays where an environment was not run."""
    _install(session, "-e", ".")
    others = [run for run in _runs(TIERS.keys() - DEFAULT) if Path(run).exists()]
    _report(session, [*_runs(), *sorted(others)], REPORTS, UNCOMMITTED)
    if unrun := _unrun(session):
        session.warn(f"{' and '.join(COMMITTED)} are left as they are without {', '.join(unrun)}")
    else:
        _report(session, _runs(PORTABLE), REPORTS, COMMITTED)


@nox.session(tags=["all"])
def support(session: nox.Session) -> None:
    """Write into README what each implementation does, by the profile set alone."""
    _install(session, "-e", ".")
    for tier in ("all", "extra"):
        _run(session, tier, "--profile", "--out", str(PROFILES), *_LENIENT)
    names = (*PORTABLE, *(name for name, tier in TIERS.items() if tier == "extra"))
    runs = [PROFILES / f"{name}.jsonl" for name in names]
    if unrun := _unrun(session, runs):
        session.error(f"the table in {README} is left as it is without {', '.join(unrun)}")
    _report(session, map(str, runs), REPORTS, (SUPPORT,))
    table = (REPORTS / SUPPORT).read_text(encoding="utf-8")
    begin, end = SUPPORT_MARKS
    head, _, rest = README.read_text(encoding="utf-8").partition(begin)
    tail = rest.partition(end)[2]
    README.write_text(f"{head}{begin}\n{table}\n{end}{tail}", encoding="utf-8")


@nox.session(name="check-report")
def check_report(session: nox.Session) -> None:
    """Whether the committed report is what the runs give."""
    _install(session, "-e", ".")
    if unrun := _unrun(session):
        session.skip(f"it cannot be told without {', '.join(unrun)}")
    fresh = Path(session.create_tmp())
    _report(session, _runs(PORTABLE), fresh, COMMITTED)
    for name in COMMITTED:
        words = ("git", "--no-pager", "diff", "--no-index", "--exit-code")
        session.run(*words, str(REPORTS / name), str(fresh / name), external=True)
    for name in PORTABLE:
        _run(session, name, "--profile", "--out", str(fresh / f"{name}.jsonl"))
    _report(session, (str(fresh / f"{name}.jsonl") for name in PORTABLE), fresh, (SUPPORT,))
    known = (REPORTS / SUPPORT).read_text(encoding="utf-8").splitlines()
    for row in (fresh / SUPPORT).read_text(encoding="utf-8").splitlines():
        # An implementation that was also run elsewhere has other words in its first two cells.
        same = [line for line in known if line.split("|")[:3] == row.split("|")[:3]]
        if same not in ([], [row]):
            session.error(f"{REPORTS / SUPPORT} has another row than the runs give: {row}")


@nox.session(name="check-baseline")
def check_baseline(session: nox.Session) -> None:
    """Whether the runs give what was accepted of their runtime classes."""
    _install(session, "-e", ".")
    unrun = _unrun(session)
    candidates = [run for run in _runs() if Path(run).stem not in unrun]
    _gate(session, (run for run in candidates if _has_baseline(session, run)))


@nox.session
def gate(session: nox.Session) -> None:
    """Whether every framework, as pinned, does what was accepted of its runtime class."""
    _install(session, "-e", ".")
    _run(session, "all", *_LENIENT)
    session.notify("check-baseline")


@nox.session
def upgrade(session: nox.Session) -> None:
    """What another version would change: nox -s upgrade -- keras==3.16.0 jax==0.11.0"""
    if not session.posargs:
        session.error("say which: nox -s upgrade -- keras==3.16.0")
    _install(session, "-e", ".")
    folder = Path(session.create_tmp())
    for left in folder.glob("*.jsonl"):
        left.unlink()
    pins = [word for pin in session.posargs for word in ("--with", pin)]
    words = (*_WORDS, "all", "--jobs", CORES, *pins, "--out", str(folder))
    session.run(*words, success_codes=[0, 2])  # what cannot be installed is said by the gate
    _gate(session, map(str, sorted(folder.glob("*.jsonl"))))


@nox.session
def history(session: nox.Session) -> None:
    """What each release of packages means, into the table: nox -s history -- "keras>=3" flax

    Without packages all releases are asked that end a minor series. A stopped one goes on.
    """
    _install(session, "-e", ".")
    table = ("--to", str(REPORTS / "history"), "--jobs", CORES)
    session.run("conformance", "history", *table, *session.posargs)


@nox.session
def findings(session: nox.Session) -> None:
    """Whether the bugs of docs/findings.md show in the versions and classes that it says, if here.

    nox -s findings -- --environment torch looks for those of one environment only.
    """
    _install(session, "-e", ".")
    where = session.posargs or ("--environment", "all")
    session.run("conformance", "findings", *where, "--jobs", CORES, *_LENIENT)


@nox.session(name="update-baseline")
def update_baseline(session: nox.Session) -> None:
    """Take what the pinned versions do, asked twice, as what is gated against from now on."""
    _install(session, "-e", ".")
    again = Path(session.create_tmp())
    _run(session, "all")
    session.run(*_WORDS, "all", "--jobs", CORES, "--refresh", "--out", str(again))
    both = [*_runs(), *(str(again / Path(run).name) for run in _runs())]
    session.run("conformance", "accept", *both, "--to", str(BASELINE))


@nox.session
def bench(session: nox.Session) -> None:
    """All benchmarks, or some, on a machine with nothing else to do: nox -s bench -- oracle gate"""
    _install(session, "-e", ".[test,bench]")
    for name in session.posargs or BENCHMARKS:
        for words in BENCHMARKS[name]:
            session.run("python", f"benchmarks/{name}.py", *words)


@nox.session
def wheel(session: nox.Session) -> None:
    """Whether the installed package alone, anywhere, asks an interpreter, gates and translates."""
    _install(session, ".")
    code = "from conformance.environments.definitions import pinned as p"
    code += "; print(p()['torch'].executable())"
    python = str(session.run("python", "-c", code, silent=True)).strip()
    with session.chdir(session.create_tmp()):
        words = ("--framework", "torch", "--python", python, "--out", "torch.jsonl")
        session.run("conformance", "run", *words)
        status = 0 if _has_baseline(session, "torch.jsonl") else 2
        session.run("conformance", "gate", "shipped", "torch.jsonl", success_codes=[status])
        layer = ("--kernel-size", "3", "--stride", "2", "--padding", "1", "--channels", "8", "16")
        ends = ("--from", "torch.nn.ConvTranspose", "--to", "keras.layers.ConvTranspose")
        session.run("conformance", "translate", *ends, *layer, "--from-python", python)


_WORDS = ("conformance", "run", "--environment")
_LENIENT = ("--skip-missing-interpreters",)


def _install(session: nox.Session, *words: str) -> None:
    """Installs what is asked for, and what it needs, in the versions of constraints.txt."""
    held = ("--constraint", str(CONSTRAINTS), "--build-constraint", str(CONSTRAINTS))
    session.install(*held, *words)


def _compile(
    session: nox.Session,
    to: Path,
    *words: str,
    requirements: Iterable[str] = (),
    python: str = OLDEST,
) -> None:
    """Writes down one version of all that is required, for every platform, from a Python on."""
    file = Path(session.create_tmp(), "requirements.txt")
    file.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    to.parent.mkdir(exist_ok=True)
    session.run(
        *("uv", "pip", "compile", "--quiet", *words, str(file), "--output-file", str(to)),
        *("--universal", "--python-version", python, "--fork-strategy", "fewest"),
        *("--no-annotate", "--custom-compile-command", "nox -s constraints"),
        *session.posargs,
        env={"UV_FIND_LINKS": None},  # wheels of one machine have versions of their own
    )


def _lock(session: nox.Session, packages: list[str], folder: Path, name: str) -> None:
    """Writes down the versions and digests of all that packages of JavaScript need."""
    file = folder.absolute() / f"{name}.json"
    dependencies = dict(package.rsplit("@", 1) for package in packages)
    text = json.dumps({"name": "environment", "private": True, "dependencies": dependencies})
    with tempfile.TemporaryDirectory() as scratch, session.chdir(scratch):
        Path("package.json").write_text(text, encoding="utf-8")
        words = ("--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved")
        session.run("npm", "install", *words, "--no-audit", "--no-fund", external=True)
        shutil.copy("package-lock.json", file)


def _browser(session: nox.Session) -> str:
    """Returns the path of Chromium or Chrome; Debian's is installed where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    chosen = (os.environ.get("CONFORMANCE_BROWSER"), *map(shutil.which, names))
    if path := next(filter(None, chosen), None):
        return path
    if os.geteuid() or not shutil.which("apt-get"):
        session.error(
            "there is no browser to open the page in: install Chromium or Chrome, or set"
            " CONFORMANCE_BROWSER to the path of one"
        )
    session.run("apt-get", "update", "--quiet", external=True)
    session.run("apt-get", "install", "--yes", "--quiet", "chromium", external=True)
    return shutil.which("chromium") or session.error("apt-get installed no chromium")


@contextmanager
def _busy(cores: int) -> Iterator[None]:
    """Within it, what is started shares so many cores with as many loops that never rest."""
    everywhere = os.sched_getaffinity(0)  # Linux only, where continuous integration runs
    os.sched_setaffinity(0, sorted(everywhere)[:cores])
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
        os.sched_setaffinity(0, everywhere)


def _side_by_side(session: nox.Session, names: Iterable[str]) -> None:
    """Runs sessions, one more at a time than there are cores; a log is printed when one ends.

    Each tests in one process, which waits for its framework now and then.
    """

    def run(name: str) -> bool:
        words = (sys.executable, "-m", "nox", "--session", name, "--", "--numprocesses", "0")
        ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        sys.stdout.buffer.write(ran.stdout)
        sys.stdout.flush()
        return ran.returncode == 0

    names = tuple(names)
    at_a_time = int(CORES) + 1
    session.log(f"{at_a_time} at a time: {' '.join(names)}")
    with ThreadPoolExecutor(at_a_time) as pool:
        successes = dict(zip(names, pool.map(run, names), strict=True))
    if failures := [name for name, succeeded in successes.items() if not succeeded]:
        session.error(f"failed: {', '.join(failures)}")


def _run(session: nox.Session, name: str, *words: str) -> None:
    session.run(*_WORDS, name, "--jobs", CORES, *words)


def _runs(names: Iterable[str] = DEFAULT) -> list[str]:
    return [str(RUNS / f"{name}.jsonl") for name in names]


def _report(session: nox.Session, runs: Iterable[str], folder: Path, names: Iterable[str]) -> None:
    only = [word for name in names for word in ("--only", name)]
    session.run("conformance", "report", *runs, "--out", str(folder), *only)


def _unrun(session: nox.Session, runs: Iterable[str | Path] | None = None) -> list[str]:
    """The environments that are not run, as their Python is missing; it is said why."""
    unrun = []
    for path in filter(Path.exists, map(Path, _runs() if runs is None else runs)):
        failure = _header(path).get("failure")
        if failure is not None:
            session.warn(f"{path.stem} is not run: {failure}")
            unrun.append(path.stem)
    return unrun


def _header(run: str | Path) -> dict[str, object]:
    with Path(run).open(encoding="utf-8") as lines:
        header: dict[str, object] = json.loads(lines.readline() or "{}")
    return header


def _has_baseline(session: nox.Session, run: str) -> bool:
    """Whether answers of the run's runtime class were ever accepted; where not, it is said.

    A framework of which no class has a baseline is left to the gate, which fails.
    """
    header = _header(run)
    name = "-".join(str(header[key]) for key in ("framework", "backend") if header[key])
    accepted = [path.stem for path in BASELINE.glob(f"{name}.*.csv")]
    if not accepted or f"{name}.{header['runtime_class']}" in accepted:
        return True
    session.warn(
        f"{name} is not gated: there is no baseline of the runtime class"
        f" {header['runtime_class']!r}, only {' and '.join(sorted(accepted))}"
    )
    return False


def _gate(session: nox.Session, candidates: Iterable[str]) -> None:
    """Gates every run, so that one that changed hides none of the others."""
    changed = []
    for candidate in candidates:
        try:
            session.run("conformance", "gate", str(BASELINE), candidate)
        except CommandFailed:
            changed.append(Path(candidate).stem)
    if changed:
        session.error(f"not as accepted: {', '.join(changed)}")
