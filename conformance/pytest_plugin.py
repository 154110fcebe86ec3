"""Adds the options of ``pytest --conformance-framework NAME cases/``, which tests an API.

Every session of pytest imports this module, so it imports nothing else of the package;
`conformance.pytest_items` is imported when a framework is named.
"""

import sys

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all but the first have a meaning only beside it."""
    group = parser.getgroup("conformance", "conformance of transposed convolution")
    group.addoption(
        "--conformance-framework",
        metavar="NAME",
        help="Collect YAML files as cases, and ask this framework, as `conformance run` does."
        " Name the files or folders. A refusal is skipped; a crash or a hang fails.",
    )
    group.addoption(
        "--conformance-python",
        metavar="EXE",
        default=sys.executable,
        help="The interpreter that has it; this package need not be installed there."
        " [default: this one]",
    )
    group.addoption(
        "--conformance-backend",
        metavar="NAME",
        help="The backend of Keras. [default: as it is set up there]",
    )
    group.addoption(
        "--conformance-api",
        metavar="ID",
        action="append",
        default=[],
        help="Only this API; repeatable.",
    )
    group.addoption(
        "--conformance-mode",
        choices=("recipe", "native", "both"),
        default="recipe",
        help="recipe: the equivalent calls, which should give the oracle's answer. native: the"
        " naive calls, which fail where the framework has another convention, and name it."
        " [default: recipe]",
    )
    group.addoption(
        "--conformance-timeout",
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="Seconds for a question. [default: 60]",
    )
    group.addoption(
        "--conformance-startup",
        metavar="SECONDS",
        type=float,
        default=300.0,
        help="Seconds for an interpreter to start and to import its framework. [default: 300]",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the collection of cases, if a framework is named."""
    if config.getoption("conformance_framework") is not None:
        from conformance import pytest_items  # here, as it imports NumPy

        config.pluginmanager.register(pytest_items.plugin(config), "conformance-cases")
