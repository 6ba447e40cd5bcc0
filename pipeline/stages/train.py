"""Stage `train`: the validation error first, then the model fitted on all of train."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--method", type=Path, default=Path("metrics/method.json"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument("--report", type=Path, default=Path("metrics/validation.json"))
    parser.add_argument("--model", type=Path, default=Path("data/model/model.skops"))


def run(args: argparse.Namespace) -> None:
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    from pipeline import files, metrics, model, params, registry, table, training

    config = params.load(args.params).train
    method = registry.build(config.method, config.arguments)
    known = table.read_passed(args.parquet / "train.parquet", args.passed)
    pixels, labels = table.to_pixels(known)
    rows, held = training.hold_out(labels, config.validation, table.provenance(known, "writer"))
    bar = tqdm(total=3, desc=f"fit {len(rows):,} rows", disable=None, file=sys.stderr)
    # Sums must not depend on the number of BLAS threads, nor the record of the method become another meanwhile.
    with bar, threadpool_limits(1), registry.held(args.method, config.method, config.arguments):
        method.fit(pixels[rows], labels[rows])
        bar.set_description(f"predict {len(held):,} rows held out")
        bar.update()
        scores = metrics.error_rate(labels[held], method.predict(pixels[held]))
        files.write_json(args.report, scores)
        bar.set_description(f"fit all {len(labels):,} rows")
        bar.update()
        model.save(method.fit(pixels, labels), args.model)
        bar.update()
    print(f"train: validation {metrics.in_words(scores)}")
