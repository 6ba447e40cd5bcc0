"""Revisions of the tiny project: better and worse models, other data, failing gates, as git would hold them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pipeline.models import metrics

Edit = Callable[[Path], object]


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command in a folder."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def wrong(*rows: int) -> Edit:
    """Make the predictions of these rows wrong, and write their metrics."""

    def edit(project: Path) -> None:
        path = project / "metrics/predictions.csv"
        content = np.loadtxt(path, int, delimiter=",", skiprows=1)
        actual, content[:, 2] = content[:, 1], content[:, 1]
        content[list(rows), 2] = (content[list(rows), 1] + 1) % 3
        np.savetxt(path, content, "%d", ",", header="id,actual,predicted", comments="")
        merge("metrics/test.json", **metrics.error_rate(actual, content[:, 2]))(project)

    return edit


def merge(name: str, **changes: Any) -> Edit:
    """Change the values of these keys in a JSON file."""

    def edit(project: Path) -> None:
        content = json.loads((project / name).read_text())
        (project / name).write_text(json.dumps(content | changes))

    return edit


def lock(stage: str, part: str, path: str, md5: str) -> Edit:
    """Change the hash of an output or a dependency of a stage in dvc.lock."""

    def edit(project: Path) -> None:
        content = yaml.safe_load((project / "dvc.lock").read_text())
        next(entry for entry in content["stages"][stage][part] if entry["path"] == path)["md5"] = md5
        (project / "dvc.lock").write_text(yaml.safe_dump(content, sort_keys=False))

    return edit


def fail_gate(*checks: str, count: int = 0) -> Edit:
    """Leave the files of a gate in which these checks of train fail. count: of all failures, if more."""

    def edit(project: Path) -> None:
        quality = json.loads((project / "metrics/quality.json").read_text())
        quality["train"]["failed"] = count or len(checks)
        if checks:
            quality["train"]["failures"] = dict.fromkeys(checks, 1)
        (project / "metrics/quality.json").write_text(json.dumps(quality))
        (project / "metrics/passed.json").unlink(missing_ok=True)

    return edit


REVISIONS: dict[str, list[Edit]] = {
    "good": [wrong(0)],
    "worse": [wrong(*range(12))],
    "hardly-worse": [wrong(*range(4))],
    "other-errors": [wrong(5)],
    "failed": [wrong(0), fail_gate("blank", "images.ink.each")],
    "failed-again": [wrong(0, 1), fail_gate("blank", "images.ink.each")],
    "failed-otherwise": [wrong(0, 1), fail_gate("blank", "duplicates")],
    "failed-without-names": [wrong(0), fail_gate(count=2)],
    "other-test": [wrong(0), merge("metrics/passed.json", test="0" * 64)],
    "other-train": [wrong(0, 1), merge("metrics/passed.json", train="1" * 64)],
    "other-writer": [wrong(0, 1), lock("convert", "outs", "data/parquet", f"{'2' * 32}.dir")],
    "a|b`<img/src=x>@name#1": [wrong(0), lambda project: (project / "metrics/passed.json").unlink()],
}
