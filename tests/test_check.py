"""The command `check` as a user sees it: exit codes, what it writes where, and which files it does not touch."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from conftest import ROOT, Run, edit, write_tiny
from loopback import contents

from pipeline.__main__ import main
from pipeline.base import records

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four files in raw/ and their record tiny.yaml, without a params.yaml."""
    folder = tmp_path_factory.mktemp("clean")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(write_tiny(folder / "raw")))))
    return folder


@pytest.fixture
def folder(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clean folder, which becomes the current folder."""
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run `check raw --dataset tiny.yaml` with more arguments: exit code, stdout, stderr."""

    def run(*arguments: str, raw: str = "raw", dataset: str | None = "tiny.yaml") -> tuple[int, str, str]:
        try:
            code = main(["check", raw, *(["--dataset", dataset] if dataset else []), *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


def flip(path: Path, place: int = 1000) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 255
    path.write_bytes(content)


def change_record(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = yaml.safe_load((folder / "tiny.yaml").read_text())
    change(record)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(record, allow_unicode=True))


def write_gate(folder: Path, gate: object) -> None:
    train = {"method": "logistic_regression", "validation": {"rows": 60, "seed": 0}}
    (folder / "params.yaml").write_text(yaml.safe_dump({"dataset": "mnist", "gate": gate, "train": train}))


def test_a_clean_folder_is_0_and_says_so_on_stderr(check: Check) -> None:
    assert check() == (0, "", "check: raw: 107 expectations checked, none failed\n")


def test_a_changed_byte_is_1_and_the_file_is_named(check: Check, folder: Path) -> None:
    flip(folder / "raw" / TRAIN_LABELS, 20)
    code, out, err = check()
    assert code == 1
    assert "structure.SHA-256" in out
    assert "label range" in out
    assert err.startswith("check: error: raw: 107 expectations checked, ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"dataset": "mnits"}, 2, "kmnist, mnist, found 'mnits'"),
        ({"dataset": "none.yaml"}, 3, "none.yaml: not found"),
        ({"raw": "nowhere"}, 3, "nowhere: expected a folder with train-images-idx3-ubyte, "),
        ({"raw": "tiny.yaml"}, 3, "found none of them"),
        ({"raw": "."}, 3, "found none of them"),
    ],
)
def test_what_cannot_be_checked_is_one_line_and_its_exit_code(
    check: Check, arguments: dict[str, Any], code: int, message: str
) -> None:
    found, out, err = check(**arguments)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert err.startswith("check: error: ")
    assert message in err


def test_a_wrong_call_is_2(check: Check) -> None:
    code, _, err = check("--format", "html")
    assert code == 2
    assert "choose from" in err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(shape=[28, 30]), "train.images.bytes: expected 252,016 for 300 rows, found 235,216"),
        (lambda r: r.update(class_names=["a"]), "expect.references: expected 1, one for each class, found 3"),
        (lambda r: r["expect"].update(references=["x"] * 3), "references: expected PNG in base64"),
        (lambda r: r["train"]["images"].update(name="../x"), "matching regex"),
        (lambda r: r["train"]["images"].update(name=TRAIN_LABELS), "found two with the same name"),
        (lambda r: r["train"]["expect"].update(probe_error=[float("nan"), 1]), "Expected `float` >= "),
    ],
)
def test_a_record_that_does_not_fit_itself_is_2(
    check: Check, folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    change_record(folder, change)
    code, out, err = check()
    assert (code, out) == (2, "")
    assert message in err


def test_gzipped_files_are_as_good_as_plain_ones(check: Check, folder: Path) -> None:
    for path in list((folder / "raw").iterdir())[:3]:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert check()[0] == 0


def test_a_missing_file_is_a_finding_that_names_the_users_folder(check: Check, folder: Path) -> None:
    (folder / "raw" / TRAIN_IMAGES).unlink()
    code, out, _ = check("--format", "github")
    assert code == 1
    finding, rest = out.splitlines()
    assert finding == (
        "::error title=train-images-idx3-ubyte%3A structure.file::"
        "expected a file, plain or as .gz; found none; "
        "usually: the download is incomplete, or this is another folder"
    )
    assert rest.startswith(
        "::warning title=both%3A structure.gates::expected files that can be read; found not run;"
    )


def test_without_checksums_other_bytes_pass_and_other_labels_do_not(check: Check, folder: Path) -> None:
    flip(folder / "raw" / TRAIN_IMAGES, 16 + 10 * 28 + 6)  # a pixel of the first bar
    assert check("--no-checksums")[0] == 0
    labels = bytearray((folder / "raw" / TRAIN_LABELS).read_bytes())
    (folder / "raw" / TRAIN_LABELS).write_bytes(labels[:8] + labels[9:] + labels[8:9])
    code, out, _ = check("--no-checksums")
    assert code == 1
    assert "SHA-256" not in out
    assert "label_offset" in out


@pytest.mark.parametrize(
    ("gate", "change"),
    [
        ({"train": {"suspects": 120}}, "train.suspects is 120, in the record 8: looser"),
        ({"train": {"suspects": 3}}, "train.suspects is 3, in the record 8: tighter"),
        ({"expect": {"near_distance": 0}}, "expect.near_distance is 0.0, in the record 6.0: looser"),
        ({"expect": {"drift": [1, 9]}}, "expect.drift is [1.0, 9.0], in the record [0.0, 5.106]: moved"),
        (
            {"expect": {"reference_tolerance": 9}},
            "expect.reference_tolerance is 9.0, in the record 5.929: changed",
        ),
    ],
)
def test_a_threshold_that_params_change_is_announced(
    check: Check, folder: Path, gate: object, change: str
) -> None:
    write_gate(folder, gate)
    (folder / "raw" / TRAIN_IMAGES).write_bytes(b"")  # unreadable, so that the gates, which take time, do not run
    first = check("--params", "params.yaml")[2].splitlines()[0]
    assert first == f"check: warning: params.yaml: gate.{change}"


@pytest.mark.parametrize(
    "theirs", ["lr: 0.1\n", "dataset: [theirs]\n", "not: [yaml\n", "dataset: kmnist\ngate: {}\n"]
)
def test_somebody_elses_params_file_is_not_read(check: Check, folder: Path, theirs: str) -> None:
    (folder / "params.yaml").write_text(theirs)
    assert check() == (0, "", "check: raw: 107 expectations checked, none failed\n")


def test_outside_the_project_the_dataset_is_mnist(check: Check, folder: Path) -> None:
    write_gate(folder, {"train": {"suspect": 1}})
    edit(folder / "params.yaml", dataset="kmnist")
    code, out, _ = check("--format", "json", dataset=None)
    assert code == 1
    assert str(records.find("mnist").test.images.sha256) in out


def test_in_the_project_its_params_file_is_read(project: Path, run: Run) -> None:
    edit(project / "params.yaml", gate__train={"suspects": 3})
    (project / "raw").mkdir()
    for path in (project.parent / "mirror").iterdir():
        (project / "raw" / path.name).write_bytes(b"")
    done = run(sys.executable, "-m", "pipeline", "check", "raw")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "check: warning: params.yaml: gate.train.suspects is 3, in the record 8: tighter\n"
    )


def test_a_params_file_that_is_named_must_be_there(check: Check) -> None:
    code, _, err = check("--params", "typo.yaml")
    assert code == 3
    assert "typo.yaml: not found" in err


def test_pages_of_an_earlier_run_do_not_speak_for_files_that_cannot_be_read(check: Check, folder: Path) -> None:
    assert check("--docs", "report")[0] == 0
    assert (folder / "report/index.html").is_file()
    (folder / "raw" / TRAIN_IMAGES).unlink()
    assert check("--docs", "report")[0] == 1
    assert not (folder / "report/index.html").exists()


def test_a_folder_with_other_files_is_not_replaced_by_the_report(check: Check, folder: Path) -> None:
    code, _, err = check("--docs", "raw")
    assert code == 2
    assert err.startswith(
        "check: error: raw: expected a new folder, an empty one, or one that an earlier run made; "
    )
    assert len(list((folder / "raw").iterdir())) == 4


def test_the_folder_of_the_report_is_refused_also_if_files_cannot_be_read(check: Check, folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "site/index.html").write_text("mine")
    (folder / "raw" / TRAIN_IMAGES).unlink()
    assert check("--docs", "site")[0] == 2
    assert (folder / "site/index.html").read_text() == "mine"


def test_a_threshold_that_params_change_holds(check: Check, folder: Path) -> None:
    write_gate(folder, {"train": {"images": {"ink": {"mean": [1, 2]}}}})
    mine = ("--params", "params.yaml")
    code, out, _ = check(*mine, "--format", "github")
    assert code == 1
    changed, finding = out.splitlines()
    assert changed == "::notice title=gate::train.images.ink.mean is [1.0, 2.0], in the record [62.0, 66.0]: moved"
    assert json.loads(check(*mine, "--format", "json")[1])["thresholds"] == [
        changed.removeprefix("::notice title=gate::")
    ]
    assert 'name="gate"' in check(*mine, "--format", "junit")[1]
    assert finding.startswith(
        "::error title=train%3A images.ink.mean::expected pixels with ink, mean: 1 to 2; found 64"
    )


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ({"train": {"suspect": 1}}, "unknown field `suspect` - at `$.train.expect`"),
        ({"expect": {"near_distance": float("nan")}}, "Expected `float` >= 0.0 - at `$.expect.near_distance`"),
        ({"test": {"duplicates": -1}}, "Expected `int` >= 0 - at `$.test.expect.duplicates`"),
        (
            {"test": {"class_errors": [[0, 1]]}},
            "test.expect.class_errors: expected 3, one for each class, found 1",
        ),
    ],
)
def test_a_threshold_that_there_is_not_or_that_does_not_fit_is_2(
    check: Check, folder: Path, gate: object, message: str
) -> None:
    write_gate(folder, gate)
    code, out, err = check("--params", "params.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("check: error: params.yaml: ")
    assert message in err


def test_the_result_goes_to_a_file_whole_or_not_at_all(check: Check, folder: Path) -> None:
    (folder / "raw" / TRAIN_IMAGES).write_bytes(b"")
    code, out, _ = check("--format", "json", "--output", "new/result.json")
    assert (code, out) == (1, "")
    assert json.loads(Path("new/result.json").read_text())["failed"] > 0
    assert [path.name for path in Path("new").iterdir()] == ["result.json"]
    before = Path("new/result.json").read_bytes()
    code, _, err = check("--format", "json", "--output", "new/result.json/x")
    assert code == 3
    assert "new/result.json" in err
    assert Path("new/result.json").read_bytes() == before


@pytest.mark.parametrize("form", ["text", "json", "junit", "github"])
def test_stdout_holds_the_result_and_nothing_else(check: Check, folder: Path, form: str) -> None:
    (folder / "raw" / TRAIN_IMAGES).write_bytes(b"")
    code, out, err = check("--format", form)
    assert (code, err.count("\n")) == (1, 1)
    if form == "json":
        assert json.loads(out)["failed"] == 2
    elif form == "junit":
        assert ElementTree.fromstring(out).get("failures") == "2"
    else:
        assert out.startswith("::error " if form == "github" else "split")


def test_the_projects_own_files_and_the_checked_ones_stay_as_they_are(check: Check, folder: Path) -> None:
    own = [path for path in (ROOT / "data", ROOT / "data/raw", ROOT / "metrics", folder / "raw") if path.is_dir()]
    before = [(contents(path), path.stat().st_mtime_ns) for path in own]
    assert check(raw=str(folder / "raw"))[0] == 0
    assert [(contents(path), path.stat().st_mtime_ns) for path in own] == before
    assert sorted(path.name for path in folder.iterdir()) == ["raw", "tiny.yaml"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda raw: None, 0, "check: raw: 107 expectations checked, none failed"),
        (lambda raw: flip(raw / TRAIN_IMAGES, 2), 1, "check: error: raw: 6 expectations checked, 2 failed"),
        (shutil.rmtree, 3, "check: error: raw: expected a folder with "),
    ],
)
def test_the_command_line_ends_in_one_line_in_any_locale(
    folder: Path, change: Callable[[Path], None], code: int, message: str
) -> None:
    change(folder / "raw")
    command = [sys.executable, "-m", "pipeline", "check", "raw", "--dataset", "tiny.yaml"]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
