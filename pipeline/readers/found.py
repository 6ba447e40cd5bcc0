"""Which form the data at a path have."""

import importlib
from pathlib import Path

from pipeline.base.dataset import Dataset
from pipeline.base.errors import ConfigError, listed
from pipeline.readers.form import Form, relative, split_of
from pipeline.readers.picture_folders import ENDINGS as PICTURES

# Ending of a file -> the module that reads it.
READERS = {
    ".parquet": "parquet_files",
    ".npz": "numpy_files",
    ".npy": "numpy_files",
    ".csv": "csv_files",
    ".csv.gz": "csv_files",
    ".mat": "matlab",
}
PICKLES = (".pkl", ".pkl.gz", ".pickle", ".pt", ".pth", ".joblib")
KNOWN = "Parquet, .npz, .npy, CSV, .mat, or folders train and test of pictures"


def find(path: Path, dataset: Dataset) -> Form | None:
    """The data at a path, a file or a folder, in a form other than IDX. None if it holds no form that is known.

    dataset: says the shape of an image and the names of classes, where a form does not; both may be empty. Raises
    ConfigError for files of several forms, and for pickles, which are never opened.
    """
    files = [path] if path.is_file() else _files(path)
    by_reader: dict[str, list[Path]] = {}
    for file in files:
        if reader := _reader(file):
            by_reader.setdefault(reader, []).append(file)
    if len(by_reader) > 1:
        names = listed(relative(path, files[0]) for files in by_reader.values())
        raise ConfigError(f"{path}: expected data in one form, found {names}; name the files that are meant")
    for reader, own in by_reader.items():
        form: Form = importlib.import_module(f"pipeline.readers.{reader}").read(path, own, dataset)
        return form
    if pictures := _pictures(path):
        from pipeline.readers import picture_folders

        return picture_folders.read(path, pictures, dataset)
    if pickles := [file for file in files if file.name.lower().endswith(PICKLES)]:
        names = listed(relative(path, file) for file in pickles)
        raise ConfigError(
            f"{path}: found {names}: a pickle can run code when it is loaded, so it is never opened; "
            "save the arrays with numpy.savez"
        )
    return None


def _files(folder: Path) -> list[Path]:
    """The files of a folder and of the folders in it, without hidden ones, in order."""
    paths = [path for pattern in ("*", "*/*") for path in folder.glob(pattern)]
    return sorted(
        path
        for path in paths
        if path.is_file() and not any(p.startswith((".", "_")) for p in path.relative_to(folder).parts)
    )


def _reader(path: Path) -> str | None:
    return next((reader for ending, reader in READERS.items() if path.name.lower().endswith(ending)), None)


def _pictures(folder: Path) -> list[Path]:
    """The pictures in folders of classes in folders of splits."""
    splits = [path for path in folder.glob("*") if path.is_dir() and split_of(path.name)]
    return sorted(
        file
        for split in splits
        for file in split.glob("*/*")
        if file.suffix.lower() in PICTURES and file.name[0] != "."
    )
