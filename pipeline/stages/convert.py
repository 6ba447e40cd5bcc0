"""Stage `convert`: raw IDX files to one Parquet file a split, and what describes them."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))


def run(args: argparse.Namespace) -> None:
    from pipeline import contents, conversion, croissant, dataset_card, datasets, files, params, table

    dataset = datasets.asked(params.load(args.params))
    schema = table.schema(dataset)
    for split in dataset.splits:
        table.write(conversion.rows(dataset, split, args.raw), args.parquet / f"{split}.parquet")
    found = {split: contents.of(args.parquet / f"{split}.parquet") for split in dataset.splits}
    files.write_json(args.parquet / "croissant.json", croissant.describe(dataset, schema, found))
    files.write_text(args.parquet / "README.md", dataset_card.write(dataset, schema, found))
    print(f"convert: {', '.join(dataset.splits)} of {dataset.name} in {args.parquet}, read back and compared")
