"""A report on real answers, opened in a real browser.

The answers are those of the baselines that come with the package, and recorded ones of ONNX Runtime
and of PyTorch's exporters, so that no framework is needed.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from history_tables import END, ODD, STANDS, START, rows
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from conformance.cases import corpus
from conformance.history.series import all_series
from conformance.report import output
from conformance.report.environments import environments
from conformance.report.model import Report, report
from conformance.translate import records
from conformance.translate.records import Record
from conformance.utils import resources

BASELINES = (
    "torch.onednn-avx2",
    "keras-tensorflow.eigen",
    "keras-tensorflow.onednn-avx2",
    "tensorflow.eigen",
    "tensorflow.onednn-avx2",
    "jax.xla",
    "mxnet.onednn",
)
PLACE = {"backend": "tensorflow", "runtime": "onednn-avx2"}
HISTORY = tuple(
    rows(
        {
            "3.1": {ODD: START, "kernel flip": STANDS, "dilation": "refused"},
            "3.2": {ODD: START, "kernel flip": STANDS, "dilation": "no answer"},
            "3.3": {ODD: END, "kernel flip": STANDS, "dilation": "no answer"},
        },
        **PLACE,
    )
)
"""A history of Keras that changed twice."""
ARGUMENTS = ["--no-sandbox", "--force-color-profile=srgb"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_path() -> str | None:
    """The browser to drive: that of CONFORMANCE_BROWSER, or the first on the path."""
    chosen = (os.environ.get("CONFORMANCE_BROWSER"), *map(shutil.which, NAMES))
    return next(filter(None, chosen), None)


RECORDED = Path(__file__).parents[1] / "recorded"


@pytest.fixture(scope="session")
def all_records() -> list[Record]:
    baselines = [resources.BASELINE / f"{name}.csv" for name in BASELINES]
    return [records.read(path) for path in (*baselines, *sorted(RECORDED.glob("*.csv")))]


@pytest.fixture(scope="session")
def made(all_records: list[Record]) -> Report:
    runs = map(records.run_of, all_records)
    return report(environments(runs), corpus.select_cases(()), all_series(HISTORY))


@pytest.fixture(scope="session")
def file(made: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (path,) = output.write(made, tmp_path_factory.mktemp("report"), ["index.html"])
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = browser_path()
    if path is None:
        pytest.fail(f"there is no browser: install one of {', '.join(NAMES)}", pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that every test loads the page in: a new one takes as long as a test."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page, file: Path) -> Iterator[Page]:
    """The page; what it asks of a network, and what its scripts complain about, fails the test."""
    complaints: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def request(made: Request) -> None:
        if not made.url.startswith(("file:", "data:", "blob:")):
            complaints.append(made.url)

    listeners = {
        "console": console,
        "pageerror": lambda error: complaints.append(str(error)),
        "request": request,
    }
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.emulate_media(media="null", color_scheme="light")
    tab.context.clear_permissions()
    tab.goto(file.as_uri())
    yield tab
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    tab.goto("about:blank")  # nothing of a test is left for the next
    assert complaints == []
