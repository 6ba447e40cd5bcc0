"""MNIST and its family: from raw IDX files to versioned metrics, one DVC stage at a time.

`load` gives the rows of a split as arrays, to whoever uses the data without the pipeline. The code is in rooms,
one folder each; docs/architecture.md says which room may import which:

    stages       a thin module for each DVC stage: paths and params in, one call of a room, outputs written
    commands     the same for the commands that are not stages
    base         what every room uses: errors, output files, params, the records of datasets, pictures, threads
    sources      where the raw files come from
    readers      the other forms in which people have data
    rows         the rows of a dataset: IDX files, blocks in memory, Arrow tables, Parquet files
    describe     the descriptions of the Parquet files and of the model
    gates        what the rows are held to
    features     what is computed from images
    estimators   the parts of the methods, as scikit-learn has them
    methods      a file for each method
    models       methods and models: found, built, recorded, saved and scored
    leaderboard  all methods side by side
    history      what two revisions or two runs differ in
    datasets     a record for each dataset
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def load(
    split: str, folder: str | Path = "data/parquet", dataset: str | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images and labels uint8[n] of a split, train or test, in the order of the raw files.

    Images are uint8[n, rows, columns], or uint8[n, rows, columns, channels] if the dataset has channels. folder:
    of the Parquet files. dataset: whose rows they are, if another program wrote the files anew: the name of a
    record, or the path of its YAML file. Both arrays are read-only views of the memory into which Arrow has read
    them. Raises ConfigError for another split or dataset, UnavailableError if the file is missing, DataError if
    `convert` did not write it and no dataset is given, or if its rows do not fit the dataset.
    """
    from pathlib import Path

    from pipeline.base.errors import ConfigError
    from pipeline.rows import arrow, parquet

    if split not in ("train", "test"):
        raise ConfigError(f"split: expected train or test, found {split!r}")
    path = Path(folder) / f"{split}.parquet"
    if dataset:
        import msgspec

        from pipeline.base import records

        record = msgspec.structs.replace(records.find(dataset), provenance=None)
        return arrow.to_arrays(parquet.read_as(arrow.schema(record), path))
    rows = parquet.read(path)
    parquet.require_own(rows.schema, path)
    return arrow.to_arrays(rows)
