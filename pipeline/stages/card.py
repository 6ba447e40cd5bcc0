"""Stage `card`: the model's card, beside it."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="folder of all that is read")
    parser.add_argument("--card", type=Path, default=Path("data/model/README.md"))


def run(args: argparse.Namespace) -> None:
    import csv
    import json

    from pipeline import card, datasets, files, params, registry

    config = params.load(args.params)
    dataset, method = datasets.asked(config), config.train.method
    passed, validation, test = (
        json.loads((args.metrics / f"{name}.json").read_bytes()) for name in ("passed", "validation", "test")
    )
    record = registry.read(args.metrics / "method.json")
    with (args.metrics / "recall.csv").open(newline="") as file:
        recalls = list(csv.DictReader(file))
    text = card.write(
        dataset, config.train, registry.description(method), record, registry.package(method), passed,
        validation, test, recalls,
    )  # fmt: skip
    files.write_bytes(args.card, text.encode())
    print(f"card: {args.card}")
