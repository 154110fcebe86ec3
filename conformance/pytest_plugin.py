"""``pytest --conformance-framework NAME cases/``: a case of an API as a test, where people look.

This module is imported by everybody's pytest, so that it imports nothing; what asks a framework is
in `conformance.pytest_items`, imported when a framework is named.
"""

from __future__ import annotations

import sys

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all but the first of them without a meaning alone."""
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
        help="The interpreter that has it; nothing of ours has to be there. [default: this one]",
    )
    group.addoption(
        "--conformance-backend", metavar="NAME", help="Of Keras. [default: as it is set up there]"
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
        help="recipe: the calls that should give the oracle's answer, which fail when they do not."
        " native: those that look the same, which fail when they mean something else, and say by"
        " what convention: to be known when a model is ported, and nobody's fault."
        " [default: recipe]",
    )
    group.addoption(
        "--conformance-timeout",
        metavar="SECONDS",
        type=float,
        default=60.0,
        help="For a question. [default: 60]",
    )
    group.addoption(
        "--conformance-startup",
        metavar="SECONDS",
        type=float,
        default=300.0,
        help="For an interpreter to start and to import its framework. [default: 300]",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collects cases from here on, if a framework is named."""
    if config.getoption("conformance_framework") is not None:
        from conformance import pytest_items  # here, as it imports NumPy and all of ours

        config.pluginmanager.register(pytest_items.plugin(config), "conformance-cases")
