"""Stage `download`: bring the dataset's raw IDX files, verified, into a folder."""

import argparse
import os
import sys
from pathlib import Path

from pipeline.base.outputs import Outputs

ENVIRONMENT = "PIPELINE_SOURCE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument(
        "--source",
        metavar="URL-OR-FOLDER",
        default=os.environ.get(ENVIRONMENT),
        help=f"tried first: a folder or URL (https, s3, ...) of the files, or EMNIST's zip; else ${ENVIRONMENT}",
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.base.progress import progress
    from pipeline.sources import archive, every, fetch
    from pipeline.sources.location import Location

    config = params.load(args.params)
    dataset = records.load(config.dataset, config.provenance)
    order = every.of(dataset, args.raw, args.source)
    total = sum(file.bytes for file in dataset.all_files)
    with progress(total, "download", unit="B", unit_scale=True) as bar:

        def warn(text: str) -> None:
            bar.write(f"download: warning: {text}", file=sys.stderr)

        fetch.fetch(dataset, order, args.raw, out, bar.update, warn)
        if known := dataset.provenance:
            given = [archive.own(args.source, dataset, args.raw)] if args.source else []
            fetch.fetch(known, [*given, *map(Location, known.mirrors)], args.raw, out, bar.update, warn)
    fetch.leave_only(dataset, args.raw, out)
    print(f"download: {len(dataset.all_files)} files of {dataset.name} in {args.raw}, right to the byte")
