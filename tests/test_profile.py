"""The command `profile`: the record that it makes of good files."""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import tiny_arrays, write_tiny
from msgspec.structs import asdict

from pipeline.__main__ import main
from pipeline.base import records
from pipeline.base.errors import DataError, UnavailableError
from pipeline.gates import explained, profile
from pipeline.gates.evidence.gather import gather
from pipeline.rows import idx
from pipeline.rows.arrow import from_arrays, schema
from pipeline.rows.blocks import Rows

FILES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with the four files of the tiny dataset."""
    write_tiny(tmp_path / "digits")
    return tmp_path / "digits"


def test_mnist_gives_the_record_that_stands_in_the_project(mnist: Path) -> None:
    assert profile.of_folder(mnist, "mnist", "mnist", 0) == records.find("mnist")


def test_a_record_passes_on_the_files_that_it_is_of(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "record.yaml"
    assert main(["profile", str(raw), "--output", str(record)]) == 0
    assert capsys.readouterr() == ("", "")
    monkeypatch.chdir(tmp_path)  # there is no params.yaml
    assert main(["check", str(raw), "--dataset", str(record)]) == 0
    assert records.read(record).name == "digits"


def test_a_class_that_a_split_lacks_is_not_expected_there(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = (raw / f"t10k-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    kept = idx.read(labels) != 2
    for path in (images, labels):
        path.write_bytes(idx.encode(idx.read(path)[kept]))
    assert main(["profile", str(raw), "--output", str(tmp_path / "record.yaml")]) == 0
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(raw), "--dataset", "record.yaml"]) == 0


def test_checks_that_the_files_themselves_fail_only_warn(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = (raw / f"t10k-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    pixels, given = idx.read(images).copy(), idx.read(labels)
    pixels[given == 1] = 0  # a class of blank images
    order = np.argsort(given, kind="stable")  # and labels that tell no offset
    images.write_bytes(idx.encode(pixels[order]))
    labels.write_bytes(idx.encode(given[order]))
    record = tmp_path / "record.yaml"
    assert main(["profile", str(raw), "--output", str(record)]) == 0
    assert records.read(record).train.expect.only_warn == {}  # type: ignore[union-attr]
    found = {
        "blank": "20 rows",
        "constant": "20 rows",
        "images.ink.each": "20 rows",
        "label_offset": "not measured",
    }
    assert records.read(record).test.expect.only_warn == found  # type: ignore[union-attr]
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(raw), "--dataset", "record.yaml"]) == 0
    assert "no blank image" in capsys.readouterr().out
    images.write_bytes(idx.encode(pixels))
    assert main(["check", str(raw), "--dataset", "record.yaml", "--no-checksums"]) == 1  # others still fail


def test_a_check_that_is_not_there_cannot_only_warn(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "record.yaml"
    assert main(["profile", str(raw), "--output", str(record)]) == 0
    content = yaml.safe_load(record.read_text())
    content["test"]["expect"]["only_warn"] = {"blnak": ""}
    record.write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(raw), "--dataset", "record.yaml"]) == 2
    assert "test.expect.only_warn: expected checks of test, found blnak" in capsys.readouterr().err


def test_the_record_goes_to_stdout_and_gzipped_files_give_the_same(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", str(raw)]) == 0
    plain = capsys.readouterr().out
    for path in list(raw.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert main(["profile", str(raw)]) == 0
    assert capsys.readouterr().out == plain
    assert yaml.safe_load(plain)["train"]["class_counts"] == [100, 100, 100]


def test_each_threshold_is_explained(raw: Path) -> None:
    lines = explained.as_yaml(profile.of_folder(raw, None, "x", 0)).splitlines()
    keys = ["images", "duplicates", "near_duplicates", "suspects", "reference_distance", "probe_error"]
    keys += ["shared", "near_distance", "drift", "reference_tolerance", "references"]
    found = [line.split(":")[0].strip() for before, line in pairwise(lines) if "# " in before]
    assert set(keys) <= set(found)
    assert max(len(line) for line in lines if "iVBOR" not in line) <= 115


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from leaves(part, f"{path}.{key}")
    else:
        yield path, tree


def test_each_range_holds_what_was_measured(raw: Path) -> None:
    dataset = profile.of_folder(raw, None, "tiny", 0)
    arrays = {"train": tiny_arrays(300, 0), "test": tiny_arrays(60, 1)}
    tables: Any = {split: Rows.of(from_arrays(*pair, schema(dataset))) for split, pair in arrays.items()}
    for split, part in gather(dataset, tables, 1).items():  # another seed than the record's
        expect = dataset.splits[split].expect
        assert expect
        for name in profile.MARGINS:
            measure, values = asdict(expect.images)[name], part.rows[name]
            assert measure.each[0] <= values.min() <= values.max() <= measure.each[1], name
            assert measure.mean[0] < values.mean() <= measure.mean[1] or measure.mean[0] == values.mean(), name
        for name in ("reference_distance", "probe_error"):
            low, high = asdict(expect)[name]
            assert low <= float(part.facts[name] or 0) <= high, name


def test_repeats_are_as_many_as_there_are(raw: Path) -> None:
    images, _ = tiny_arrays(300, 0)
    images[[20, 21, 22]] = images[10], np.roll(images[11], 1, axis=1), np.roll(images[12], 1, axis=0)
    (raw / "train-images-idx3-ubyte").write_bytes(idx.encode(images))
    found = profile.of_folder(raw, None, "x", 0).train.expect
    assert found
    assert (found.duplicates, found.near_duplicates) == (1, 2)


def test_every_number_has_four_digits_at_most(raw: Path) -> None:
    record = yaml.safe_load(explained.as_yaml(profile.of_folder(raw, None, "x", 0)))
    for part in (record["expect"], record["train"]["expect"], record["test"]["expect"]):
        for path, leaf in leaves(part):
            for number in re.findall(r"\d+\.\d+", json.dumps(leaf)) if "references" not in path else []:
                assert len(number.replace(".", "").strip("0")) <= 4, path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {0: tiny_arrays(300, 0)[0] // 16 + 1},
            "train: expected pixels from 0 to 255, found pixels from 0 to 16; multiply each by 15.9375 and round$",
        ),
        ({2: tiny_arrays(60, 0)[0] // 99}, "found pixels from 0 to 2; multiply each by 127.5 and round$"),
        ({0: np.zeros((300, 28, 28), np.uint8)}, "train: expected 8 images or more, some with ink, found 300"),
        ({2: np.zeros((0, 28, 28)), 3: np.zeros(0)}, "test: expected 1 images or more, some with ink, found 0"),
        ({0: tiny_arrays(7, 0)[0], 1: tiny_arrays(7, 0)[1]}, "train: expected 8 images or more"),
        (
            {2: tiny_arrays(60, 0)[0][:, 4:24, 4:24]},
            "expected images of one size with at least one pixel, found 20 x 20 and 28 x 28",
        ),
        ({0: np.ones((300, 0, 30)), 2: np.ones((60, 0, 30))}, "with at least one pixel, found 0 x 30"),
        (
            {0: np.ones((300, 28))},
            r"uint8\[n, rows, columns, channels\] and labels uint8\[n\], found uint8\[300, 28",
        ),
        ({1: np.zeros(299)}, r"found uint8\[300, 28, 28\] and uint8\[299\]"),
        ({1: np.zeros(300, ">f4")}, "and >f4"),
        ({1: None}, "train-labels-idx1-ubyte: file: expected a file, plain or as .gz, found none"),
    ],
)
def test_files_that_are_not_good_give_no_record(raw: Path, changes: dict[int, Any], message: str) -> None:
    for place, array in changes.items():
        path = raw / FILES[place]
        if array is None:
            path.unlink()
        else:
            path.write_bytes(idx.encode(array if array.dtype == ">f4" else array.astype(np.uint8)))
    with pytest.raises(DataError, match=f"^{raw}.*{message}"):
        profile.of_folder(raw, None, "x", 0)


def test_labels_that_start_at_1_are_kept(raw: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(raw, tmp_path / "letters")
    for name in ("train", "t10k"):
        path = folder / f"{name}-labels-idx1-ubyte"
        path.write_bytes(idx.encode(idx.read(path) + np.uint8(1)))
    record = profile.of_folder(folder, None, "letters", 0)
    assert (record.first_label, record.class_names, record.train.class_counts) == (1, ("1", "2", "3"), (100,) * 3)


def test_a_class_of_one_row_is_profiled_and_checked(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for options, part, more in (([], 1, 0), ([], 3, 1), (["--any-count"], 3, 1)):  # in train; then in both
        labels = idx.read(raw / FILES[part]).copy()
        labels[labels == 2] = more
        labels[7] = 2
        (raw / FILES[part]).write_bytes(idx.encode(labels))
        assert main(["profile", str(raw), *options, "--output", "record.yaml"]) == 0
        assert main(["check", str(raw), "--dataset", "record.yaml"]) == 0
    kept = [0, 1, 7]  # one row of each class
    for path in [raw / name for name in FILES]:
        path.write_bytes(idx.encode(idx.read(path)[kept]))
    assert main(["check", str(raw), "--dataset", "record.yaml"]) == 1
    assert main(["profile", str(raw)]) == 1
    assert "expected 8 images or more" in capsys.readouterr().err


def test_labels_beyond_the_records_names_give_no_record(raw: Path, tmp_path: Path) -> None:
    main(["profile", str(raw), "--output", str(tmp_path / "base.yaml")])
    (raw / FILES[1]).write_bytes(idx.encode(tiny_arrays(300, 0)[1] + np.uint8(1)))
    with pytest.raises(DataError, match="expected labels 0 to 2, found 0 to 3"):
        profile.of_folder(raw, str(tmp_path / "base.yaml"), "x", 0)


def test_a_folder_without_the_files_is_the_environment(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=f"^{tmp_path}/none: .*found none of them"):
        profile.of_folder(tmp_path / "none", None, "x", 0)


@pytest.mark.parametrize("seed", ["-1", "4294967296", "x"])
def test_a_seed_out_of_range_is_a_wrong_call(raw: Path, seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["profile", str(raw), "--seed", seed])
    assert "--seed" in capsys.readouterr().err
