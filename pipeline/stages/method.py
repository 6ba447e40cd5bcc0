"""Stage `method`: check the method that params.yaml names, and record what it is made of.

The stage `train` depends on that record, so an edit of one method retrains no other one.
"""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--method", type=Path, default=Path("metrics/method.json"), help="the record to write")


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params
    from pipeline.models import made_of, registry, store

    config = params.load(args.params).train
    method = registry.build(config.method, config.arguments)
    store.require_savable(method, config.method, registry.package(config.method))
    out.json(args.method, made_of.record(config.method, config.arguments))
    print(f"method: {config.method}")
