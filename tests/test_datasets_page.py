"""docs/datasets.md: its commands run in their order, as written; its table is what the records say."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Run, commit

from pipeline import datasets

PAGE = (ROOT / "docs/datasets.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
ARCHIVE, FOLDERS = "/mnt/emnist/gzip.zip", ("path/to/mine", "path/to/files")


def as_published(project: Path, name: str, mirror: Path) -> None:
    """Give the record of `name` the tiny files in place of the published ones; the rest of it stays."""
    path = project / f"pipeline/datasets/{name}.yaml"
    whole, tiny = (yaml.safe_load(path.read_text()) for path in (path, project / "pipeline/datasets/tiny.yaml"))
    content: dict[str, Any] = tiny | {
        key: whole[key] for key in ("name", "title") + ("archive",) * ("archive" in whole)
    }
    path.write_text(yaml.safe_dump(content))
    if "archive" in whole:
        with zipfile.ZipFile(mirror.parent / "gzip.zip", "w") as archive:
            for raw, member in whole["archive"]["members"].items():
                archive.writestr(member, (mirror / raw).read_bytes())


@pytest.mark.slow
def test_every_command_runs_as_written(reproduced: Path, run: Run, tmp_path: Path) -> None:
    for name in ("fashion-mnist", "emnist-letters"):
        as_published(reproduced, name, tmp_path / "mirror")
    shutil.copytree(tmp_path / "mirror", tmp_path / "mine")
    commit(run)
    used = []
    for command in COMMANDS:
        places = {ARCHIVE: str(tmp_path / "gzip.zip")} | dict.fromkeys(FOLDERS, str(tmp_path / "mine"))
        here = command
        for place, path in places.items():
            here = here.replace(place, path)
        if "dvc exp run" in command:
            shutil.rmtree(reproduced / "data/raw")  # so that the files come from where the command says
        done = run("bash", "-c", here)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if "dvc exp run" in command:
            assert json.loads((reproduced / "metrics/test.json").read_text())["n"] == 60
            used.append(yaml.safe_load((reproduced / "params.yaml").read_text())["dataset"])
    assert used == ["fashion-mnist", "emnist-letters", "mine"]
    assert datasets.read(reproduced / "pipeline/datasets/mine.yaml").expect is not None


def test_the_table_is_what_the_records_say() -> None:
    rows = {}
    for name in datasets.names():
        record = datasets.load(name)
        labels = f"{record.labels[0]}-{record.labels[-1]}"
        numbers = (str(len(record.class_names)), labels, f"{record.train.rows:,}", f"{record.test.rows:,}")
        rows[name] = numbers
    table = {
        line[0]: tuple(line[1:5])
        for line in re.findall(r"^\| `(.*?)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|", PAGE, re.M)
    }
    assert table == rows


def test_every_key_of_a_record_is_described() -> None:
    described = set(re.findall(r"`(\w+)`", PAGE.partition("| key |")[2]))
    keys = set(datasets.Dataset.__struct_fields__) | set(datasets.SplitRecord.__struct_fields__)
    assert keys - {"name", "title", "licence", "citation", "train", "test"} <= described
