"""EMNIST's letters out of their archive, through DVC: published as EMNIST is, but few."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml
from conftest import Run, edit
from loopback import Server, contents, only_by_its_name, ranged
from published import OTHERS, PATH, RAW_NAMES, described, member_of, packed_members, packed_only, zipped

from pipeline import idx


def letters(rows: int, seed: int) -> tuple[bytes, bytes]:
    """The images and labels of so many rows of each letter, 1 to 26, as IDX: rows and columns exchanged."""
    labels = np.tile(np.arange(1, 27, dtype=np.uint8), rows)
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 28, 28), np.uint8)
    return idx.encode(images.transpose(0, 2, 1).copy()), idx.encode(labels)


@pytest.mark.slow
def test_dvc_brings_the_letters_out_of_the_archive_and_finds_them_right(
    project: Path, run: Run, server: Server
) -> None:
    path = project / "pipeline/datasets/emnist-letters.yaml"
    record = yaml.safe_load(path.read_text())
    raw = dict(zip(RAW_NAMES, [*letters(4, 0), *letters(2, 1)], strict=True))
    members = packed_members(raw)
    for split, rows in [("train", 4), ("test", 2)]:
        record[split]["class_counts"] = [rows] * 26
        for kind in ("images", "labels"):
            record[split][kind]["bytes"] = len(raw[record[split][kind]["name"]])
    body, sent = zipped(members), list[int]()
    record["archive"] = msgspec.to_builtins(described(f"{server.url}{PATH}", body))
    path.write_text(yaml.safe_dump(packed_only(record, {name: members[member_of(name)] for name in RAW_NAMES})))
    edit(project / "params.yaml", dataset="emnist-letters")
    server.answers[PATH] = [only_by_its_name(ranged(body, sent))]
    done = run("dvc", "repro", "inspect", PIPELINE_SOURCE="")
    assert (done.returncode, "4 files of emnist-letters in data/raw, right to the byte" in done.stdout) == (
        0,
        True,
    )
    assert contents(project / "data/raw") == raw
    assert sum(sent) < len(OTHERS) / 4
    assert "up to date" in run("dvc", "status", "download", "inspect").stdout
