"""Command `compare`: compare two revisions of the project, from the files in git; exit code 1 for a regression."""

import argparse
import contextlib
import sys
from functools import partial
from pathlib import Path

from pipeline.base.outputs import Outputs

FORMATS = ("text", "md", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="a branch, tag, commit or DVC experiment, or `workspace`")
    parser.add_argument(
        "head", metavar="HEAD", nargs="?", default="workspace", help="the same; the default is the workspace"
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument(
        "--tolerance",
        type=fraction,
        default=0.0,
        metavar="RATE",
        help="the accepted rise of the error rate, as a fraction: 0.001 is a tenth of a percentage point",
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
        raise argparse.ArgumentTypeError("expected more than 0, because nothing is significant at 0")
    return value


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import outputs
    from pipeline.base.errors import ConfigError, DataError
    from pipeline.history import revisions
    from pipeline.history.compare import comparison, formats, results

    found = [revisions.find(name) for name in (args.base, args.head)]
    base, head = (results.load(str(revision), partial(revisions.read, revision)) for revision in found)
    compared = comparison.compare(base, head, args.tolerance, args.alpha)
    outputs.write_text(None, f"{formats.FORMATS[args.format](compared)}\n")
    if not found[-1].commit:
        _warn_of_stale()
    if args.picture and compared.paired:
        from pipeline.history.compare import picture

        rows = picture.rows_compared(args.parquet / "test.parquet", base)
        out.bytes(args.picture, picture.discordant(rows, base.predictions, head.predictions))
        out.publish()  # also if head is worse, because the picture shows why
    if compared.lost or compared.worse:
        raise DataError(f"{head.name}: {compared.verdict}")
    if not compared.paired:
        raise ConfigError(f"{base.name}, {head.name}: {compared.verdict}")


def _warn_of_stale() -> None:
    """Warn if the results in the workspace are not of its code and params; say nothing where DVC cannot work."""
    from pipeline.base.errors import ConfigError, UnavailableError, listed
    from pipeline.history.verify import step

    with contextlib.suppress(UnavailableError):
        try:
            findings = step.findings(Path()).findings
        except ConfigError as error:  # such as params.yaml after a bad merge
            print(f"compare: warning: {error}", file=sys.stderr)
            return
        if findings:
            print(
                f"compare: warning: dvc.lock is not in step, run `dvc repro`: {listed(findings, 3)}",
                file=sys.stderr,
            )
