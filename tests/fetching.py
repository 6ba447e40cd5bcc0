"""Fetching in tests, without a progress bar."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.base.dataset import Dataset, Provenance, RawFile
from pipeline.base.outputs import Outputs
from pipeline.sources import fetch


def bring(
    dataset: Dataset | Provenance,
    sources: Sequence[fetch.Source],
    folder: Path,
    warn: Callable[[str], object] = print,
) -> None:
    """Bring all raw files of a dataset into a folder, and publish them."""
    with Outputs() as out:
        fetch.fetch(dataset, sources, folder, out, lambda _: None, warn)


def bring_file(
    source: fetch.Source, file: RawFile, folder: Path, progress: Callable[[int], object] = lambda _: None
) -> None:
    """Bring one raw file into a folder."""
    with Outputs() as out:
        fetch.fetch_file(source, file, folder / file.name, out, progress)
