"""Command `profile`: the record of a new dataset, from known good files."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds the four IDX files, plain or as .gz")
    parser.add_argument("--dataset", metavar="NAME", help="a record whose names and sources are kept")
    parser.add_argument("--name", help="of the new dataset; else the folder's")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the record there, not to stdout")
    parser.add_argument("--seed", type=int, default=0, help="deals the probe's folds")


def run(args: argparse.Namespace) -> None:
    from pipeline import files
    from pipeline.quality import profile

    text = profile.as_yaml(
        profile.of_folder(args.folder, args.dataset, args.name or args.folder.resolve().name, args.seed)
    )
    if args.output:
        files.write_bytes(args.output, text.encode())
    else:
        print(text, end="")
