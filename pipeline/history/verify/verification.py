"""A comparison of a revision's dvc.lock with the results of its whole pipeline in a clean clone."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.base.errors import DataError, UnavailableError, listed
from pipeline.base.structs import parse_json
from pipeline.history import lock, revisions
from pipeline.history.lock import Entry, Lock, Stage
from pipeline.history.verify import clean_clone, step

MODEL, PREDICTIONS = "data/model/model.skops", "metrics/predictions.csv"
IDENTICAL, EQUIVALENT, DIFFERENT = "identical", "equivalent", "different"


class Row(NamedTuple):
    """One line of the table: a record of the lock, the verdict on it, and what was found instead."""

    stage: str
    record: str
    verdict: str
    detail: str = ""


def verify(revision: revisions.Revision, folder: Path, source: str | None) -> list[Row]:
    """Clone a revision into `folder`, run its whole pipeline there, and compare the result with its dvc.lock.

    source: the first source that is tried for the raw files; if None, the stage `download` decides.
    """
    committed = lock.parse(revisions.read(revision, lock.PATH), f"{revision}: {lock.PATH}")
    project = clean_clone.make(revision, folder)
    rows = [Row("lock", finding, DIFFERENT) for finding in step.findings(project).findings]
    for words in clean_clone.foreign_packages((project / "requirements/run.txt").read_text()):
        print(f"verify: warning: {words}", file=sys.stderr)
    clean_clone.reproduce(project, source)
    reproduced = lock.parse((project / lock.PATH).read_bytes(), lock.PATH)
    compared = compare(committed, reproduced)
    return rows + [_with_numbers(row, revision, project) for row in compared]


def compare(committed: Lock, reproduced: Lock) -> list[Row]:
    """One row for the inputs of each stage, and one row for each of its outputs.

    A model with other bytes is equivalent if the predictions are the same. Another type of processor gives such a
    model.
    """
    same_predictions = committed.outs.get(PREDICTIONS) == reproduced.outs.get(PREDICTIONS)
    may_differ = {MODEL} if same_predictions else set()
    rows = []
    for name in committed.stages | reproduced.stages:
        old, new = (which.stages.get(name, Stage(cmd="")) for which in (committed, reproduced))
        inputs = [_hashes(stage.deps) | {"cmd": stage.cmd, "params": str(stage.params)} for stage in (old, new)]
        changed = _changed(*inputs)
        rows.append(Row(name, f"{len(inputs[1])} inputs", _verdict(changed, may_differ), listed(changed)))
        outs = _hashes(old.outs), _hashes(new.outs)
        for path in outs[0] | outs[1]:
            changed = [path] if outs[0].get(path) != outs[1].get(path) else []
            detail = f"{outs[0].get(path)} -> {outs[1].get(path)}" if changed else ""
            rows.append(Row(name, path, _verdict(changed, may_differ), detail))
    return rows


def _hashes(entries: list[Entry]) -> dict[str, str]:
    return {entry.path: entry.digest for entry in entries}


def _changed(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return [key for key in old | new if old.get(key) != new.get(key)]


def _verdict(changed: list[str], may_differ: set[str]) -> str:
    if not changed:
        return IDENTICAL
    return EQUIVALENT if may_differ.issuperset(changed) else DIFFERENT


def _with_numbers(row: Row, revision: revisions.Revision, project: Path) -> Row:
    """The row; if it is about a JSON file that differs, with the numbers that differ."""
    if row.verdict != DIFFERENT or not (project / row.record).is_file() or not row.record.endswith(".json"):
        return row
    try:
        texts = revisions.read(revision, row.record), (project / row.record).read_bytes()
        old, new = (lock.flat(parse_json(text, dict[str, Any], row.record)) for text in texts)
    except (UnavailableError, DataError):  # absent, or no JSON object
        return row
    numbers = ", ".join(f"{key} {old.get(key)} -> {new.get(key)}" for key in _changed(old, new))
    return row._replace(detail=numbers or row.detail)
