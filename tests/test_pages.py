"""README.md, CONTRIBUTING.md and docs/: the commands and the code of each page run in order, as written.

Each page runs in a project of its own. What a page says in figures and tables is compared with the project too.
"""

import contextlib
import csv
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import writers
import yaml
from conftest import ROOT, Run, commit, edit, tiny_arrays, write_tiny

from pipeline.__main__ import STAGES
from pipeline.base import dataset, records

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
TEXTS = {page: (ROOT / page).read_text() for page in PAGES}
SAVE_AS = re.compile(r"Save this as `(\S+)`:\s*$")
# The commands that no test can run as they are, and why.
NOT_RUN = {
    "make repro": "it sets up an environment; .ci/run runs it",
    "make test": "it runs this suite",
    "make check": "it checks the whole project; .ci/run runs it",
    "python -m benchmarks.": "a benchmark takes minutes",
    "python -m scripts.gates": "it takes many minutes, and it writes docs/gates.md",
    "python -m pipeline onnx": "the tiny project has another model; test_onnx.py runs the command",
    "pip install git+": "it installs what is at an address; test_installed.py builds and installs this project",
    "pipx install git+": "as pip",
    "uvx --from git+": "test_installed.py runs it on this repository",
    "mnist-gates": "it is not installed here; test_installed.py runs it where it is",
}
FAILS = {"python -m pipeline check damaged --no-checksums": 1}  # exit codes other than 0
FAST = {"docs/parquet.md", "docs/sources.md"}  # all other pages run a gate, or train


@dataclass
class Block:
    """A block of code of a page. path: the file to save it as; a block without a path is run."""

    language: str
    text: str
    path: str | None

    @property
    def commands(self) -> list[str]:
        """The commands of a block of the shell that a test can run."""
        lines = self.text.replace("\\\n", "").splitlines()
        return [line for line in lines if not line.startswith(tuple(NOT_RUN))]


def blocks(page: str, languages: str = "sh|python") -> list[Block]:
    """The blocks of a page in these languages, in order."""
    found = re.finditer(rf"^```({languages})\n(.*?)^```", TEXTS[page], re.MULTILINE | re.DOTALL)
    paths = {block: SAVE_AS.search(TEXTS[page][: block.start()]) for block in found}
    return [Block(block[1], block[2], path and path[1]) for block, path in paths.items()]


@dataclass
class Place:
    """Where a page is tried. places: what the page names -> what it is here. before: called with each command."""

    project: Path
    scratch: Path
    run: Run
    places: dict[str, str] = field(default_factory=dict)
    before: Callable[[str], object] = str

    def here(self, text: str) -> str:
        """The text, with the places of this test."""
        for name, path in self.places.items():
            text = text.replace(name, path)
        return text

    def try_block(self, block: Block) -> None:
        """Save a block, or run it; code that reads `images` must read those of train."""
        if block.path:
            (self.project / block.path).write_text(block.text)
        elif block.language == "sh":
            for command in block.commands:
                self.before(command)
                done = self.run("bash", "-c", self.here(command))
                assert done.returncode == FAILS.get(command, 0), f"{command}\n{done.stdout}{done.stderr}"
        else:
            (self.project / "images.npy").unlink(missing_ok=True)
            save = "import numpy\nif 'images' in globals(): numpy.save('images.npy', images)"
            done = self.run(sys.executable, "-c", f"{self.here(block.text)}\n{save}")
            assert done.returncode == 0, f"{block.text}\n{done.stderr}"
            if re.search(r"\bimages\b", block.text):
                np.testing.assert_array_equal(np.load(self.project / "images.npy"), tiny_arrays(300, 0)[0])


@contextlib.contextmanager
def workflow(place: Place) -> Iterator[None]:
    """A hub for commits and a folder as storage; at the end, a consumer has what was released."""
    hub = place.scratch / "hub.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", hub], check=True)
    place.places = {
        "https://git.example/team/mnist.git": str(hub),
        "/mnt/share/mnist": str(place.scratch / "storage"),
    }
    place.run("git", "remote", "add", "origin", str(hub))
    assert place.run("git", "push", "--quiet", "origin", "HEAD:main").returncode == 0

    def wait(command: str) -> None:
        while "sweep" in command and re.search("Queued|Running", place.run("dvc", "queue", "status").stdout):
            time.sleep(1)

    place.before = wait
    yield
    model = (place.project / "data/model/model.skops").read_bytes()
    assert (place.scratch / "consumer/model.skops").read_bytes() == model
    for folder in ("mnist", "parquet"):  # `dvc get` and `dvc import` bring the descriptions too
        names = {path.name for path in (place.scratch / "consumer" / folder).iterdir()} - {".gitignore"}
        assert names == {"train.parquet", "test.parquet", "README.md", "croissant.json"}
    assert yaml.safe_load((place.project / "params.yaml").read_text())["train"]["C"] == 3
    assert place.run("dvc", "exp", "list", "--name-only").stdout.split() == []
    (code,) = blocks("docs/workflow.md", "python")
    printed = place.run(sys.executable, "-c", f"{place.here(code.text)}\nprint(model.hex())").stdout
    assert printed.strip() == model.hex()


@contextlib.contextmanager
def datasets(place: Place) -> Iterator[None]:
    """The tiny files under the names of the published ones; at the end, each dataset was used."""
    tiny = yaml.safe_load((place.project / "pipeline/datasets/tiny.yaml").read_text())
    for name in ("fashion-mnist", "kmnist", "emnist-letters"):
        path = place.project / f"pipeline/datasets/{name}.yaml"
        record = yaml.safe_load(path.read_text())
        kept = {key: record[key] for key in ("name", "title", "archive") if key in record}
        path.write_text(yaml.safe_dump(tiny | kept))
        if "archive" in record:
            with zipfile.ZipFile(place.scratch / "gzip.zip", "w") as archive:
                for raw, member in record["archive"]["members"].items():
                    archive.writestr(member, (place.scratch / "mirror" / raw).read_bytes())
    mine = shutil.copytree(place.scratch / "mirror", place.scratch / "mine")
    archive_of_emnist = {"/mnt/emnist/gzip.zip": str(place.scratch / "gzip.zip")}
    place.places = archive_of_emnist | dict.fromkeys(("path/to/mine", "path/to/files"), str(mine))
    commit(place.run)
    used = []

    def look(command: str) -> None:
        if "dvc exp run" in command:
            shutil.rmtree(place.project / "data/raw")  # so that the files come from the source that the page names
        elif command.startswith("git restore"):
            assert json.loads((place.project / "metrics/test.json").read_text())["n"] == 60
            used.append(yaml.safe_load((place.project / "params.yaml").read_text())["dataset"])

    place.before = look
    yield
    assert used == ["fashion-mnist", "emnist-letters", "mine"]
    assert records.read(place.project / "pipeline/datasets/mine.yaml").expect is not None


@contextlib.contextmanager
def methods(place: Place) -> Iterator[None]:
    """A leaderboard of the default method; at the end, a method of one's own was trained and has its row."""
    (place.project / "leaderboard").mkdir()
    for name in ("dvc.yaml", "params.yaml", "rows.csv"):
        shutil.copy(ROOT / "leaderboard" / name, place.project / "leaderboard" / name)
    edit(place.project / "leaderboard/dvc.yaml", stages__score__matrix__method=["gradient_svm"])
    commit(place.run)
    trained = []

    def look(command: str) -> None:
        if command.startswith("git restore"):
            record = json.loads((place.project / "metrics/method.json").read_text())
            trained.append((record["method"], record["arguments"]))

    place.before = look
    yield
    assert trained == [
        ("nearest", {"neighbours": 5}),
        ("sklearn.neighbors:NearestCentroid", {"metric": "manhattan"}),
    ]
    text = " ".join(TEXTS["docs/methods.md"].split())
    assert "add `nearest` to the list in `leaderboard/dvc.yaml` and run `dvc repro leaderboard/dvc.yaml`" in text
    listed = place.run(sys.executable, "-m", "pipeline", "methods").stdout
    assert f"{'nearest':<24} k nearest neighbours on the pixels.\n" in listed
    edit(place.project / "leaderboard/dvc.yaml", stages__score__matrix__method=["gradient_svm", "nearest"])
    done = place.run("dvc", "repro", "leaderboard/dvc.yaml")
    assert done.returncode == 0, done.stderr
    with (place.project / "leaderboard/leaderboard.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["name"] == "nearest")
    assert (float(row["test_error_rate"]), row["test_n"], row["not_run"]) == (0, "60", "")


@contextlib.contextmanager
def known_writers(place: Place) -> Iterator[None]:
    """The tiny dataset with its writers; at the end, the error of each writer was written."""
    record = writers.record(place.scratch / "mirror")
    (place.project / "pipeline/datasets/tiny.yaml").write_text(yaml.safe_dump(record))
    commit(place.run)
    lines: list[str] = []
    place.before = lambda command: lines.extend(
        (place.project / "metrics/writers.csv").read_text().splitlines() if "restore" in command else []
    )
    yield
    assert len(lines) == 1 + len(writers.WRITERS["test"])


@contextlib.contextmanager
def sources(place: Place) -> Iterator[None]:
    """A mirror in a folder, instead of one on a server."""
    mirror = str(place.scratch / "mirror")
    place.places = {
        "/mnt/mirror/mnist": mirror,
        "https://mirror.example/mnist/{name}.gz": f"{mirror}/{{name}}",
    }
    shutil.rmtree(place.project / "data/raw")
    yield
    assert {path.name for path in (place.project / "data/raw").iterdir()} >= {"train-images-idx3-ubyte"}


@contextlib.contextmanager
def forms(place: Place) -> Iterator[None]:
    """The tiny dataset in place of MNIST."""
    place.places = {'"mnist"': '"tiny"'}
    yield


@contextlib.contextmanager
def checked(place: Place) -> Iterator[None]:
    """Another dataset, which shares no image with the tiny one: its folder, and its record under a real name."""
    other = place.scratch / "other"
    record = write_tiny(other, 7) | {"name": "emnist-mnist", "mirrors": [str(other)]}
    path = place.project / "pipeline/datasets/emnist-mnist.yaml"
    path.write_text(yaml.safe_dump(json.loads(json.dumps(record))))
    place.places = {"path/to/other": str(place.scratch / "other")}
    yield


@contextlib.contextmanager
def scale(place: Place) -> Iterator[None]:
    """The pipeline for many rows, with few of them."""
    shutil.copytree(ROOT / "scale", place.project / "scale", ignore=shutil.ignore_patterns("dvc.lock"))
    edit(place.project / "scale/params.yaml", generate__rows=300)
    yield
    assert len(list((place.project / "data/generated").glob("*.parquet"))) == 1
    assert len(list((place.project / "part").glob("*.parquet"))) == 1


PREPARED: dict[str, Callable[[Place], contextlib.AbstractContextManager[None]]] = {
    "docs/check.md": checked,
    "docs/datasets.md": datasets,
    "docs/forms.md": forms,
    "docs/methods.md": methods,
    "docs/scale.md": scale,
    "docs/sources.md": sources,
    "docs/workflow.md": workflow,
    "docs/writers.md": known_writers,
}


def runs(page: str) -> bool:
    """Whether a test can run anything of the page."""
    return any(block.language == "python" or block.commands for block in blocks(page))


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[] if page in FAST else pytest.mark.slow) for page in PAGES if runs(page)],
)
def test_every_block_runs_as_written(page: str, reproduced: Path, run: Run, tmp_path: Path) -> None:
    commit(run)
    variables = {"DVC_NO_ANALYTICS": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "huggingface")}
    place = Place(reproduced, tmp_path, lambda *command: run(*command, **variables))
    with PREPARED.get(page, contextlib.nullcontext)(place):
        for block in blocks(page):
            place.try_block(block)


def test_what_is_not_run_here_is_there() -> None:
    every = [line for page in PAGES for block in blocks(page, "sh") for line in block.text.splitlines()]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for start in NOT_RUN:
        lines = [line for line in every if line.startswith(start)]
        assert lines, f"no page has `{start}`"
        for line in lines:
            words = line.split()
            if words[0] == "make":
                assert words[1] in targets
            elif words[0] == "python":
                assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file() or (ROOT / words[2]).is_dir()
    assert set(FAILS) <= set(every)
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_example_of_the_action_names_inputs_that_it_has() -> None:
    (example,) = (
        found for block in blocks("docs/check.md", "yaml") if "jobs" in (found := yaml.safe_load(block.text))
    )
    given = example["jobs"]["gate"]["steps"][1]["with"]
    assert set(given) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])


def test_the_picture_of_the_pipeline_has_every_stage_and_only_true_arrows() -> None:
    (picture,) = blocks("README.md", "mermaid")
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    outs = {name: paths(stage) for name, stage in stages.items()}
    chains = [re.findall(r"\w+", line) for line in picture.text.splitlines()[1:]]
    assert {name for chain in chains for name in chain} == set(stages)
    for before, after in itertools.chain.from_iterable(map(itertools.pairwise, chains)):
        deps = stages[after]["deps"]
        assert any(
            f"{dep}/".startswith(f"{out}/") or out.startswith(f"{dep}/") for dep in deps for out in outs[before]
        )


def paths(stage: dict[str, Any]) -> list[str]:
    """The outputs of a stage."""
    return [next(iter(out)) for out in [*stage.get("outs", []), *stage.get("metrics", [])]]


def test_every_stage_and_output_is_described() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    beside = [
        yaml.safe_load((ROOT / name / "dvc.yaml").read_text())["stages"] for name in ("leaderboard", "scale")
    ]
    assert set(stages).union(*beside) - {"methods"} == set(STAGES)
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", TEXTS["README.md"], re.MULTILINE))
    for name, stage in stages.items():
        for out in paths(stage):
            assert str(Path(out)) in rows[name] or f"{Path(out).parent}/`" in rows[name]


def test_the_figures_are_those_of_the_committed_metrics() -> None:
    scores = json.loads((ROOT / "metrics/test.json").read_text())
    rate, low, high = (f"{scores[key]:.2%}" for key in ("error_rate", "error_rate_low", "error_rate_high"))
    words = " ".join(TEXTS["README.md"].split())
    assert f"gets {scores['errors']} of the {scores['n']:,} test digits wrong" in words
    assert f"an error rate of {rate}, 95% interval {low} to {high}" in words
    assert f"test error rate {rate}, 95% interval {low} to {high}" in TEXTS["docs/workflow.md"]
    assert f"({scores['errors']} of {scores['n']:,})" in TEXTS["docs/workflow.md"]


def test_the_table_of_datasets_is_what_the_records_say() -> None:
    rows = {}
    for name in records.names():
        record = records.load(name)
        labels = f"{record.labels[0]}-{record.labels[-1]}"
        rows[name] = (str(len(record.class_names)), labels, f"{record.train.rows:,}", f"{record.test.rows:,}")
    lines = re.findall(
        r"^\| `(.*?)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|", TEXTS["docs/datasets.md"], re.MULTILINE
    )
    assert {line[0]: tuple(line[1:5]) for line in lines} == rows


def test_every_key_of_a_record_is_described() -> None:
    described = set(re.findall(r"`(\w+)`", TEXTS["docs/datasets.md"].partition("| key |")[2]))
    keys = set(dataset.Dataset.__struct_fields__) | set(dataset.SplitRecord.__struct_fields__)
    assert keys - {"name", "title", "licence", "citation", "train", "test"} <= described
