"""Stage `train`: measure the validation error, then fit the model on all of train."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--method", type=Path, default=Path("metrics/method.json"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument("--report", type=Path, default=Path("metrics/validation.json"))
    parser.add_argument("--model", type=Path, default=Path("data/model/model.skops"))


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, threads
    from pipeline.base.progress import progress
    from pipeline.models import made_of, metrics, predict, registry, store
    from pipeline.models.hold_out import hold_out
    from pipeline.rows import arrow, parquet

    config = params.load(args.params).train
    method = registry.build(config.method, config.arguments)  # before any data is read: it may have a fault
    table = parquet.read_passed(args.parquet / "train.parquet", args.passed)
    images, labels = arrow.to_arrays(table)
    registry.give_shape(method, images.shape[1:])
    fit, held = hold_out(labels, config.validation, arrow.provenance(table, "writer"))
    pixels = predict.flat(images)
    bar = progress(3, f"fit {len(fit):,} rows")
    held_to = made_of.held(args.method, config.method, config.arguments)
    with bar, threads.one_blas_thread(), held_to, registry.fitting(config.method):
        method.fit(pixels[fit], labels[fit])
        bar.set_description(f"predict {len(held):,} rows held out")
        bar.update()
        scores = metrics.error_rate(labels[held], predict.labels(method, images[held]))
        bar.set_description(f"fit all {len(labels):,} rows")
        bar.update()
        method.fit(pixels, labels)
        bar.update()
    out.json(args.report, scores)
    out.bytes(args.model, store.dumps(method))
    print(f"train: validation {metrics.in_words(scores)}")
