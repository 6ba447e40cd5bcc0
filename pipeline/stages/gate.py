"""Stage `gate`: the Parquet files against the dataset's expectations."""

import argparse
import math
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--docs", type=Path, default=Path("data/docs"), help="folder of the HTML report")
    parser.add_argument("--report", type=Path, default=Path("metrics/quality.json"))
    parser.add_argument("--passed", type=Path, default=Path("data/passed.json"), help="what has passed the gate")


def run(args: argparse.Namespace) -> None:
    from pipeline import datasets, files, params, quality, table
    from pipeline.errors import DataError

    dataset = datasets.load(params.load(args.params).dataset)
    pixels = math.prod(dataset.shape)
    tables = {split: table.read(args.parquet / f"{split}.parquet") for split in dataset.splits}
    frames = {split: quality.profile(rows, pixels) for split, rows in tables.items()}
    schemas = [quality.schema_verdict(split, rows.schema, table.schema(dataset)) for split, rows in tables.items()]
    verdicts = schemas + quality.validate(dataset, frames, args.docs)
    args.passed.unlink(missing_ok=True)
    files.write_json(args.report, quality.report(frames, verdicts))
    if broken := [verdict for verdict in verdicts if not verdict.success]:
        print(quality.as_text(broken))
    if failed := sum(verdict.fails for verdict in verdicts):
        page = (args.docs / "index.html").resolve().as_uri()
        raise DataError(f"{args.parquet}: {failed} of {len(verdicts)} expectations failed; see {page}")
    files.write_json(args.passed, files.fingerprints(args.parquet))
    print(f"gate: {len(verdicts)} expectations of {dataset.name} checked, none failed")
