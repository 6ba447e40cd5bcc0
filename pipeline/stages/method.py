"""Stage `method`: the method that params.yaml names, checked, and what it is made of.

Training depends on this record, so that an edit of one method retrains no other.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument(
        "--method", type=Path, default=Path("metrics/method.json"), help="the record that is written"
    )


def run(args: argparse.Namespace) -> None:
    import skops.io

    from pipeline import files, params, registry
    from pipeline.errors import ConfigError

    config = params.load(args.params).train
    estimator = registry.build(config.method, config.arguments)
    try:
        skops.io.dumps(estimator)  # better now than after a long fit
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"train.method: {config.method}: cannot be saved: {error}") from None
    files.write_json(args.method, registry.record(config.method, config.arguments))
    print(f"method: {config.method}")
