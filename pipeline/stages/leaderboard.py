"""Stage `leaderboard`: the table, page and picture of all methods that were scored."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--board", type=Path, default=Path("leaderboard"), help="folder of all that is read, written"
    )


def run(args: argparse.Namespace) -> None:
    from pipeline import files, params, plots
    from pipeline.leaderboard import page, picture, standings

    rows = standings.standings(args.board)
    part = params.load_leaderboard(args.board / "params.yaml").rows
    fit = f"{part:,} rows of train" if part else "all of train"
    files.write_bytes(args.board / "leaderboard.csv", plots.as_csv(rows, standings.COLUMNS))
    files.write_bytes(args.board / "README.md", page.write(rows, fit).encode())
    files.write_bytes(args.board / "errors.svg", picture.draw(rows))
    print(f"leaderboard: {sum('test_error_rate' in row for row in rows)} of {len(rows)} rows were run")
