"""Writes the splits of a dataset in the forms that people have. A place is a file or a folder."""

import io
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import scipy.io
from numpy.typing import NDArray
from PIL import Image

Splits = Mapping[Any, tuple[NDArray[Any], NDArray[Any]]]
PNG = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def keras(place: Path, splits: Splits) -> Path:
    """The mnist.npz of Keras."""
    names = {
        f"{name}_{split}": array for split, pair in splits.items() for name, array in zip("xy", pair, strict=True)
    }
    np.savez_compressed(place / "mnist.npz", allow_pickle=False, **names)
    return place / "mnist.npz"


def arrays(place: Path, splits: Splits) -> Path:
    """An .npy for each array; the labels int64."""
    for split, (images, labels) in splits.items():
        np.save(place / f"{split}_images.npy", images)
        np.save(place / f"{split}_labels.npy", labels.astype(np.int64))
    return place


def lone_arrays(place: Path, splits: Splits) -> Path:
    """An .npz for each array, as KMNIST's authors publish it."""
    for split, (images, labels) in splits.items():
        np.savez_compressed(place / f"kmnist-{split}-imgs.npz", images)
        np.savez_compressed(place / f"kmnist-{split}-labels.npz", labels)
    return place


def table(images: NDArray[np.uint8], labels: NDArray[np.uint8], label_first: bool) -> pa.Table:
    """A column for each pixel, and one for the label."""
    flat = images.reshape(len(images), -1)
    columns = {f"pixel{number}": flat[:, number] for number in range(flat.shape[1])}
    return pa.table({"label": labels} | columns if label_first else columns | {"label": labels})


def kaggle(place: Path, splits: Splits) -> Path:
    """CSV as on Kaggle: a header, the label first."""
    for split, pair in splits.items():
        pa.csv.write_csv(table(*pair, label_first=True), place / f"mnist_{split}.csv")
    return place


def bare_csv(place: Path, splits: Splits) -> Path:
    """CSV without a header, the label last, gzipped."""
    for split, pair in splits.items():
        with pa.output_stream(place / f"{split}.csv.gz", compression="gzip") as file:
            options = pa.csv.WriteOptions(include_header=False)
            pa.csv.write_csv(table(*pair, label_first=False), file, options)
    return place


def png(image: NDArray[np.uint8]) -> bytes:
    """The image as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def hub(place: Path, splits: Splits) -> Path:
    """Parquet as on the Hugging Face hub: PNG files in a struct, the label int64; two files for train."""
    for split, (images, labels) in splits.items():
        parts = np.array_split(np.arange(len(labels)), 2 if split == "train" else 1)
        for number, part in enumerate(parts):
            rows = pa.array([{"bytes": png(images[row]), "path": None} for row in part], PNG)
            content = pa.table({"image": rows, "label": labels[part].astype(np.int64)})
            (place / "mnist").mkdir(exist_ok=True)
            pq.write_table(content, place / f"mnist/{split}-{number:05}-of-{len(parts):05}.parquet")
    return place


def plain_parquet(place: Path, splits: Splits) -> Path:
    """Parquet of another program: binary images without metadata; Spark's name for the only file of a folder."""
    for split, (images, labels) in splits.items():
        (place / f"{split}.parquet").mkdir()
        content = pa.table({"label": labels.astype(np.int32), "image": [image.tobytes() for image in images]})
        pq.write_table(content, place / f"{split}.parquet/part-00000-0a1b.snappy.parquet")
    return place


def folders(place: Path, splits: Splits) -> Path:
    """A PNG file for each image, in a folder for its class. Its name is its row."""
    for split, (images, labels) in splits.items():
        for row, image, label in zip(itertools.count(), images, labels, strict=False):
            folder = place / f"{split}ing" / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{row}.png").write_bytes(png(image))
    return place


def matlab(place: Path, splits: Splits) -> Path:
    """A MATLAB file as EMNIST publishes it: labels are doubles in a column."""
    parts = {
        split: {"images": images.reshape(len(images), -1), "labels": labels[:, None].astype(float)}
        for split, (images, labels) in splits.items()
    }
    scipy.io.savemat(place / "emnist-mnist.mat", {"dataset": parts}, do_compression=True)
    return place / "emnist-mnist.mat"


FORMS: dict[str, Callable[[Path, Splits], Path]] = {
    make.__name__: make
    for make in (keras, arrays, lone_arrays, kaggle, bare_csv, hub, plain_parquet, folders, matlab)
}
