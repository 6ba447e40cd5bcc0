"""Stage `score`: score one method for the leaderboard, on validation and, once, on test."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", help="a module of pipeline/methods")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument("--board", type=Path, default=Path("leaderboard"), help="the folder of all other files")


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params
    from pipeline.leaderboard import scoring
    from pipeline.models import made_of, metrics, registry
    from pipeline.rows import arrow, parquet

    board, name = args.board, args.method
    validation = params.load(args.params).train.validation
    rows = params.load_leaderboard(board / "params.yaml").rows
    if missing := registry.missing(name):
        scoring.publish_missing(board, name, missing, out)
        print(f"score: {name}: not run, because {', '.join(missing)} is not installed")
        return
    with made_of.held(board / "code" / f"{name}.json", name, {}):
        train, test = (
            arrow.to_arrays(parquet.read_passed(args.parquet / f"{split}.parquet", args.passed))
            for split in ("train", "test")
        )
        score = scoring.score(lambda shape: registry.build(name, {}, shape), train, test, validation, rows)
    scoring.publish(board, name, score, test[1], out)
    print(f"score: {name}: test {metrics.in_words(score.results['test'])}")
