"""Images that stand in two folders: found byte for byte and nearly, with their rows, in every format."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from conftest import ROOT, tiny_arrays, write_tiny

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.gates import folder, formats
from pipeline.rows import idx

IMAGES = {"train": "train-images-idx3-ubyte", "test": "t10k-images-idx3-ubyte"}
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run `check raw --against other`: the tiny dataset in raw/, with its record. Exit code, stdout, stderr."""
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(write_tiny(tmp_path / "raw")))))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, other: str = "other") -> tuple[int, str, str]:
        code = main(["check", "raw", "--dataset", "tiny.yaml", "--against", other, *arguments])
        return code, *capsys.readouterr()

    return run


def other_images(seed: int = 7, rows: int = 90) -> np.ndarray:
    return tiny_arrays(rows, seed)[0]


def findings(out: str) -> dict[tuple[str, str, str], list[tuple[int, str]]]:
    """By split, check and severity of each verdict about the other folder: the rows, and what each is like."""
    return {
        (v["split"], v["check"], v["severity"]): [(row["id"], row["like"]) for row in v["rows"]]
        for v in json.loads(out)["verdicts"]
        if v["check"].startswith("against")
    }


def test_other_images_are_no_finding(check: Check, tmp_path: Path) -> None:
    for seed, name in enumerate(IMAGES.values(), 7):
        (tmp_path / "other" / name).write_bytes(idx.encode(other_images(seed)))
    code, out, _ = check("--format", "json")
    assert code == 0
    assert set(map(tuple, findings(out).values())) == {()}
    assert len(findings(out)) == 6  # exact and near: train and test, test and train, test and test


def test_images_of_its_train_in_test_fail_exact_and_nearly(check: Check, tmp_path: Path) -> None:
    theirs = other_images()
    own = idx.read(tmp_path / "raw" / IMAGES["test"])
    theirs[40] = own[3]
    theirs[50] = np.roll(own[8], 1, axis=1)
    theirs[50][theirs[50] > 0] -= 2
    (tmp_path / "other" / "train-images.idx3-ubyte.gz").write_bytes(gzip.compress(idx.encode(theirs)))
    code, out, err = check("--format", "json")
    found = findings(out)
    assert code == 1
    assert found["test", "against", "critical"] == [(3, "train 40")]
    assert found["test", "against_near", "critical"] == [(8, "train 50")]
    assert "2 failed" in err
    judged = folder.check(records.read(Path("tiny.yaml")), Path("raw"), exact=True, seed=0, other=Path("other"))
    for form in ("text", "github", "junit"):
        out = formats.FORMATS[form](judged.verdicts)
        assert "other/train-images.idx3-ubyte.gz" in out.replace("\n", "") or form == "text"
        assert "against_near" in out
        assert "3 = train 40" in out
    assert ElementTree.fromstring(out).get("failures") == "2"


def test_its_test_in_train_fails_and_its_test_in_test_is_a_warning(check: Check, tmp_path: Path) -> None:
    theirs = other_images()
    theirs[1] = idx.read(tmp_path / "raw" / IMAGES["train"])[5]
    theirs[2] = idx.read(tmp_path / "raw" / IMAGES["test"])[6]
    (tmp_path / "other" / IMAGES["test"]).write_bytes(idx.encode(theirs))
    code, out, err = check("--format", "json")
    assert (code, "1 failed, 1 warning" in err) == (1, True)
    assert findings(out)["train", "against", "critical"] == [(5, "test 1")]
    assert findings(out)["test", "against", "warning"] == [(6, "test 2")]


def test_published_names_say_how_the_images_lie(check: Check, tmp_path: Path) -> None:
    theirs = other_images()
    theirs[1] = idx.read(tmp_path / "raw" / IMAGES["test"])[6]
    turned = np.ascontiguousarray(theirs.swapaxes(1, 2))
    (tmp_path / "other/emnist-letters-train-images-idx3-ubyte").write_bytes(idx.encode(turned))
    code, out, _ = check("--format", "json")
    assert (code, findings(out)["test", "against", "critical"]) == (1, [(6, "train 1")])


def test_a_dataset_that_is_named_is_downloaded_and_its_record_says_how_its_images_lie(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = idx.read(tmp_path / "raw" / IMAGES["train"]).copy()
    theirs[:] = other_images(rows=300)
    theirs[1] = idx.read(tmp_path / "raw" / IMAGES["test"])[6]
    record = write_tiny(tmp_path / "mirror", 20) | {"name": "turned", "transposed": True}
    path = tmp_path / "mirror" / IMAGES["train"]
    path.write_bytes(idx.encode(np.ascontiguousarray(theirs.swapaxes(1, 2))))
    record["train"]["images"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    record["mirrors"] = [str(tmp_path / "mirror")]
    (tmp_path / "records").mkdir()
    (tmp_path / "records/turned.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(record))))
    monkeypatch.setattr(records, "FOLDER", tmp_path / "records")
    code, out, err = check("--format", "json", other="turned")
    assert (code, findings(out)["test", "against", "critical"]) == (1, [(6, "train 1")]), err
    assert "no image of turned/train-images-idx3-ubyte" in out
    path.unlink()
    code, out, err = check(other="turned")
    assert (code, out) == (3, "")
    assert "no source gave train-images-idx3-ubyte" in err


def test_it_needs_no_labels_and_says_it_also_if_the_gates_do_not_run(check: Check, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "raw" / IMAGES["test"], tmp_path / "other" / IMAGES["train"])
    (tmp_path / "raw" / IMAGES["train"]).unlink()
    code, out, _ = check("--format", "json")
    assert (code, len(findings(out)["test", "against", "critical"])) == (1, 60)


@pytest.mark.parametrize(
    ("array", "code", "message"),
    [
        (None, 3, "other: expected another dataset's train-images-idx3-ubyte or t10k-images-idx3-ubyte, plain or"),
        (
            np.zeros((5, 20, 20), np.uint8),
            2,
            "expected images of 28 x 28 in uint8, as those that are checked; found",
        ),
        (np.zeros(5, np.uint8), 2, "found 5 of uint8; name another folder"),
        (np.zeros((5, 28, 28), np.float32), 2, "found 5 x 28 x 28 of float32"),
        (b"no IDX", 1, "train-images-idx3-ubyte: magic: expected"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    check: Check, tmp_path: Path, array: object, code: int, message: str
) -> None:
    if array is not None:
        body = array if isinstance(array, bytes) else idx.encode(np.asarray(array))
        (tmp_path / "other" / IMAGES["train"]).write_bytes(body)
    found, out, err = check()
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert message in err


def test_the_folder_itself_is_no_other(check: Check) -> None:
    assert check(other="raw")[0] == 3


@pytest.mark.slow
def test_halves_of_mnist_that_share_images(
    mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = {split: idx.read(mnist / name) for split, name in IMAGES.items()}
    (tmp_path / "train-images-idx3-ubyte").write_bytes(
        idx.encode(np.r_[images["train"][:30_000], images["test"][:2]])
    )
    code = main(["check", str(mnist), "--dataset", "mnist", "--against", str(tmp_path), "--format", "json"])
    assert code == 1
    assert findings(capsys.readouterr().out) == {
        ("test", "against", "critical"): [(0, "train 30000"), (1, "train 30001")],
        ("test", "against_near", "critical"): [],
    }


@pytest.fixture(scope="session")
def emnist() -> Path:
    """The folder of EMNIST's real files, as far as they are at hand; the project does not carry them."""
    folder = ROOT.parent / "shared/data/family/emnist"
    if not folder.is_dir():
        pytest.skip("EMNIST's real files are not here; they are no part of the project")
    return folder


@pytest.mark.slow
def test_parts_of_emnist_share_test_images(emnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["check", str(emnist), "--dataset", "emnist-mnist", "--against", str(emnist), "--format", "json"]
    assert main(call) == 1  # train is not at hand
    found = findings(capsys.readouterr().out)
    assert len(found["test", "against", "warning"]) == 1440
