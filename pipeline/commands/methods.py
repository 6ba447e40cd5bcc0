"""Command `methods`: list the methods, or write a record of what each method is made of."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--records",
        type=Path,
        metavar="DIR",
        help="write a record of each method there",
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.models import made_of, registry

    if not args.records:
        for name in registry.names():
            print(f"{name:<24} {registry.description(name)}")
        return
    for name in registry.names():
        path = args.records / f"{name}.json"
        out.json(path, made_of.record(name, {}, made_of.versions(path)))
    out.publish()  # a record is deleted only after the new ones are in place
    for path in made_of.outdated(args.records):
        path.unlink()
