"""Stage `card`: write the card of the model, beside the model."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="the folder that is read")
    parser.add_argument("--card", type=Path, default=Path("data/model/README.md"))


def run(args: argparse.Namespace, out: Outputs) -> None:
    import csv

    from pipeline.base import params, records
    from pipeline.base.structs import parse_json
    from pipeline.describe import model_card
    from pipeline.models import made_of, registry

    config = params.load(args.params)
    dataset, method = records.load(config.dataset, config.provenance), config.train.method
    passed, validation, test = (
        parse_json((path := args.metrics / f"{name}.json").read_bytes(), dict[str, Any], str(path))
        for name in ("passed", "validation", "test")
    )
    with (args.metrics / "recall.csv").open(newline="") as file:
        recalls = list(csv.DictReader(file))
    text = model_card.write(
        dataset,
        config.train,
        registry.description(method),
        made_of.read(args.metrics / "method.json"),
        registry.package(method),
        passed,
        validation,
        test,
        recalls,
    )
    out.text(args.card, text)
    print(f"card: {args.card}")
