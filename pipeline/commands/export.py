"""Command `export`: write the raw IDX files again from the Parquet files, byte for byte."""

import argparse
import sys
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the four files are written")
    parser.add_argument(
        "--gzip", action="store_true", help="write each as .gz; not the bytes of the published .gz"
    )
    parser.add_argument("--params", type=Path, metavar="FILE", default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, metavar="DIR", default=Path("data/parquet"))


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.rows import export

    config = params.load(args.params)
    dataset = records.load(config.dataset, config.provenance)
    export.raw_files(dataset, args.parquet, args.folder, args.gzip, out)
    unknown = [file.name for file in dataset.files if not file.sha256]
    proof = f"the record has no SHA-256 for {', '.join(unknown)}" if unknown else "with the record's SHA-256"
    print(f"export: {args.folder}: {len(dataset.files)} files of {dataset.name}, {proof}", file=sys.stderr)
