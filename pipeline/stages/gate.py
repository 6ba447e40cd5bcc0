"""Stage `gate`: hold the Parquet files to what the record of the dataset expects."""

import argparse
import sys
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--docs", type=Path, default=Path("data/docs"), help="folder of the HTML report")
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="folder of the numbers and suspects")
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"), help="the rows that passed")


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.base.errors import DataError
    from pipeline.gates import formats, numbers, suspects
    from pipeline.gates.judge import judge
    from pipeline.rows import parquet

    config = params.load(args.params)
    dataset = records.load(config.dataset, config.provenance)
    dataset, changes = records.with_thresholds(dataset, config.gate.changes, args.params)
    tables = {split: parquet.scan(args.parquet / f"{split}.parquet") for split in dataset.splits}
    judged = judge(dataset, tables, config.gate.seed, args.docs)
    doubted = suspects.ranked(judged.evidence)
    out.json(args.metrics / "quality.json", numbers.of(judged))
    out.csv(args.metrics / "suspects.csv", doubted.to_dict("records"), suspects.COLUMNS)
    out.bytes(args.metrics / "suspects.png", suspects.picture(doubted, judged.evidence, dataset))
    for change in changes:
        print(f"gate: warning: {args.params}: gate.{change}", file=sys.stderr)
    if shown := formats.as_text(judged.verdicts):
        print(shown)
    if judged.failed:
        out.publish()  # now, because the error would delete these files
        args.passed.unlink(missing_ok=True)
        page = (args.docs / "index.html").resolve().as_uri()
        raise DataError(f"{args.parquet}: {formats.summary(judged.verdicts)}; see {page}")
    out.json(args.passed, parquet.fingerprints(tables))
    print(f"gate: {dataset.name}: {formats.summary(judged.verdicts)}; suspects in {args.metrics}/suspects.csv")
