"""Garbage is collected again once a command has ended, however that was."""

from __future__ import annotations

import gc

import pytest

from conformance.utils.garbage import uncollected


def test_nothing_is_collected_within_and_everything_after() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_collected_again_after_an_error() -> None:
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()
