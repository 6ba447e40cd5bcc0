"""Data in any form, rebuilt as the raw IDX files of a record: every check and every hash holds for them."""

from pathlib import Path

import numpy as np

from pipeline.base.dataset import Dataset
from pipeline.base.errors import DataError
from pipeline.readers.form import Form
from pipeline.rows import idx


def rebuild(form: Form, dataset: Dataset, folder: Path, most: int | None = None) -> None:
    """Write the raw files of each split that the form has into `folder`, under the names in the record.

    most: the largest number of bytes of all files together. Raises DataError if the data are damaged or larger.
    """
    written = 0
    for split, blocks in form.splits.items():
        record = dataset.splits[split]
        with (
            idx.Growing(folder / record.images.name) as images,
            idx.Growing(folder / record.labels.name) as labels,
        ):
            for pixels, own in blocks:
                turned = form.upright and dataset.transposed
                images.append(np.swapaxes(pixels, 1, 2) if turned else pixels)
                labels.append(own)
                written += pixels.nbytes + own.nbytes
                if most is not None and written > most:
                    raise DataError(f"expected at most {most:,} bytes of images and labels, found more")
