"""Command `audit`: rank all labels by how surely they are contradicted. It changes no data."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="names dataset, method and seed")
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=Path("data/audit"),
        help="labels.csv and labels.png are there",
    )


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.base.progress import progress
    from pipeline.gates import label_audit, suspects
    from pipeline.models import cross_fit, registry
    from pipeline.rows import arrow, parquet

    config = params.load(args.params)
    dataset = records.load(config.dataset)
    method = registry.build(config.train.method, config.train.arguments)
    splits = {split: arrow.to_arrays(parquet.read(args.parquet / f"{split}.parquet")) for split in dataset.splits}
    registry.give_shape(method, dataset.shape)
    bar = progress(cross_fit.FOLDS, "fit and judge, a fold at a time")
    with bar, registry.fitting(config.train.method):
        rows = label_audit.audit(dataset, method, splits, config.gate.seed, bar.update)
    out.csv(args.output / "labels.csv", rows.to_dict("records"), suspects.COLUMNS)
    out.bytes(args.output / "labels.png", label_audit.picture(rows, splits, dataset))
    contradicted = int((rows["suggested"] != rows["given"]).sum())
    found = f"{contradicted:,} of {len(rows):,} labels contradicted"
    print(f"audit: {dataset.name}: {found}; see {args.output}/labels.csv")
