"""Deformed copies: any range, made anywhere, is the same part of the whole; labels and sources are kept."""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT, Run

from pipeline.deformed import rows
from pipeline.models import predict, store
from pipeline.rows import arrow, parquet
from pipeline.stages import generate


def source(n: int) -> pa.Table:
    """Rows with ids from 5 on."""
    random = np.random.default_rng(0)
    metadata = {"dataset": "tiny", "shape": "[4, 4]", "class_names": json.dumps(["a", "b"]), "transposed": "true"}
    fields = [pa.field("id", pa.int32(), False), pa.field("image", pa.binary(16), False)]
    schema = pa.schema([*fields, pa.field("label", pa.uint8(), False)], metadata)
    images, labels = random.integers(0, 256, (n, 4, 4), np.uint8), random.integers(0, 2, n, np.uint8)
    return arrow.from_arrays(images, labels, schema, first=5)


def test_copy_i_is_made_of_row_i_modulo_all_rows_and_keeps_its_label() -> None:
    made = rows.table(source(7), 0, range(10, 30))
    places = np.arange(10, 30) % 7
    assert made["id"].to_pylist() == list(range(10, 30))
    assert made["source"].to_pylist() == (places + 5).tolist()
    assert made["label"].to_pylist() == np.array(source(7)["label"])[places].tolist()


def test_a_range_is_that_part_of_the_whole() -> None:
    whole = rows.table(source(7), 3, range(40))
    assert rows.table(source(7), 3, range(11, 23)).equals(whole[11:23].combine_chunks())
    assert not rows.table(source(7), 4, range(40))["image"].equals(whole["image"])


def test_the_schema_says_what_the_rows_are() -> None:
    schema = rows.table(source(7), 0, range(2)).schema
    assert schema.names == ["id", "image", "label", "source"]
    assert {key.decode() for key in schema.metadata} == {"dataset", "shape", "class_names"}
    assert schema.metadata[b"dataset"] == b"tiny-deformed"


def generated(folder: Path) -> dict[str, list[int]]:
    """By file the ids of its rows."""
    return {path.name: pq.read_table(path)["id"].to_pylist() for path in sorted(folder.glob("*.parquet"))}


def test_dvc_makes_them_again_and_only_if_their_params_change(reproduced: Path, run: Run) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        (reproduced / "scale").mkdir(exist_ok=True)
        (reproduced / "scale" / name).write_text((ROOT / "scale" / name).read_text())
    (reproduced / "scale/params.yaml").write_text(yaml.safe_dump({"generate": {"rows": 150, "seed": 1}}))
    done = run("dvc", "repro", "scale/dvc.yaml")
    assert "generate: 150 deformed copies of train in data/generated" in done.stdout
    assert generated(reproduced / "data/generated") == {"0000000000.parquet": list(range(150))}
    assert "didn't change, skipping" in run("dvc", "repro", "scale/dvc.yaml").stdout
    (reproduced / "scale/params.yaml").write_text(yaml.safe_dump({"generate": {"rows": 20, "seed": 1}}))
    run("dvc", "repro", "scale/dvc.yaml")
    assert generated(reproduced / "data/generated") == {"0000000000.parquet": list(range(20))}


def test_a_range_by_hand_is_the_same_rows_and_leaves_other_files(reproduced: Path, here: Run) -> None:
    (reproduced / "scale").mkdir()
    (reproduced / "scale/params.yaml").write_text(yaml.safe_dump({"generate": {"rows": 120, "seed": 1}}))
    assert here("generate").returncode == 0
    assert here("generate", "--rows", "100:130").returncode == 0
    folder = reproduced / "data/generated"
    assert generated(folder) == {
        "0000000000.parquet": list(range(120)),
        "0000000100.parquet": list(range(100, 130)),
    }
    own, whole = (pq.read_table(folder / f"{first:010}.parquet") for first in (100, 0))
    assert own[:20].equals(whole[100:120].combine_chunks())
    assert here("generate").returncode == 0
    assert len(generated(folder)) == 1, "the whole replaces all files"


@pytest.mark.parametrize("given", ["5", "5:5", "7:3", "-1:3", "0:2147483648", "a:b", ":"])
def test_a_wrong_range_is_refused(given: str) -> None:
    with pytest.raises(
        argparse.ArgumentTypeError,
        match=re.escape(f"expected FIRST:END, whole numbers below 2^31, found {given!r}"),
    ):
        generate._range(given)


def test_rows_that_have_not_passed_the_gate_are_not_taken(reproduced: Path, here: Run) -> None:
    (reproduced / "metrics/passed.json").write_text("{}")
    (reproduced / "scale").mkdir()
    (reproduced / "scale/params.yaml").write_text("generate: {rows: 10, seed: 0}")
    done = here("generate")
    assert (done.returncode, "has not passed the gate" in done.stderr) == (1, True)
    assert not list((reproduced / "data").glob("generated/*"))


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / "data/model/model.skops").exists(), reason="needs the model: `make repro`")
def test_the_default_method_reads_them_at_most_twice_as_badly_as_the_test_digits() -> None:
    train = parquet.read(ROOT / "data/parquet/train.parquet")
    images, labels = arrow.to_arrays(rows.table(train, 0, range(8_000_000, 8_010_000)))
    model = store.load(ROOT / "data/model/model.skops", images.shape[1:], range(10))
    wrong = int((predict.labels(model, images) != labels).sum())
    test_error = json.loads((ROOT / "metrics/test.json").read_text())["error_rate"]
    assert wrong / 10_000 <= 2 * test_error
