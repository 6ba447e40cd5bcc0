"""Command `check`: hold data of any known form to the gates. The data of the project stay as they are."""

import argparse
import sys
from pathlib import Path

from pipeline.base.outputs import Outputs

FORMATS = ("text", "json", "junit", "github")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DATA", help="a folder of IDX files, or data in another form")
    parser.add_argument(
        "--dataset", metavar="NAME", help="name or file of a record; else mnist, or the project's own"
    )
    parser.add_argument("--split", choices=("train", "test"), help="check this split alone")
    parser.add_argument("--no-checksums", action="store_true", help="accept other bytes than those in the record")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result there, not to stdout")
    parser.add_argument("--docs", type=Path, metavar="DIR", help="build the HTML report there")
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="other datasets' files, whose images must not stand in DATA"
    )
    parser.add_argument(
        "--params",
        type=Path,
        metavar="FILE",
        help="its `gate:` changes thresholds; else the project's params.yaml",
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import outputs, params, program, records
    from pipeline.base.errors import DataError
    from pipeline.gates import folder, formats

    # Outside the project a params.yaml is somebody else's. Then the thresholds of the record hold.
    path = args.params or program.own_params()
    config = params.load(path) if path else None
    gate = config.gate if config else params.Gate()
    found = records.find(args.dataset or (config.dataset if config else "mnist"))
    dataset, changes = records.with_thresholds(found, gate.changes, path or Path())
    for change in changes:
        print(f"check: warning: {path}: gate.{change}", file=sys.stderr)
    judged = folder.check(
        dataset, args.folder, not args.no_checksums, gate.seed, args.docs, args.split, other=args.against
    )
    result = formats.FORMATS[args.format](judged.verdicts, changes)
    if result or args.output:
        outputs.write_text(args.output, f"{result}\n")
    says = formats.summary(judged.verdicts)
    if judged.failed:
        raise DataError(f"{args.folder}: {says}")
    print(f"check: {args.folder}: {says}", file=sys.stderr)
