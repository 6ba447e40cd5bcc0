"""Stage `convert`: write a Parquet file for each split from the raw IDX files, and describe both files."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.describe import contents, croissant, dataset_card
    from pipeline.rows import arrow, convert, parquet

    config = params.load(args.params)
    dataset = records.load(config.dataset, config.provenance)
    found = {}
    for split in dataset.splits:
        path = args.parquet / f"{split}.parquet"
        parquet.write(convert.rows(dataset, split, args.raw), path, out)
        found[split] = contents.of(out.part(path))
    schema = arrow.schema(dataset)
    out.json(args.parquet / "croissant.json", croissant.describe(dataset, schema, found))
    out.text(args.parquet / "README.md", dataset_card.write(dataset, schema, found))
    print(f"convert: {', '.join(dataset.splits)} of {dataset.name} in {args.parquet}, read back and compared")
