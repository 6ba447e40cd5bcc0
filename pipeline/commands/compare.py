"""Command `compare`: two revisions of the project, from what git holds of them; a regression gate."""

import argparse
import contextlib
import sys
from functools import partial
from pathlib import Path

FORMATS = ("text", "md", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="a branch, tag, commit or DVC experiment, or `workspace`")
    parser.add_argument(
        "head", metavar="HEAD", nargs="?", default="workspace", help="the same; else the workspace"
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument(
        "--tolerance",
        type=fraction,
        default=0.0,
        metavar="RATE",
        help="the rise of the error rate that is accepted, as a fraction: 0.001 is a tenth of a percentage point",
    )
    parser.add_argument("--alpha", type=level, default=0.05, help="the level of significance")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="the rows that only one gets right, as PNG")
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"), help="the images of the picture")


def fraction(text: str) -> float:
    if not 0 <= (value := float(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to below 1, found {text}")
    return value


def level(text: str) -> float:
    if not (value := fraction(text)):
        raise argparse.ArgumentTypeError("expected more than 0, at which nothing is significant")
    return value


def run(args: argparse.Namespace) -> None:
    from pipeline import compare, files, revisions
    from pipeline.compare import formats, results
    from pipeline.errors import ConfigError, DataError, UnavailableError

    found = [revisions.find(name) for name in (args.base, args.head)]
    base, head = (results.load(str(revision), partial(revisions.read, revision)) for revision in found)
    comparison = compare.compare(base, head, args.tolerance, args.alpha)
    files.write_text(None, f"{getattr(formats, f'as_{args.format}')(comparison)}\n")
    if not found[-1].commit:
        _warn_of_stale()
    if args.picture and comparison.paired:
        from pipeline import table
        from pipeline.compare import picture
        from pipeline.rows import Rows

        rows = table.read(args.parquet / "test.parquet")
        try:
            same = table.fingerprints({"test": Rows.of(rows)})["test"] == base.passed["test"] and len(rows) == len(
                base.predictions
            )
        except (KeyError, TypeError, ValueError):  # another schema
            same = False
        if not same:
            raise UnavailableError(f"{args.parquet}: other test rows than compared; run `dvc checkout`")
        files.write_bytes(args.picture, picture.discordant(rows, base.predictions, head.predictions))
    if comparison.lost or comparison.worse:
        raise DataError(f"{head.name}: {comparison.verdict}")
    if not comparison.paired:
        raise ConfigError(f"{base.name}, {head.name}: {comparison.verdict}")


def _warn_of_stale() -> None:
    """Say where the workspace's results are not those of its code and params; where DVC cannot tell, nothing."""
    from pipeline.errors import PipelineError, listed
    from pipeline.verify import step

    with contextlib.suppress(PipelineError):
        if findings := step.findings(Path()):
            print(
                f"compare: warning: dvc.lock is not in step, run `dvc repro`: {listed(findings, 3)}",
                file=sys.stderr,
            )
