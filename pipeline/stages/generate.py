"""Stage `generate`: write deformed copies of the rows of train, as many as one wants."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs

FILE_ROWS = 100_000  # 78 MB of images in memory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("scale/params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument("--generated", type=Path, default=Path("data/generated"))
    parser.add_argument(
        "--rows",
        type=_range,
        metavar="FIRST:END",
        help="only these, END left out; else all that are in the params",
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, threads
    from pipeline.base.progress import progress
    from pipeline.deformed import rows
    from pipeline.rows import parquet
    from pipeline.rows.blocks import Rows

    config = params.load_scale(args.params).generate
    source = parquet.read_passed(args.parquet / "train.parquet", args.passed)
    numbers = args.rows or range(config.rows)
    files = {
        args.generated / f"{start:010}.parquet": range(start, min(start + FILE_ROWS, numbers.stop))
        for start in range(numbers.start, numbers.stop, FILE_ROWS)
    }

    def write(path: Path, own: range) -> None:
        parquet.write(Rows.of(rows.table(source, config.seed, own)), path, out, level=1)
        bar.update(len(own))

    with progress(len(numbers), "generate", unit=" rows") as bar:
        threads.over(write, files, files.values())
    if not args.rows:
        for old in set(args.generated.glob("*.parquet")) - files.keys():
            out.remove(old)
    print(f"generate: {len(numbers):,} deformed copies of train in {args.generated}, read back and compared")


def _range(text: str) -> range:
    first, _, end = text.partition(":")
    if not (first.isdecimal() and end.isdecimal() and int(first) < int(end) < 2**31):
        raise argparse.ArgumentTypeError(f"expected FIRST:END, whole numbers below 2^31, found {text!r}")
    return range(int(first), int(end))
