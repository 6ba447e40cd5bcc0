"""Stage `download`: the dataset's raw IDX files, verified, into a folder."""

import argparse
import os
import sys
from pathlib import Path

ENVIRONMENT = "PIPELINE_SOURCE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument(
        "--source",
        metavar="URL-OR-FOLDER",
        default=os.environ.get(ENVIRONMENT),
        help=f"tried first: a folder or URL (https, s3, ...) of the files, or EMNIST's zip; or ${ENVIRONMENT}",
    )


def run(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from pipeline import archive, datasets, package_index, params, sources
    from pipeline.location import Location

    dataset = datasets.asked(params.load(args.params))
    given: list[sources.Source] = [archive.own(args.source, dataset, args.raw)] if args.source else []
    order = [*given, *map(Location, dataset.mirrors)]
    order += [archive.ZipArchive(dataset.archive, args.raw)] if dataset.archive else []
    order += [package_index.PackageIndex(dataset.package)] if dataset.package else []
    total = sum(file.bytes for file in dataset.all_files)
    with tqdm(total=total, desc="download", unit="B", unit_scale=True, disable=None, file=sys.stderr) as bar:
        warn = lambda text: bar.write(f"download: warning: {text}", file=sys.stderr)  # noqa: E731
        sources.fetch(dataset, order, args.raw, bar.update, warn)
        if known := dataset.provenance:
            sources.fetch(known, [*given, *map(Location, known.mirrors)], args.raw, bar.update, warn)
    sources.leave_only(dataset, args.raw)
    print(f"download: {len(dataset.all_files)} files of {dataset.name} in {args.raw}, right to the byte")
