"""Command `suite`: write the suites of a dataset for Great Expectations."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", metavar="NAME", required=True, help="name or file of a record")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the suites there, not to stdout")


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import outputs, records
    from pipeline.gates import suite_json

    outputs.write_text(args.output, suite_json.of(records.find(args.dataset)))
