"""Stage `evaluate`: score the model on the test split, once."""

import argparse
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument("--model", type=Path, default=Path("data/model/model.skops"))
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="the folder that is written")


def run(args: argparse.Namespace, out: Outputs) -> None:
    from pipeline.base import params, pictures
    from pipeline.models import metrics, predict, registry, store
    from pipeline.rows import arrow, parquet

    test = parquet.read_passed(args.parquet / "test.parquet", args.passed)
    images, actual = arrow.to_arrays(test)
    names = arrow.class_names(test)
    labels = sorted(names)
    package = registry.trusted(params.load(args.params).train.method)
    model = store.load(args.model, images.shape[1:], labels, package)
    predicted = predict.labels(model, images)
    probabilities = predict.probabilities(model, images, labels)
    scores = metrics.error_rate(actual, predicted)
    if probabilities is not None:
        scores["log_loss"] = metrics.log_loss(actual, probabilities, labels)
    writer, hsf = (arrow.provenance(test, name) for name in arrow.PROVENANCE)
    values = zip(test["id"].to_pylist(), actual, predicted, strict=True)
    rows = (dict(zip(metrics.PREDICTIONS, row, strict=True)) for row in values)
    out.json(args.metrics / "test.json", scores | metrics.by_series(actual, predicted, hsf))
    out.csv(args.metrics / "predictions.csv", rows, metrics.PREDICTIONS)
    out.csv(args.metrics / "recall.csv", metrics.recalls(actual, predicted, names), metrics.RECALL)
    out.csv(args.metrics / "writers.csv", metrics.by_writer(actual, predicted, writer, hsf), metrics.WRITERS)
    out.bytes(args.metrics / "misclassified.png", pictures.misclassified(images, actual, predicted, names))
    print(f"evaluate: test {metrics.in_words(scores)}")
