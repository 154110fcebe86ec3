"""``conformance compat``, and ``history`` without releases: what the table says."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from history_tables import END, FUNCTION, LAYER, ODD, STANDS, START, failed, odd, rows, written

from conformance.cli.app import main
from conformance.utils import resources

KERNEL = "kernel flip"
CASES = """
cases:
  - {id: even, why: An even total., x: [1, 2], kernel: [1, 2, 3], padding: same}
  - {id: odd, why: An odd total., x: [1, 2], kernel: [1, 2], padding: same}
"""
TORCH = {"backend": "torch", "runtime": "onednn"}
TABLE = (
    *rows(odd(START, START, END, END, **{KERNEL: STANDS}), **TORCH),
    *rows({"3.0": {}, "3.1": {ODD: START}, "3.2": {ODD: END}}, api=FUNCTION, **TORCH),
    failed("3.0.5", "It was withdrawn.", backend="torch"),
    *rows(odd(START, START, START), backend="jax", runtime="xla"),
    *rows({"3.3rc1": {ODD: START}}, backend="jax", runtime="xla"),
    *rows({"1.0": {ODD: START}}, api="tf.nn.conv_transpose", package="tensorflow", runtime="eigen"),
    *rows({"1.1": {ODD: END}}, api="tf.nn.conv_transpose", package="tensorflow", runtime="onednn"),
    failed("0.1", "There is no wheel.", package="mlx"),
)


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.yaml").write_text(CASES, encoding="utf-8")
    monkeypatch.setattr(resources, "CASES", tmp_path / "cases.yaml")
    monkeypatch.setattr(resources, "HISTORY", written(tmp_path / "history", *TABLE))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, env={"COLUMNS": "200"})


def lines(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]


def refusal(*words: str) -> str:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


# A range


@pytest.mark.parametrize(
    ("range_", "status", "summary"),
    [
        (">=3", 1, "3 conventions differ in onednn; from 3.2 on all are the same."),
        (">=3.1", 1, "2 conventions differ in onednn; from 3.2 on all are the same."),
        (">=3.2", 0, "every convention is the same in onednn in 2 releases."),
        ("==3.0", 0, "every convention is the same in onednn in 1 release."),
        (">=3.1,<3.2", 0, "every convention is the same in onednn in 1 release."),
    ],
)
def test_a_range_ends_with_whether_anything_differs(range_: str, status: int, summary: str) -> None:
    result = run("compat", f"keras{range_}", "--backend", "torch")
    assert (result.exit_code, lines(result)[-1]) == (status, f"keras{range_} on torch: {summary}")


@pytest.mark.parametrize(
    ("range_", "sentence"),
    [
        (">=2.9", "is older than all 4 releases of the history; the nearest is 3.0"),
        (">=3.1.5", "is not in the history; the nearest releases are 3.1 and 3.2"),
        (">=3,<=3.9", "is newer than all 4 releases of the history; the nearest is 3.3"),
        (">=3.1,<4", None),
    ],
)
def test_an_end_that_was_not_asked_is_told_with_the_nearest(
    range_: str, sentence: str | None
) -> None:
    result = run("compat", f"keras{range_}", "--backend", "torch")
    told = [line for line in lines(result) if "nearest" in line]
    version = range_.rpartition("=")[2]
    assert told == ([f"keras {version} on torch {sentence}."] if sentence else [])


def test_what_differs_is_told_with_its_releases_and_the_case() -> None:
    told = lines(run("compat", "keras>=3,<4", "--backend", "torch"))
    place = told.index(LAYER)
    assert told[place + 1 : place + 5] == [
        f"{ODD} until 3.1 ◆ {START}",
        f"from 3.2 = {END}",
        "shown by odd",
        f"Unchanged; as the reference has it: {KERNEL}.",
    ]


def test_releases_of_the_range_that_could_not_be_asked_are_told() -> None:
    told = lines(run("compat", "keras<3.1", "--backend", "torch"))
    assert "1 release, 3.0 (2024-01-01); 1 more could not be asked." in told
    assert "keras 3.0.5: It was withdrawn." in told


def test_without_a_backend_each_is_looked_up() -> None:
    result = run("compat", "keras>=3.1")
    assert result.exit_code == 1
    assert lines(result)[-2:] == [
        "keras>=3.1 on jax: every convention is the same in xla in 2 releases.",
        "keras>=3.1 on torch: 2 conventions differ in onednn; from 3.2 on all are the same.",
    ]


def test_of_one_api_only_this_counts() -> None:
    words = ("compat", "keras>=3", "--backend", "torch", "--api")
    assert "3.2 on all" in lines(run(*words, LAYER))[-1]
    assert FUNCTION not in run(*words, LAYER).stdout
    of_a_rank = run(*words, "tf.keras.layers.Conv2DTranspose")
    assert of_a_rank.stdout == run(*words, LAYER).stdout


def test_what_differs_between_runtime_classes_is_no_change_and_told() -> None:
    result = run("compat", "tensorflow")
    assert result.exit_code == 0
    assert (
        f"By the runtime class: tf.nn.conv_transpose: {ODD}: {START} in eigen; {END} in onednn."
        in lines(result)
    )


def test_json_holds_all_of_it() -> None:
    result = run("compat", "keras>=3.1", "--backend", "torch", "--api", LAYER, "--json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["range"], data["same"]) == (1, "keras>=3.1", False)
    (series,) = data["series"]
    assert (series["package"], series["backend"], series["runtime"]) == ("keras", "torch", "onednn")
    assert series["releases"][0] == {"version": "3.1", "date": "2024-01-02"}
    changed = [entry for entry in series["conventions"] if not entry["same"]]
    assert changed == [
        {
            "api": LAYER,
            "axis": ODD,
            "same": False,
            "ranges": [
                {"from": "3.1", "to": "3.1", "choice": START},
                {"from": "3.2", "to": "3.3", "choice": END},
            ],
            "cases": ["odd"],
        }
    ]


def test_a_range_without_a_release_is_not_known_and_the_nearest_is_named() -> None:
    told = refusal("compat", "keras>=9", "--backend", "torch")
    assert "none within keras>=9: keras on torch, onednn: 4 releases, 3.0" in told
    assert (
        "keras 9 on torch is newer than all 4 releases of the history; the nearest is 3.3" in told
    )
    assert "Expect the conventions of 3.3" in told


def test_a_range_between_two_releases_names_both_and_what_may_be() -> None:
    told = refusal("compat", "keras>3.1,<3.2", "--backend", "torch", "--api", LAYER)
    assert f"Expect either: {LAYER}: {ODD}: {START} until 3.1, {END} from 3.2." in told


def test_pre_releases_are_looked_at_when_they_are_asked_for() -> None:
    words = ("compat", "keras>3.2", "--backend", "jax")
    assert "There are pre-releases: --pre looks at them." in refusal(*words)
    assert run(*words, "--pre").exit_code == 0


def test_a_package_that_could_not_be_asked_is_not_known() -> None:
    assert "mlx 0.1: There is no wheel." in refusal("compat", "mlx")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("keras=>3",), "'keras=>3' is no package with a range of versions as in 'keras>=3,<3.16'"),
        (("",), "'' is no package with a range"),
        (("keras>=3; python_version<'3'",), "must be a package and a range of versions"),
        (("kera>=3",), "no releases of 'kera', only of keras, mlx, tensorflow"),
        (("keras", "--backend", "numpy"), "keras not on 'numpy', only on jax, torch"),
        (("mlx", "--backend", "torch"), "mlx not on 'torch', which has no backends"),
        (("keras", "--api", "keras.Nothing"), "'keras.Nothing' is none of"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_is(
    words: tuple[str, ...], reason: str
) -> None:
    assert reason in refusal("compat", *words)


# The history without releases


def test_the_history_of_a_package_has_its_ranges_and_then_the_news() -> None:
    told = lines(run("history", "keras", "--backend", "torch"))
    assert told[0] == "keras on torch, onednn"
    assert f"{ODD} until 3.1 ◆ {START}" in told
    news = told[told.index("What changed, newest first") :]
    assert news[1:4] == [
        "2024-01-03 keras 3.2 on torch, onednn (after 3.1)",
        f"{ODD}: ◆ {START} -> = {END}",
        f"{LAYER}, {FUNCTION}; shown by odd",
    ]


def test_without_a_name_it_has_every_package() -> None:
    told = lines(run("history"))
    assert {"keras on jax, xla", "keras on torch, onednn", "tensorflow, eigen", "mlx"} < {*told}


def test_a_backend_alone_stands_for_every_package_that_has_it() -> None:
    told = lines(run("history", "--backend", "jax"))
    assert told[0] == "keras on jax, xla"
    assert told[-1] == "Nothing changed."


def test_the_history_is_written_as_markdown(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert run("history", "keras", "--backend", "torch", "--markdown", str(page)).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert f"| {ODD} | ◆ {START} → = {END} | `odd` |" in text
    assert f"### `{LAYER}`" in text


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("kera",), "no releases of 'kera', only of keras, mlx, tensorflow"),
        (("keras", "--backend", "numpy"), "keras not on 'numpy', only on jax, torch"),
        (("keras", "-k", "same"), "-k is for releases to ask, such as 'keras>=3'"),
        (("keras>=3", "--from", "."), "--from is for packages without versions"),
        (("--dry-run",), "--dry-run is for releases to ask"),
        (("keras", "--framework", "keras"), "--framework is for releases to ask"),
    ],
)
def test_what_the_history_cannot_look_up_is_refused(words: tuple[str, ...], reason: str) -> None:
    assert reason in refusal("history", *words)


def test_a_broken_table_is_refused_at_its_line() -> None:
    file = resources.HISTORY / "keras-jax.csv"
    file.write_text(file.read_text().replace("3.0,", "three,", 1))
    assert f"{file}:2: version must be such as 3.8.0, got 'three'" in refusal("history", "keras")


def test_a_table_of_ones_own_is_looked_up(tmp_path: Path) -> None:
    own = str(written(tmp_path / "own", *rows(odd(START, START), package="mine")))
    assert lines(run("history", "--from", own))[0] == "mine"
    assert run("compat", "mine>=3", "--from", own).exit_code == 0
    assert "no releases of 'keras', only of mine" in refusal("compat", "keras", "--from", own)


@pytest.mark.parametrize("words", [("history",), ("compat", "keras")])
def test_a_table_that_is_not_there_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    none = tmp_path / "none"
    assert f"{none}: cannot be read" in refusal(*words, "--from", str(none))


def test_a_folder_without_tables_has_no_package(tmp_path: Path) -> None:
    told = refusal("history", "keras", "--from", str(tmp_path))
    assert "no releases of 'keras', only of no package" in told


def test_what_is_only_the_machines_is_no_news() -> None:
    assert lines(run("history", "tensorflow"))[-1] == "Nothing changed."
