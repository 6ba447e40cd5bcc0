"""Command `onnx`: write the model as an ONNX file, with which any ONNX runtime can label images."""

import argparse
import sys
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="FILE", default=Path("data/model/model.skops"))
    parser.add_argument("--output", type=Path, metavar="FILE", default=Path("model.onnx"))
    parser.add_argument("--params", type=Path, metavar="FILE", default=Path("params.yaml"))
    parser.add_argument(
        "--parquet", type=Path, metavar="DIR", default=Path("data/parquet"), help="its test rows compare both"
    )
    parser.add_argument("--passed", type=Path, metavar="FILE", default=Path("metrics/passed.json"))


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, records
    from pipeline.base.errors import DataError
    from pipeline.base.outputs import sha256
    from pipeline.models import onnx, predict, store
    from pipeline.rows import arrow, parquet

    config = params.load(args.params)
    dataset = records.load(config.dataset, config.provenance)
    model = store.load(args.model, dataset.shape, dataset.labels)
    about = {
        "dataset": dataset.name,
        "image": " x ".join(map(str, dataset.shape)),
        "model.skops": sha256(args.model),
    }
    content = onnx.export(model, about | {"classes": ", ".join(dataset.class_names)})
    images, _ = arrow.to_arrays(parquet.read_passed(args.parquet / "test.parquet", args.passed))
    differ = int((onnx.predict(content, predict.flat(images)) != predict.labels(model, images)).sum())
    if differ:
        raise DataError(
            f"{args.output}: not written, because {differ:,} of {len(images):,} test rows get another label"
        )
    out.bytes(args.output, content)
    print(f"onnx: {args.output}: all {len(images):,} test rows get the model's label", file=sys.stderr)
