"""Splits are measured row by row. A value that cannot be measured is null, and no table stops the measuring."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import tiny_arrays, write_tiny
from msgspec.structs import replace

from pipeline.base.dataset import Dataset, Split
from pipeline.base.structs import convert
from pipeline.gates import suspects
from pipeline.gates.evidence.gather import Evidence, gather
from pipeline.gates.evidence.measures import measure
from pipeline.rows import blocks as in_blocks

pytestmark = [
    pytest.mark.filterwarnings("error::FutureWarning"),
    pytest.mark.filterwarnings("error::RuntimeWarning"),
    pytest.mark.filterwarnings("error::pandas.errors.PerformanceWarning"),
]
MEASURES = list(measure(np.zeros((1, 28, 28), np.uint8)))
ERRORS = ["probe_error", "probe_error_0", "probe_error_1", "probe_error_2"]
FACTS = {"schema", "transformation", "labels", "label_offset", "reference_distance", *ERRORS}
Row = dict[str, Any]
Rows = dict[Split, list[Row]]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The tiny dataset's record."""
    folder = tmp_path_factory.mktemp("tiny")
    return convert(write_tiny(folder), Dataset, folder)


def sound() -> Rows:
    """The tiny dataset's rows, ids counted from 0."""
    result: Rows = {}
    splits: list[tuple[Split, int]] = [("train", 300), ("test", 60)]
    for seed, (split, number) in enumerate(splits):
        images, labels = tiny_arrays(number, seed)
        result[split] = [
            {"id": k, "image": image.tobytes(), "label": int(label)}
            for k, (image, label) in enumerate(zip(images, labels, strict=True))
        ]
    return result


def seen(dataset: Dataset, rows: Rows) -> dict[Split, Evidence]:
    """The evidence of rows, from a table that accepts any values."""
    schema = pa.schema([("id", pa.int32()), ("image", pa.binary()), ("label", pa.int16())])
    return gather(
        dataset, {split: in_blocks.Rows.of(pa.Table.from_pylist(part, schema)) for split, part in rows.items()}, 0
    )


def test_sound_rows_are_measured_and_nothing_is_found(dataset: Dataset) -> None:
    found = seen(dataset, sound())
    for split, number in [("train", 300), ("test", 60)]:
        evidence = found[split]  # type: ignore[index]
        rows, facts = evidence.rows, evidence.facts
        assert len(rows) == number
        assert (rows["image_bytes"] == 784).all()
        assert rows[MEASURES].notna().all(axis=None)
        assert rows[["duplicate_of", "suggested", "score"]].isna().all(axis=None)
        assert (facts["transformation"], facts["labels"], facts["label_offset"]) == ("none", "as in the record", 0)
        assert [facts[name] for name in ERRORS] == [0, 0, 0, 0]
    assert found["test"].rows[["same_as", "near_to"]].isna().all(axis=None)
    assert found["test"].facts["drift"] == pytest.approx(4.7, abs=3)


def test_columns_and_facts_are_those_that_are_documented(dataset: Dataset) -> None:
    found = seen(dataset, sound())
    common = [
        "id",
        "label",
        "image_bytes",
        *MEASURES,
        "duplicate_of",
        "near_duplicate_of",
        "suggested",
        "score",
        "contradicted",
    ]
    assert set(found["train"].rows.columns) == set(common)
    assert set(found["test"].rows.columns) == {*common, "same_as", "near_to"}
    assert set(found["train"].facts) == FACTS
    assert set(found["test"].facts) == FACTS | {"drift"}
    numbers = found["test"].rows[["image_bytes", *MEASURES, "suggested", "score"]]
    assert set(numbers.dtypes) == {np.dtype(np.float64)}
    names = found["test"].rows[["duplicate_of", "same_as", "near_to"]]
    assert set(names.dtypes) == {np.dtype(object)}


def test_measures_stand_beside_their_own_image(dataset: Dataset) -> None:
    rows = sound()
    for k in (0, 3, 59):
        rows["test"][k]["image"] = b"short"
    frame = seen(dataset, rows)["test"].rows
    pixels = np.frombuffer(b"".join(row["image"] for row in sound()["test"]), np.uint8).reshape(-1, 28, 28)
    whole = ~frame["id"].isin([0, 3, 59])
    for name, values in measure(pixels).items():
        np.testing.assert_array_equal(frame[name][whole], values[whole])
        assert frame[name][~whole].isna().all()


BROKEN = {"null image": ("image", None), "short image": ("image", bytes(783)), "no bytes": ("image", b"")}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("which", [[5], range(60)], ids=["one", "all"])
def test_an_image_that_is_not_whole_is_not_measured(dataset: Dataset, kind: str, which: list[int]) -> None:
    rows = sound()
    column, value = BROKEN[kind]
    for k in which:
        rows["test"][k][column] = value
    evidence = seen(dataset, rows)["test"]
    broken = evidence.rows["id"].isin(list(which))
    assert evidence.rows[MEASURES][broken].isna().all(axis=None)
    assert evidence.rows[MEASURES][~broken].notna().all(axis=None)
    assert evidence.rows["image_bytes"][broken].tolist() == pytest.approx(
        [np.nan if value is None else len(value)] * len(which), nan_ok=True
    )
    assert evidence.facts["probe_error"] == (None if len(which) == 60 else 0)
    assert evidence.facts["reference_distance"] is None or len(which) == 1
    blank = evidence.images([which[0]], (28, 28))
    assert (blank.shape, blank.max()) == ((1, 28, 28), 0)


@pytest.mark.parametrize("label", [None, -1, 3, 300])
def test_a_label_that_is_no_class_leaves_its_image_measured(dataset: Dataset, label: int | None) -> None:
    rows = sound()
    for part in rows.values():
        part[4]["label"] = label
    found = seen(dataset, rows)
    for evidence in found.values():
        assert evidence.rows[MEASURES].notna().all(axis=None)
        assert evidence.rows["suggested"].isna().all()
        assert evidence.facts["probe_error"] == 0
    assert len(suspects.ranked(found)) == 0


Cut = Callable[[list[Row]], list[Row]]
CUTS: dict[str, Cut] = {
    "no rows": lambda rows: [],
    "one row": lambda rows: rows[:1],
    "fewer than folds need": lambda rows: rows[:7],
    "a single class": lambda rows: [row for row in rows if row["label"] == 1],
    "no labels": lambda rows: [row | {"label": None} for row in rows],
    "no images": lambda rows: [row | {"image": None} for row in rows],
}


@pytest.mark.parametrize("kind", CUTS)
@pytest.mark.parametrize("splits", [["train"], ["test"], ["train", "test"]], ids="+".join)
def test_what_cannot_be_known_is_null(dataset: Dataset, kind: str, splits: list[Split]) -> None:
    rows = sound()
    rows |= {split: CUTS[kind](rows[split]) for split in splits}
    found = seen(dataset, rows)
    for split, evidence in found.items():
        facts = evidence.facts
        assert set(facts) == (FACTS | {"drift"} if split == "test" else FACTS)
        assert len(evidence.rows) == len(rows[split])
        assert not any(isinstance(value, float) and np.isnan(value) for value in facts.values())
        judges = kind == "a single class" or "train" not in splits
        judged = kind in {"a single class", "one row", "fewer than folds need"} or split not in splits
        assert (facts["probe_error"] is not None) == (judges and judged)
        unlabelled = split in splits and kind in {"no rows", "no labels", "no images"}
        assert (facts["reference_distance"] is None) == (facts["labels"] == "no image") == unlabelled
    assert (found["test"].facts["drift"] is None) == (kind in {"no rows", "no labels", "no images"})
    assert list(suspects.ranked(found).columns) == suspects.COLUMNS


def test_repeats_and_leaks_are_named_by_their_row(dataset: Dataset) -> None:
    rows = sound()
    rows["train"][9]["image"] = None  # so places of whole images are not places of rows
    rows["train"][12]["image"] = rows["train"][30]["image"] = rows["train"][11]["image"]
    rows["test"][3]["image"] = rows["train"][20]["image"]
    moved = np.roll(np.frombuffer(rows["train"][41]["image"], np.uint8).reshape(28, 28), 1, axis=0)
    rows["train"][60]["image"], rows["test"][50]["image"] = moved.tobytes(), np.roll(moved, 1, axis=1).tobytes()
    found = seen(dataset, rows)
    train, test = found["train"].rows, found["test"].rows
    assert train["duplicate_of"].dropna().to_dict() == {12: "row 11", 30: "row 11"}
    assert test["duplicate_of"].dropna().to_dict() == {}
    assert train["near_duplicate_of"].dropna().to_dict() == {60: "row 41"}, "what is the same is not near as well"
    assert test["near_duplicate_of"].dropna().to_dict() == {}
    assert test["same_as"].dropna().to_dict() == {3: "train 20"}
    assert test["near_to"].dropna().to_dict() == {50: "train 41"}


def test_rows_are_named_by_id_wherever_they_stand(dataset: Dataset) -> None:
    rows = sound()
    rows["train"].reverse()
    rows["train"][10]["image"] = rows["train"][2]["image"]
    rows["test"][3]["image"] = rows["train"][20]["image"]
    found = seen(dataset, rows)
    assert found["train"].rows.set_index("id")["duplicate_of"].dropna().to_dict() == {289: "row 297"}
    assert found["test"].rows.set_index("id")["same_as"].dropna().to_dict() == {3: "train 279"}


def test_contradicted_labels_are_listed_with_their_rows(dataset: Dataset) -> None:
    rows = sound()
    for part, wrong in [(rows["train"], [3, 100, 200]), (rows["test"], [7, 8])]:
        for k in wrong:
            part[k]["label"] = (part[k]["label"] + 1) % 3
        part[1]["label"] = None  # so places of labels are not places of rows
    found = seen(dataset, rows)
    listed = suspects.ranked(found)
    assert list(listed.columns) == suspects.COLUMNS
    assert {*zip(listed["split"], listed["id"], strict=True)} >= {("train", 3), ("test", 7), ("test", 8)}
    assert (listed["suggested"] == listed["id"] % 3).all()
    assert (listed["given"] == (listed["id"] + 1) % 3).all()
    assert found["test"].facts["probe_error"] == pytest.approx(2 / 59, abs=1e-6)
    errors = [found["test"].facts[f"probe_error_{k}"] for k in (0, 1, 2)]
    assert errors == pytest.approx([1 / 20, 0, 1 / 20], abs=0.01)


def coloured(dataset: Dataset, shape: tuple[int, ...]) -> tuple[Dataset, Rows]:
    """The tiny dataset with each value of an image three times, as three channels."""
    rows = {
        split: [row | {"image": np.repeat(np.frombuffer(row["image"], np.uint8), 3).tobytes()} for row in part]
        for split, part in sound().items()
    }
    return replace(dataset, shape=shape), rows


def test_images_with_channels_are_measured_in_grey(dataset: Dataset) -> None:
    in_colour = seen(*coloured(dataset, (28, 28, 3)))
    for split, expected in seen(dataset, sound()).items():
        found = in_colour[split]
        assert found.facts == expected.facts
        for name in MEASURES:
            np.testing.assert_array_equal(found.rows[name], expected.rows[name])
        assert (found.rows["image_bytes"] == 3 * 784).all()
        assert found.images([0, 5], (28, 28, 3)).shape == (2, 28, 28, 3)


def test_images_of_the_same_grey_and_other_colours_are_no_repeats(dataset: Dataset) -> None:
    in_colour, rows = coloured(dataset, (28, 28, 3))
    image = np.frombuffer(rows["train"][4]["image"], np.uint8).reshape(28, 28, 3)
    assert (image[..., 0] > 20).any()
    red = image.copy()
    red[image[..., 0] > 20] += np.array([1, -1, 0]).astype(np.uint8)
    rows["train"][7]["image"] = rows["test"][3]["image"] = red.tobytes()
    rows["train"][8]["image"] = rows["train"][4]["image"]
    found = seen(in_colour, rows)
    assert found["train"].rows["duplicate_of"].dropna().to_dict() == {8: "row 4"}
    assert found["test"].rows["same_as"].dropna().to_dict() == {3: "train 7"}
