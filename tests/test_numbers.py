"""The numbers of metrics/quality.json: counts and means of each split, and nothing that was not measured."""

import json

from conftest import ROOT
from judged import bare, images, judged, put, same

from pipeline.gates import numbers


def test_rows_and_failures_are_counted_by_split() -> None:
    found = judged(images(put([5, 70], 0)))
    train, test = (numbers.of(found)[split] for split in ("train", "test"))
    assert {key: train[key] for key in ("rows", "blank", "duplicates", "suspects")} == {
        "rows": 300,
        "blank": 2,
        "duplicates": 1,
        "suspects": 2,
    }
    assert train["failed"] == len([verdict for verdict in found.failed if verdict.split == "train"]) > 2
    assert train["warnings"] == 1
    assert (test["failed"], test["warnings"], test["rows"]) == (0, 0, 60)
    assert train["expectations"] + test["expectations"] == len(found.verdicts)


def test_a_split_without_rows_has_numbers_too() -> None:
    train = numbers.of(judged(lambda rows: rows.slice(0, 0)))["train"]
    assert (train["rows"], train["pixel_mean"], train["pixel_std"]) == (0, 0.0, 0.0)
    assert "probe_error" not in train
    json.dumps(train, allow_nan=False)


def test_a_number_that_needs_a_threshold_is_left_out_without_one() -> None:
    for found in numbers.of(judged(same, bare())).values():
        assert (found["failed"], "reference_distance" in found) == (0, False)


def test_a_clean_dataset_has_the_keys_that_the_project_commits() -> None:
    committed = json.loads((ROOT / "metrics/quality.json").read_text())
    found = numbers.of(judged(same))
    assert {split: set(part) for split, part in found.items()} == {s: set(part) for s, part in committed.items()}
