"""Environments that are kept: listed with their last use, and removed where nobody uses them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.installer import Uv, pretend

import conformance
from conformance.cli.app import main
from conformance.environments import definitions, store
from conformance.environments.definitions import USED, Environment

DAY = 24 * 3600
ROOT = str(Path(conformance.__file__).parent.parent)
USE = """
import sys
from conformance.environments.definitions import Environment
Environment(framework="plain", pins=tuple(sys.argv[1:]), python="3.11").executable()
print("used", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Uv]:
    uv = pretend(tmp_path, monkeypatch)
    monkeypatch.setattr(definitions, "pinned", lambda: {"one": of("plain==1")})
    yield uv
    uv.leave()


def of(*pins: str) -> Environment:
    return Environment(framework="plain", pins=pins, python="3.11")


def made(uv: Uv, *pins: str, days: float = 0) -> Path:
    """The folder of an environment that was made, and not used for so many days."""
    environment = of(*pins)
    environment.executable()
    uv.leave()
    last = time.time() - days * DAY
    os.utime(environment.home.with_suffix(USED), (last, last))
    return environment.home


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["environments", *words])


# Listed


def test_an_environment_is_listed_with_what_it_is(uv: Uv) -> None:
    home = made(uv, "plain==1", "other==2", days=2)
    (home / "pyvenv.cfg").write_text("home = there\nversion_info = 3.11.9\n")
    (home / "much").write_bytes(bytes(3_000_000))
    (one,) = store.installations()
    assert (one.key, one.pins, one.python, one.busy) == (
        home.name,
        ("other==2", "plain==1"),
        "3.11.9",
        False,
    )
    assert one.size == pytest.approx(3_000_000, rel=0.01)
    assert time.time() - one.used.timestamp() == pytest.approx(2 * DAY, rel=0.01)


def test_a_pinned_one_is_listed_by_its_name(uv: Uv) -> None:
    made(uv, "plain==1")
    (line,) = (line for line in ran("list").output.splitlines() if "plain==1" in line)
    assert "  one  " in line


def test_a_file_with_two_names_takes_room_once(uv: Uv) -> None:
    home = made(uv, "plain==1")
    (home / "much").write_bytes(bytes(3_000_000))
    (home / "linked").hardlink_to(home / "much")
    (one,) = store.installations()
    assert one.size < 4_000_000


def test_the_one_that_was_used_last_comes_first(uv: Uv) -> None:
    homes = [made(uv, f"plain=={days}", days=days) for days in (3, 1, 2)]
    assert [one.home for one in store.installations()] == [homes[1], homes[2], homes[0]]


def test_listing_is_no_use(uv: Uv) -> None:
    made(uv, "plain==1", days=9)
    before, after = store.installations(), store.installations()
    assert before == after


def test_an_environment_from_before_uses_were_noted_was_used_when_it_was_made(uv: Uv) -> None:
    home = made(uv, "plain==1", days=9)
    home.with_suffix(USED).unlink()
    assert [time.time() - one.used.timestamp() < DAY for one in store.installations()] == [True]
    assert not home.with_suffix(USED).exists()


def test_using_one_is_noted(uv: Uv) -> None:
    made(uv, "plain==1", days=9)
    of("plain==1").executable()
    (one,) = store.installations()
    assert time.time() - one.used.timestamp() < DAY


def test_what_cannot_be_made_here_is_told(uv: Uv) -> None:
    uv.has_pythons(12)
    lines = ran("list").output.splitlines()
    assert lines[0] == f"0 environments, 0 B, in {definitions.folder()}"
    assert lines[1].startswith("one cannot be made: there is no Python 3.11 here; ")


@pytest.mark.usefixtures("uv")
def test_a_folder_that_cannot_be_read_is_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", __file__)
    result = ran("list")
    assert result.exit_code == 2
    assert result.stderr.startswith("conformance environments: ")


# Removed


def test_what_was_long_unused_is_removed(uv: Uv) -> None:
    old, recent = made(uv, "plain==1", days=31), made(uv, "plain==2", days=29)
    result = ran("prune")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("removed: 1 environment, ")
    assert (old.exists(), recent.exists()) == (False, True)


def test_how_long_is_for_people_to_say(uv: Uv) -> None:
    homes = [made(uv, f"plain=={days}", days=days) for days in (1, 8)]
    ran("prune", "--unused-for", "7")
    assert [home.exists() for home in homes] == [True, False]
    ran("prune", "--unused-for", "0")
    assert [home.exists() for home in homes] == [False, False]


def test_nothing_is_removed_in_a_rehearsal(uv: Uv) -> None:
    home = made(uv, "plain==1", days=31)
    result = ran("prune", "--dry-run")
    assert home.name in result.output
    assert result.output.splitlines()[-1].startswith("would be removed: 1 environment, ")
    assert home.exists()


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_named_one_is_removed_however_recent(uv: Uv, by: str) -> None:
    home, other = made(uv, "plain==1"), made(uv, "plain==2")
    assert ran("prune", "one" if by == "name" else home.name).exit_code == 0
    assert (home.exists(), other.exists()) == (False, True)


def test_an_unknown_name_is_refused_with_those_that_are_known(uv: Uv) -> None:
    home = made(uv, "plain==1")
    result = ran("prune", "two")
    assert result.exit_code == 2
    assert f"'two' is no environment that is kept; these are: one, {home.name}" in result.stderr
    assert home.exists()


def test_names_and_a_number_of_days_do_not_go_together(uv: Uv) -> None:
    made(uv, "plain==1")
    assert ran("prune", "one", "--unused-for", "3").exit_code == 2


def test_what_another_process_uses_stays_as_long_as_it_lives(uv: Uv) -> None:
    home = made(uv, "plain==1", days=31)
    with subprocess.Popen(
        [sys.executable, "-c", USE, "plain==1"],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"used\n"
        last = time.time() - 31 * DAY
        os.utime(home.with_suffix(USED), (last, last))
        assert "in use" in ran("list").output
        assert ran("prune").exit_code == 0
        result = ran("prune", "one")
        assert (result.exit_code, result.stderr) == (
            2,
            f"conformance environments: {home.name} is in use, and is kept\n",
        )
        assert home.exists()
        process.communicate()
    assert ran("prune", "one").exit_code == 0
    assert not home.exists()


@pytest.mark.usefixtures("uv")
def test_what_another_thread_is_just_starting_keeps_nothing() -> None:
    environment = of("plain==1")
    environment.executable()
    child = os.fork()  # it has every file open, as has a process whose program does not run yet
    if not child:
        signal.pause()
    try:
        store.discard(environment.home)
        assert not environment.home.exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_what_is_taken_into_use_meanwhile_stays(uv: Uv) -> None:
    made(uv, "plain==1")
    (one,) = store.installations()
    of("plain==1").executable()
    with pytest.raises(store.InUse, match="is in use, and is kept"):
        store.remove(one.home)


def test_what_is_just_being_made_stays(uv: Uv) -> None:
    home = made(uv, "plain==1", days=31)
    with definitions._lock(home.with_suffix(".lock")):
        assert ran("prune").exit_code == 0
    assert home.exists()


def test_what_was_not_made_to_its_end_is_removed(uv: Uv) -> None:
    uv.fail_on("pip install")
    with pytest.raises(definitions.CannotBuild):
        of("plain==1").executable()
    uv.leave()
    assert "(not made to its end)" in ran("list").output
    ran("prune")
    assert not of("plain==1").home.exists()


def test_what_was_removed_is_made_again(uv: Uv) -> None:
    made(uv, "plain==1")
    ran("prune", "one")
    assert Path(of("plain==1").executable()).exists()
    assert len(uv.made) == 2


def test_nothing_else_in_the_folder_is_touched(uv: Uv) -> None:
    made(uv, "plain==1", days=31)
    others = [definitions.folder() / name for name in ("work", "0123456789ab", "notes.json")]
    others[0].mkdir()
    others[1].mkdir()
    others[2].touch()
    ran("prune", "--unused-for", "0")
    assert [path.exists() for path in others] == [True] * 3
