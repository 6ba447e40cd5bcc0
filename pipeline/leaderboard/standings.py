"""The rows of the leaderboard, from the scores of the methods and the published errors."""

import csv
from pathlib import Path
from typing import Any

import msgspec

from pipeline.base.errors import DataError, UnavailableError, listed
from pipeline.base.structs import parse_json
from pipeline.history.compare.paired import Paired
from pipeline.models import registry
from pipeline.models.metrics import DIGITS

DEFAULT = "gradient_svm"  # all other methods are compared with this one
COLUMNS = [
    "name", "method", "preprocessing", "published_error_percent", "source", "note",
    "test_error_rate", "test_error_rate_low", "test_error_rate_high", "test_errors", "test_n",
    "validation_error_rate", "validation_n", "difference", "p_value",
    "fit_seconds", "microseconds_per_image", "model_bytes", "cores", "not_run",
]  # fmt: skip


class Published(msgspec.Struct, frozen=True):
    """A row of rows.csv, which has the published list and our own rows. name: our method; None if we have none."""

    name: str | None
    method: str
    preprocessing: str
    published_error_percent: float | None
    source: str | None
    note: str | None


def published(path: Path) -> list[Published]:
    """The rows of the CSV file. Raises DataError if a row has another form."""
    with path.open(newline="") as file:
        rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]
        try:
            return msgspec.convert(rows, list[Published], strict=False)
        except msgspec.ValidationError as error:
            raise DataError(f"{path}: {error}") from None


def standings(board: Path) -> list[dict[str, Any]]:
    """The rows, best first, then the methods that did not run. A method that was published twice has two rows.

    board: the folder with rows.csv, results, errors and costs. `difference` and `p_value` compare a method with
    the default method on the same test rows. `difference` is the method's error rate minus the default's.
    `p_value` is the exact McNemar test, adjusted for the number of methods (S. Holm, Scand. J. Stat. 6, 1979).
    Raises UnavailableError if the default method has no score, DataError for a file of another form.
    """
    paths = {name: board / "results" / f"{name}.json" for name in registry.names()}
    results = {name: _read(path) for name, path in paths.items() if path.is_file()}
    scored = [name for name in results if "test" in results[name]]
    if DEFAULT not in scored:
        raise UnavailableError(f"{board}/results/{DEFAULT}.json: not found; run `dvc repro {board}/dvc.yaml`")
    wrong = {name: _wrong(board / "errors" / f"{name}.csv", results[name]["test"]["errors"]) for name in scored}
    n = results[DEFAULT]["test"]["n"]
    pairs = {
        name: Paired(n, len(wrong[name] - wrong[DEFAULT]), len(wrong[DEFAULT] - wrong[name])) for name in scored
    }
    p_values = holm({name: pair.p_value for name, pair in pairs.items() if name != DEFAULT})
    for name, value in p_values.items():
        results[name] |= {"difference": round(pairs[name].difference, DIGITS), "p_value": value}
    described = [msgspec.to_builtins(row) for row in published(board / "rows.csv")]
    undescribed = sorted(results.keys() - {row["name"] for row in described})
    described += [{"name": name, "method": registry.description(name)} for name in undescribed]
    rows = [row | _measured(board, row["name"], results.get(row["name"], {})) for row in described]
    return sorted(rows, key=lambda row: row.get("test_error_rate", 2))


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """The p-values, adjusted so that all tests together keep the level."""
    adjusted, largest = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: (p_values[name], name))):
        largest = max(largest, min(1.0, p_values[name] * (len(p_values) - rank)))
        adjusted[name] = float(f"{largest:.3g}")
    return adjusted


def percents(row: dict[str, Any]) -> tuple[float, float, float]:
    """The test error of a row that ran, and the ends of its interval, in percent.

    They are rounded, so that they compare with the published error: 100 * 0.0035 is more than 0.35.
    """
    error, low, high = (round(100 * row[f"test_error_rate{end}"], DIGITS - 2) for end in ("", "_low", "_high"))
    return error, low, high


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = parse_json(path.read_bytes(), dict[str, Any], str(path), "what `score` writes")
    return found


def _wrong(path: Path, errors: int) -> set[str]:
    """The ids of the test rows that a method got wrong. Raises DataError unless there are `errors` of them."""
    with path.open(newline="") as file:
        ids = {row["id"] for row in csv.DictReader(file) if "id" in row}
    if len(ids) != errors:
        raise DataError(f"{path}: expected the ids of {errors} rows, found {len(ids)}")
    return ids


def _measured(board: Path, name: str | None, result: dict[str, Any]) -> dict[str, Any]:
    """The columns that were measured here."""
    if "test" not in result:
        if missing := result.get("missing"):
            return {"not_run": f"{listed(missing)} not installed"}
        return {"not_run": "not run yet" if name in registry.names() else "not among ours"}
    costs = board / "costs" / f"{name}.json"
    found = result | (_read(costs) if costs.is_file() else {})
    for part in ("test", "validation"):
        found |= {f"{part}_{key}": value for key, value in result[part].items()}
    return {key: value for key, value in found.items() if key in COLUMNS}
