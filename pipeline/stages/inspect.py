"""Stage `inspect`: check the raw files against the record of the dataset."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument("--report", type=Path, default=Path("metrics/raw.json"))


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.base.errors import DataError, UnavailableError
    from pipeline.rows import inspect

    config = params.load(args.params)
    dataset = records.load(config.dataset, config.provenance)
    report, findings = inspect.raw_files(dataset, args.raw)
    if findings:
        nothing_there = all(finding.check == inspect.MISSING for finding in findings)
        kind = UnavailableError if nothing_there else DataError
        raise kind("\n  ".join([f"{len(findings)} findings in {args.raw}", *map(str, findings)]))
    out.json(args.report, report)
    print(f"inspect: {len(dataset.all_files)} files in {args.raw} agree with the record of {dataset.name}")
