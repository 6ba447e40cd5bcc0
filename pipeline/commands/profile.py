"""Command `profile`: write the record of a new dataset, from files that are known to be good."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DATA", help="a folder of IDX files, or data in another form")
    parser.add_argument("--dataset", metavar="NAME", help="a record whose names and sources are kept")
    parser.add_argument("--name", help="name of the new dataset; else the name of the folder")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the record there, not to stdout")
    parser.add_argument("--any-count", action="store_true", help="new files may have more rows or fewer")
    parser.add_argument("--seed", type=_seed, default=0, help="deals the folds of the probe")


def _seed(text: str) -> int:
    if not 0 <= (value := int(text)) < 2**32:
        raise argparse.ArgumentTypeError(f"expected 0 to {2**32 - 1}, found {value}")
    return value


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import outputs
    from pipeline.gates import explained, profile

    name = args.name or args.folder.resolve().name
    dataset = profile.of_folder(args.folder, args.dataset, name, args.seed, args.any_count)
    outputs.write_text(args.output, explained.as_yaml(dataset))
