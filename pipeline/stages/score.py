"""Stage `score`: one method on validation and, once, on test, for the leaderboard."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", help="a module of pipeline/methods")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument(
        "--board", type=Path, default=Path("leaderboard"), help="folder of all else, read and written"
    )


def run(args: argparse.Namespace) -> None:
    from pipeline import metrics, params, registry, table
    from pipeline.leaderboard import scoring

    board, name = args.board, args.method
    validation = params.load(args.params).train.validation
    rows = params.load_leaderboard(board / "params.yaml").rows
    if missing := registry.missing(name):
        scoring.publish_missing(board, name, missing)
        print(f"score: {name}: not run, for {', '.join(missing)} is not installed")
        return
    with registry.held(board / "code" / f"{name}.json", name, {}):
        train, test = (
            table.to_pixels(table.read_passed(args.parquet / f"{split}.parquet", args.passed))
            for split in ("train", "test")
        )
        score = scoring.score(lambda: registry.build(name, {}), train, test, validation, rows)
    scoring.publish(board, name, score, test[1])
    print(f"score: {name}: test {metrics.in_words(score.results['test'])}")
