"""Stage `evaluate`: the model on the test split, once."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parquet", type=Path, default=Path("data/parquet"))
    parser.add_argument("--method", type=Path, default=Path("metrics/method.json"))
    parser.add_argument("--passed", type=Path, default=Path("metrics/passed.json"))
    parser.add_argument("--model", type=Path, default=Path("data/model/model.skops"))
    parser.add_argument("--metrics", type=Path, default=Path("metrics"), help="folder of all that is written")


def run(args: argparse.Namespace) -> None:
    from threadpoolctl import threadpool_limits

    from pipeline import files, metrics, model, plots, registry, table

    test = table.read_passed(args.parquet / "test.parquet", args.passed)
    images, actual = table.to_arrays(test)
    names, pixels = table.class_names(test), images.reshape(len(images), -1)
    package = registry.trusted(registry.read(args.method).method)
    estimator = model.load(args.model, pixels.shape[1], list(names), package)
    with threadpool_limits(1):  # sums must not depend on the number of BLAS threads
        predicted = estimator.predict(pixels)
        probabilities = estimator.predict_proba(pixels) if hasattr(estimator, "predict_proba") else None
    recalls, scores = metrics.recalls(actual, predicted, names), metrics.error_rate(actual, predicted)
    if probabilities is not None:
        scores["log_loss"] = metrics.log_loss(actual, probabilities, list(names))
    writer, hsf = (table.provenance(test, name) for name in table.PROVENANCE)
    writers = metrics.by_writer(actual, predicted, writer, hsf)
    columns = {"id": test["id"].to_pylist(), "actual": actual, "predicted": predicted}
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    files.write_json(args.metrics / "test.json", scores | metrics.by_series(actual, predicted, hsf))
    files.write_bytes(args.metrics / "predictions.csv", plots.as_csv(rows, list(columns)))
    files.write_bytes(args.metrics / "recall.csv", plots.as_csv(recalls, list(recalls[0])))
    files.write_bytes(args.metrics / "writers.csv", plots.as_csv(writers, metrics.WRITERS))
    files.write_bytes(args.metrics / "misclassified.png", plots.misclassified(images, actual, predicted, names))
    print(f"evaluate: test {metrics.in_words(scores)}")
