"""Command `methods`: the methods there are, and what each is made of."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=Path, metavar="DIR", help="write there what each method is made of")


def run(args: argparse.Namespace) -> None:
    from pipeline import files, registry

    for name in registry.names():
        if args.records:
            files.write_json(args.records / f"{name}.json", registry.record(name, {}))
        else:
            print(f"{name:<24} {registry.description(name)}")
    if args.records:
        for path in args.records.glob("*.json"):
            if path.stem not in registry.names():
                path.unlink()
