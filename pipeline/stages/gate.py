"""Stage `gate`: the Parquet files against the dataset's expectations."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--docs", type=Path, default=Path("data/docs"), help="folder of the HTML report")
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="folder of the numbers and suspects")
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"), help="the rows that passed")


def run(args: argparse.Namespace) -> None:
    from pipeline import datasets, files, params, plots, quality, table
    from pipeline.errors import DataError
    from pipeline.quality import formats, suspects

    config = params.load(args.params)
    dataset, changes = datasets.with_thresholds(datasets.asked(config), config.gate, args.params)
    tables = {split: table.scan(args.parquet / f"{split}.parquet") for split in dataset.splits}
    judged = quality.judge(dataset, tables, config.gate.seed, args.docs)
    doubted = suspects.ranked(judged.evidence)
    listed = plots.as_csv(doubted.to_dict("records"), suspects.COLUMNS)
    files.write_json(args.metrics / "quality.json", quality.report(judged))
    files.write_bytes(args.metrics / "suspects.csv", listed)
    files.write_bytes(args.metrics / "suspects.png", suspects.picture(doubted, judged.evidence, dataset))
    for change in changes:
        print(f"gate: warning: {args.params}: gate.{change}", file=sys.stderr)
    if shown := formats.as_text(judged.verdicts):
        print(shown)
    if judged.failed:
        args.passed.unlink(missing_ok=True)
        page = (args.docs / "index.html").resolve().as_uri()
        raise DataError(f"{args.parquet}: {formats.summary(judged.verdicts)}; see {page}")
    files.write_json(args.passed, table.fingerprints(tables))
    print(f"gate: {dataset.name}: {formats.summary(judged.verdicts)}; suspects in {args.metrics}/suspects.csv")
