"""Command `check`: any folder of four IDX files through the gates, without touching the project's own data."""

import argparse
import sys
from pathlib import Path

FORMATS = ("text", "json", "junit", "github")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds the four IDX files, plain or as .gz")
    parser.add_argument("--dataset", metavar="NAME", help="a record's name, or its file; else as in params.yaml")
    parser.add_argument("--no-checksums", action="store_true", help="accept other bytes than the record's")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result there, not to stdout")
    parser.add_argument("--docs", type=Path, metavar="DIR", help="build the HTML report (Data Docs) there")
    parser.add_argument(
        "--params", type=Path, metavar="FILE", help="its `gate:` changes thresholds; else params.yaml"
    )


def run(args: argparse.Namespace) -> None:
    from pipeline import datasets, files, params
    from pipeline.errors import DataError
    from pipeline.quality import folder, formats

    # Elsewhere than in the project there need be no params.yaml: then the record's own thresholds hold.
    path = args.params or Path("params.yaml")
    if args.dataset and not args.params and not path.is_file():
        name, gate = args.dataset, params.Gate()
    else:
        config = params.load(path)
        name, gate = args.dataset or config.dataset, config.gate
    dataset, changes = datasets.with_thresholds(datasets.find(name), gate, path)
    for change in changes:
        print(f"check: warning: {path}: gate.{change}", file=sys.stderr)
    judged = folder.check(dataset, args.folder, not args.no_checksums, gate.seed, args.docs)
    result = getattr(formats, f"as_{args.format}")(judged.verdicts, changes)
    if result or args.output:
        files.write_text(args.output, f"{result}\n")
    says = formats.summary(judged.verdicts)
    if judged.failed:
        raise DataError(f"{args.folder}: {says}")
    print(f"check: {args.folder}: {says}", file=sys.stderr)
