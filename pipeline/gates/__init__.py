"""The gates: what is expected of the data, and what is wrong with it. Only they import Great Expectations.

`check` is for programs and notebooks: `from pipeline import gates`, then `gates.check("mnist.npz")`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from pipeline.base.dataset import Dataset, Split
    from pipeline.gates.report import Report


def check(
    data: str | Path | Mapping[Split, tuple[Any, Any]],
    record: str | Path | Dataset = "mnist",
    *,
    split: Split | None = None,
    checksums: bool = True,
    seed: int = 0,
) -> Report:
    """Hold data to a record, and print nothing.

    data: a folder or a file in any form that the command `check` reads, or arrays by split: images
    uint8[n, rows, columns] or uint8[n, rows, columns, channels], and labels [n]. record: the name of a dataset,
    the path of a record file, or a record. split: check this one alone. checksums: whether the data must be those
    of the record byte for byte; of arrays, the raw files that they make. seed: deals the folds of the probe.

    Raises DataError for data that cannot be read at all, ConfigError for a record with a fault or if it is not
    clear which data are meant, UnavailableError if there are no such data. What the gates find is in the report.
    """
    # By its name, because no stage that uses this room needs what only programs call.
    report: Report = importlib.import_module("pipeline.gates.report").of(data, record, split, checksums, seed)
    return report
