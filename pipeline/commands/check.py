"""Command `check`: hold data of any known form to the gates. The data of the project stay as they are."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.base.outputs import Outputs

if TYPE_CHECKING:
    from pipeline.base.dataset import Dataset

FORMATS = ("text", "json", "junit", "github")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DATA", help="a folder of IDX files, or data in another form")
    parser.add_argument(
        "--dataset", metavar="NAME", help="name or file of a record; else mnist, or the project's own"
    )
    parser.add_argument("--split", choices=("train", "test"), help="check this split alone")
    parser.add_argument("--no-checksums", action="store_true", help="accept other bytes than those in the record")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result there, not to stdout")
    parser.add_argument("--docs", type=Path, metavar="DIR", help="build the HTML report there")
    parser.add_argument(
        "--against",
        metavar="DIR-OR-NAME",
        help="a folder of other datasets' files, or a dataset to download, whose images must not stand in DATA",
    )
    parser.add_argument(
        "--params",
        type=Path,
        metavar="FILE",
        help="its `gate:` changes thresholds; else the project's params.yaml",
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import outputs, params, program, records
    from pipeline.base.errors import DataError
    from pipeline.gates import folder, formats

    # Outside the project a params.yaml is somebody else's. Then the thresholds of the record hold.
    path = args.params or program.own_params()
    config = params.load(path) if path else None
    gate = config.gate if config else params.Gate()
    found = records.find(args.dataset or (config.dataset if config else "mnist"))
    dataset, changes = records.with_thresholds(found, gate.changes, path or Path())
    for change in changes:
        print(f"check: warning: {path}: gate.{change}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        other, stored = _other(args.against, Path(scratch))
        judged = folder.check(
            dataset,
            args.folder,
            not args.no_checksums,
            gate.seed,
            args.docs,
            args.split,
            other=other,
            stored=stored,
        )
    result = formats.FORMATS[args.format](judged.verdicts, changes)
    if result or args.output:
        outputs.write_text(args.output, f"{result}\n")
    says = formats.summary(judged.verdicts)
    if judged.failed:
        raise DataError(f"{args.folder}: {says}")
    print(f"check: {args.folder}: {says}", file=sys.stderr)


def _other(given: str | None, scratch: Path) -> "tuple[Path | None, Dataset | None]":
    """The folder to compare with, and the record of its files if `given` is the name of a dataset.

    The files of that dataset are downloaded into `scratch`. A folder of the same name is taken first.
    """
    from pipeline.base import records

    if given is None or Path(given).exists() or given not in records.names():
        return Path(given) if given else None, None
    from pipeline.base.progress import progress
    from pipeline.sources import every, fetch

    dataset = records.load(given)
    total = sum(file.bytes for file in dataset.files)
    with Outputs() as out, progress(total, f"download {given}", unit="B", unit_scale=True) as bar:
        fetch.fetch(dataset, every.of(dataset, scratch), scratch, out, bar.update, lambda _: None)
    return scratch, dataset
