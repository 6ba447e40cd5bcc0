"""Stage `inspect`: the raw files against the dataset's record."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument("--report", type=Path, default=Path("metrics/raw.json"))


def run(args: argparse.Namespace) -> None:
    from pipeline import contract, datasets, files, params
    from pipeline.errors import DataError, UnavailableError

    dataset = datasets.asked(params.load(args.params))
    report, findings = contract.inspect(dataset, args.raw)
    if findings:
        nothing_there = all(finding.check == contract.MISSING for finding in findings)
        kind = UnavailableError if nothing_there else DataError
        raise kind("\n  ".join([f"{len(findings)} findings in {args.raw}", *map(str, findings)]))
    files.write_json(args.report, report)
    print(f"inspect: {len(dataset.all_files)} files in {args.raw} agree with the record of {dataset.name}")
