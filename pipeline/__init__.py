"""MNIST and its family: raw IDX files to versioned metrics, one DVC stage at a time.

The layers. Each imports those below it and, where a noun contains another, a neighbour
(tests/test_layers.py holds the rule):

    load        the rows of a split as arrays, for who uses the data and not the pipeline
    stages      one thin module a DVC stage: paths and params in, one core call, outputs written
    commands    the same for what is no stage: check, profile, export, methods, onnx, compare, verify
    core        sources, and location, archive and package_index, where files may stand; idx, contract, rows,
                table, conversion, training, model, metrics, plots, card;
                registry, the method that a name stands for, over methods (one file a method), which are made of
                estimators, and imports (what a module is made of); leaderboard, all methods side by side;
                croissant and dataset_card, the Parquet files for programs and for people, over contents, what
                they hold; markdown, the tables of both kinds of card; onnx_export; quality, the gates, over
                measures, references, orientation, probe, leakage and audit;
                compare and verify, what two runs differ in, over lock (dvc.lock) and revisions (git); inputs,
                whether what a stage depends on stays the same while it runs
    ground      errors, files, params, datasets
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def load(split: str, folder: str | Path = "data/parquet") -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images uint8[n, rows, columns] and labels uint8[n] of a split, train or test, in the order of the raw files.

    folder: of the Parquet files. Both arrays are read-only views of the memory into which Arrow has read them.
    Raises ConfigError for another split, UnavailableError where the file is missing, DataError where `convert` has
    not written it.
    """
    from pathlib import Path

    from pipeline import table
    from pipeline.errors import ConfigError

    if split not in ("train", "test"):
        raise ConfigError(f"split: expected train or test, found {split!r}")
    path = Path(folder) / f"{split}.parquet"
    rows = table.read(path)
    table.require_own(rows.schema, path)
    return table.to_arrays(rows)
