"""Command `onnx`: the fitted model as an ONNX file, which any ONNX runtime labels images with."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="FILE", default=Path("data/model/model.skops"))
    parser.add_argument("--output", type=Path, metavar="FILE", default=Path("model.onnx"))
    parser.add_argument("--params", type=Path, metavar="FILE", default=Path("params.yaml"))
    parser.add_argument(
        "--parquet", type=Path, metavar="DIR", default=Path("data/parquet"), help="its test rows compare both"
    )
    parser.add_argument("--passed", type=Path, metavar="FILE", default=Path("metrics/passed.json"))


def run(args: argparse.Namespace) -> None:
    from pipeline import datasets, files, model, onnx_export, params, table
    from pipeline.errors import DataError

    dataset = datasets.asked(params.load(args.params))
    rows, columns = dataset.shape
    estimator = model.load(args.model, rows * columns, dataset.labels)
    about = {"dataset": dataset.name, "image": f"{rows} x {columns}", "model.skops": files.sha256(args.model)}
    content = onnx_export.export(estimator, about | {"classes": ", ".join(dataset.class_names)})
    pixels, _ = table.to_pixels(table.read_passed(args.parquet / "test.parquet", args.passed))
    if differ := int((onnx_export.predict(content, pixels) != estimator.predict(pixels)).sum()):
        raise DataError(
            f"{args.output}: not written, for {differ:,} of {len(pixels):,} test rows get another label"
        )
    files.write_bytes(args.output, content)
    print(f"onnx: {args.output}: all {len(pixels):,} test rows get the model's label", file=sys.stderr)
