"""Stage `leaderboard`: write the table, the page and the picture of all scored methods."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--board", type=Path, default=Path("leaderboard"), help="the folder that is read and written"
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params
    from pipeline.leaderboard import page, picture, standings

    rows = standings.standings(args.board)
    part = params.load_leaderboard(args.board / "params.yaml").rows
    fit = f"{part:,} rows of train" if part else "all of train"
    out.csv(args.board / "leaderboard.csv", rows, standings.COLUMNS)
    out.text(args.board / "README.md", page.write(rows, fit))
    out.bytes(args.board / "errors.svg", picture.draw(rows))
    print(f"leaderboard: {sum('test_error_rate' in row for row in rows)} of {len(rows)} rows were run")
