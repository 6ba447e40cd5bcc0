"""The raw files against their record: the real files agree; every fault is found, all at once, with its rows."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Run, write_tiny

from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.base.structs import convert
from pipeline.rows import idx
from pipeline.rows.inspect import raw_files

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
INSPECT = (sys.executable, "-m", "pipeline", "inspect")


@pytest.fixture
def tiny(tmp_path: Path) -> Dataset:
    """A dataset of three classes and 300 + 60 rows; its raw files are in tmp_path."""
    return convert(write_tiny(tmp_path), Dataset, tmp_path)


def findings(dataset: Dataset, folder: Path) -> list[str]:
    """The findings, without those for the SHA-256 of a file, because any change of a file adds one."""
    return [str(finding) for finding in raw_files(dataset, folder).findings if finding.check != "SHA-256"]


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def relabel(path: Path, label: int, rows: list[int]) -> None:
    labels = idx.read(path).copy()
    labels[rows] = label
    path.write_bytes(idx.encode(labels))


def test_the_real_mnist_meets_its_record(mnist: Path) -> None:
    report, found = raw_files(records.load("mnist"), mnist)
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found == []
    assert report == {
        split: {
            "images": rows,
            "labels": rows,
            "pixels": 784,
            "class_counts": {str(digit): count for digit, count in enumerate(counts)},
        }
        for split, rows, counts in [("train", 60_000, train), ("test", 10_000, test)]
    }


def test_label_10_is_named_with_its_rows(mnist: Path, tmp_path: Path) -> None:
    for path in mnist.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / TEST_LABELS).unlink()
    shutil.copy(mnist / TEST_LABELS, tmp_path)
    relabel(tmp_path / TEST_LABELS, 10, [0, 9_999])  # a 7 and a 6
    assert findings(records.load("mnist"), tmp_path) == [
        f"{TEST_LABELS}: label range: expected 0 to 9, found 10, 10 in rows 0, 9999",
        f"{TEST_LABELS}: rows of class 6: expected 958, found 957",
        f"{TEST_LABELS}: rows of class 7: expected 1,028, found 1,027",
    ]


def test_many_rows_are_named_by_the_first_five(tiny: Dataset, tmp_path: Path) -> None:
    relabel(tmp_path / LABELS, 255, list(range(10, 17)))
    assert findings(tiny, tmp_path)[0] == (
        f"{LABELS}: label range: expected 0 to 2, "
        "found 255, 255, 255, 255, 255 and 2 more in rows 10, 11, 12, 13, 14 and 2 more"
    )


def test_one_changed_pixel_is_found_by_the_hash(tiny: Dataset, tmp_path: Path) -> None:
    content = (tmp_path / IMAGES).read_bytes()
    (tmp_path / IMAGES).write_bytes(content[:-1] + b"\x01")
    (finding,) = raw_files(tiny, tmp_path).findings
    assert finding[:3] == (IMAGES, "SHA-256", tiny.train.images.sha256)


def test_a_truncated_file(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / LABELS).write_bytes((tmp_path / LABELS).read_bytes()[:-1])
    assert findings(tiny, tmp_path) == [
        f"{LABELS}: length: expected 308 bytes (300 of uint8), found 307 bytes",
    ]


def test_an_over_long_file(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / IMAGES).write_bytes((tmp_path / IMAGES).read_bytes() + b"\0")
    assert findings(tiny, tmp_path) == [
        f"{IMAGES}: length: expected 235,216 bytes (300 x 28 x 28 of uint8), found 235,217 bytes",
    ]


def test_a_wrong_magic_number(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / IMAGES).write_bytes(b"<html>Not Found</html>")
    (finding,) = findings(tiny, tmp_path)
    assert finding.startswith(f"{IMAGES}: magic: expected 0x0000, ")
    assert finding.endswith("found 0x3c68746d")


def test_a_wrong_rank(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / IMAGES).write_bytes(idx.encode(np.zeros((300, 784), np.uint8)))
    assert findings(tiny, tmp_path) == [
        f"{IMAGES}: shape: expected 300 x 28 x 28 of uint8, found 300 x 784 of uint8",
    ]


def test_another_type(tiny: Dataset, tmp_path: Path) -> None:
    labels = idx.read(tmp_path / LABELS).astype(np.float32)
    (tmp_path / LABELS).write_bytes(idx.encode(labels))
    assert findings(tiny, tmp_path) == [f"{LABELS}: shape: expected 300 of uint8, found 300 of float32"]


def test_a_missing_file(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / TEST_LABELS).unlink()
    report, found = raw_files(tiny, tmp_path)
    assert [str(finding) for finding in found] == [
        f"{TEST_LABELS}: file: expected a file in {tmp_path}, found none"
    ]
    assert report["test"] == {"images": 60, "pixels": 784}


def test_no_file_at_all_is_the_environment_and_not_the_data(run: Run) -> None:
    done = run(sys.executable, "-m", "pipeline", "inspect")
    assert (done.returncode, done.stderr.count("expected a file in data/raw, found none")) == (3, 4)


def test_train_and_test_swapped(tiny: Dataset, tmp_path: Path) -> None:
    swap(tmp_path / IMAGES, tmp_path / TEST_IMAGES)
    swap(tmp_path / LABELS, tmp_path / TEST_LABELS)
    assert findings(tiny, tmp_path) == [
        f"{IMAGES}: shape: expected 300 x 28 x 28 of uint8, found 60 x 28 x 28 of uint8",
        f"{LABELS}: shape: expected 300 of uint8, found 60 of uint8",
        *(f"{LABELS}: rows of class {label}: expected 100, found 20" for label in range(3)),
        f"{TEST_IMAGES}: shape: expected 60 x 28 x 28 of uint8, found 300 x 28 x 28 of uint8",
        f"{TEST_LABELS}: shape: expected 60 of uint8, found 300 of uint8",
        *(f"{TEST_LABELS}: rows of class {label}: expected 20, found 100" for label in range(3)),
    ]


def test_images_and_labels_swapped(tiny: Dataset, tmp_path: Path) -> None:
    swap(tmp_path / IMAGES, tmp_path / LABELS)
    assert findings(tiny, tmp_path) == [
        f"{IMAGES}: shape: expected 300 x 28 x 28 of uint8, found 300 of uint8",
        f"{LABELS}: shape: expected 300 of uint8, found 300 x 28 x 28 of uint8",
    ]


def test_images_and_labels_that_disagree_in_count(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / LABELS).write_bytes(idx.encode(idx.read(tmp_path / LABELS)[:-1]))
    assert findings(tiny, tmp_path) == [
        f"{LABELS}: shape: expected 300 of uint8, found 299 of uint8",
        f"{IMAGES} and {LABELS}: rows: expected as many labels as images, found 300 images and 299 labels",
        f"{LABELS}: rows of class 2: expected 100, found 99",
    ]


def test_class_counts_off_by_one(tiny: Dataset, tmp_path: Path) -> None:
    relabel(tmp_path / LABELS, 1, [0])
    assert findings(tiny, tmp_path) == [
        f"{LABELS}: rows of class 0: expected 100, found 99",
        f"{LABELS}: rows of class 1: expected 100, found 101",
    ]


def test_faults_in_every_file_are_found_at_once(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / IMAGES).unlink()
    relabel(tmp_path / LABELS, 3, [7])
    (tmp_path / TEST_IMAGES).write_bytes(b"")
    (tmp_path / TEST_LABELS).write_bytes((tmp_path / TEST_LABELS).read_bytes()[:6])
    assert [finding[:2] for finding in raw_files(tiny, tmp_path).findings] == [
        (IMAGES, "file"),
        (LABELS, "SHA-256"),
        (LABELS, "label range"),
        (LABELS, "rows of class 1"),
        (TEST_IMAGES, "SHA-256"),
        (TEST_IMAGES, "magic"),
        (TEST_LABELS, "SHA-256"),
        (TEST_LABELS, "header"),
    ]


def test_clean_data_exit_0_and_give_the_same_report_twice(project: Path, tmp_path: Path, run: Run) -> None:
    shutil.copytree(tmp_path / "mirror", project / "data/raw")
    report = project / "metrics/raw.json"
    contents = []
    for _ in range(2):
        done = run(*INSPECT)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "inspect: 4 files in data/raw agree with the record of tiny\n"
        contents.append(report.read_bytes())
        report.unlink()
    assert contents[0] == contents[1]
    assert json.loads(contents[0])["test"]["class_counts"] == {"0": 20, "1": 20, "2": 20}


def test_bad_data_exit_1_and_leave_the_old_report(project: Path, tmp_path: Path, run: Run) -> None:
    shutil.copytree(tmp_path / "mirror", project / "data/raw")
    relabel(project / "data/raw" / TEST_LABELS, 3, [0])
    (project / "metrics").mkdir()
    (project / "metrics/raw.json").write_text("old")
    done = run(*INSPECT)
    assert (done.returncode, done.stdout) == (1, "")
    first, digest, *others = done.stderr.splitlines()
    assert first == "inspect: error: 3 findings in data/raw"
    assert digest.startswith(f"  {TEST_LABELS}: SHA-256: expected ")
    assert others == [
        f"  {TEST_LABELS}: label range: expected 0 to 2, found 3 in rows 0",
        f"  {TEST_LABELS}: rows of class 0: expected 20, found 19",
    ]
    assert [path.name for path in (project / "metrics").iterdir()] == ["raw.json"]
    assert (project / "metrics/raw.json").read_text() == "old"


def test_inspect_imports_nothing_heavier_than_numpy(mnist: Path, tmp_path: Path) -> None:
    call = ["inspect", "--raw", str(mnist), "--report", str(tmp_path / "raw.json")]
    heavy = {"pandas", "pyarrow", "sklearn", "scipy", "great_expectations", "fsspec", "dvc"}
    code = (
        f"import sys; from pipeline.__main__ import main; print(main({call!r}))\n"
        f"print('numpy' in sys.modules, sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0", "True []"]
