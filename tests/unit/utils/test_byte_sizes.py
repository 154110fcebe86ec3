"""Sizes: read with their unit, and written short."""

import pytest

from conformance.utils import byte_sizes


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("2GB", 2 * 10**9),
        ("1.5 gb", 1_500_000_000),
        ("500 MB", 5 * 10**8),
        ("1KiB", 1024),
        ("0", 0),
    ],
)
def test_a_size_is_read_with_its_unit(words: str, size: int) -> None:
    assert byte_sizes.parse(words) == size


@pytest.mark.parametrize(
    "words", ["2", "", "GB", "-1GB", "nan", "inf GB", "1e3MB", "2 GBs", "9" * 400 + "GB"]
)
def test_what_is_no_size_is_refused_with_one_that_is(words: str) -> None:
    with pytest.raises(ValueError, match="no size with its unit, such as 500MB or 2GB"):
        byte_sizes.parse(words)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (526_574_961, "527 MB"), (3.46e9, "3.5 GB")],
)
def test_a_size_is_written_short(size: int, words: str) -> None:
    assert byte_sizes.shown(size) == words
