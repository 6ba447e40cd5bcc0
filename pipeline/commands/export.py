"""Command `export`: the Parquet files back to the raw IDX files, byte for byte."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the four files are written")
    parser.add_argument(
        "--gzip", action="store_true", help="write each as .gz; not the bytes of the published .gz"
    )
    parser.add_argument("--params", type=Path, metavar="FILE", default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, metavar="DIR", default=Path("data/parquet"))


def run(args: argparse.Namespace) -> None:
    from pipeline import datasets, idx_export, params

    dataset = datasets.asked(params.load(args.params))
    idx_export.export(dataset, args.parquet, args.folder, args.gzip)
    unknown = [file.name for file in dataset.files if not file.sha256]
    proof = f"the record has no SHA-256 for {', '.join(unknown)}" if unknown else "with the record's SHA-256"
    print(f"export: {args.folder}: {len(dataset.files)} files of {dataset.name}, {proof}", file=sys.stderr)
