"""How much it helps a method to know the writer: validation errors of rows held out at random and by writer.

    python -m benchmarks.writers
    python -m benchmarks.writers --repeats 1 logistic_regression

It needs data/parquet with the column `writer` (`dvc exp run -S provenance=true`). In each repeat every digit of
train is held out twice: in one of six folds dealt at random, and in one of six folds dealt by writer. Both are
stratified by label, so the difference is of the same digits. The interval is over writers, because the digits of a
writer are not independent. The last lines say how much the errors of the folds spread, as a multiple of the spread
of independent digits. A single hold-out has the same spread.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import t
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from pipeline.models import registry
from pipeline.rows import arrow

PARQUET = Path(__file__).parent.parent / "data/parquet/train.parquet"
FOLDS = 6  # each of 10,000 rows


def wrong(name: str, rows: Any, splitter: Any) -> tuple[NDArray[np.bool_], float]:
    """The rows that the method gets wrong, each held out once, bool[n]; the variance of the folds' error rates.

    The variance is a multiple of the binomial variance.
    """
    pixels, labels = arrow.to_pixels(rows)
    result, rates = np.empty(len(labels), bool), []
    groups = rows["writer"].to_numpy() if isinstance(splitter, StratifiedGroupKFold) else None
    for fit, held in splitter.split(pixels, labels, groups):
        method = registry.build(name, {}).fit(pixels[fit], labels[fit])
        result[held] = method.predict(pixels[held]) != labels[held]
        rates.append(result[held].mean())
    mean = result.mean()
    return result, float(np.var(rates, ddof=1) / (mean * (1 - mean) / (len(labels) / FOLDS)))


def interval(values: NDArray[np.float64], writers: NDArray[np.int16]) -> tuple[float, float, float]:
    """The mean of values, float64[n], and its 95% interval; values of one writer are not independent."""
    _, own = np.unique(writers, return_inverse=True)
    sums, counts, mean = np.bincount(own, values), np.bincount(own), values.mean()
    spread = np.sqrt(np.square(sums - mean * counts).sum() * len(sums) / (len(sums) - 1)) / len(values)
    reach = t.ppf(0.975, len(sums) - 1) * spread
    return float(mean), float(mean - reach), float(mean + reach)


def main() -> None:
    """Print one line for each repeat, then the means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("method", nargs="?", default="gradient_svm")
    parser.add_argument("--parquet", type=Path, default=PARQUET, metavar="FILE")
    parser.add_argument("--repeats", type=int, default=3, help="each has its own folds")
    arguments = parser.parse_args()
    rows = pq.read_table(arguments.parquet)
    if arguments.repeats < 1 or "writer" not in rows.schema.names:
        parser.error("expected 1 repeat or more, and a column `writer`: run `dvc exp run -S provenance=true`")
    kinds: dict[str, Any] = {"at random": StratifiedKFold, "by writer": StratifiedGroupKFold}
    found: dict[str, list[tuple[NDArray[np.bool_], float]]] = {kind: [] for kind in kinds}
    print(f"| repeat | {' | '.join(kinds)} |\n|--:|--:|--:|")
    with threadpool_limits(1):
        for seed in range(arguments.repeats):
            for kind, splitter in kinds.items():
                found[kind].append(wrong(arguments.method, rows, splitter(FOLDS, shuffle=True, random_state=seed)))
            print(f"| {seed} | {' | '.join(f'{found[kind][-1][0].mean():.3%}' for kind in kinds)} |", flush=True)
    for kind, repeats in found.items():
        spread = np.sqrt(np.mean([variance for _, variance in repeats]))
        print(f"standard deviation of the {FOLDS} folds' error {kind}: {spread:.2f} times the binomial one")
    at_random, by_writer = (np.mean([rows for rows, _ in found[kind]], axis=0) for kind in kinds)
    writers, hsf = rows["writer"].to_numpy(), rows["hsf"].to_numpy()
    for words, part in [("all", hsf >= 0), *((f"hsf{series}", hsf == series) for series in np.unique(hsf))]:
        print(f"{words}: {part.sum():,} digits of {len(np.unique(writers[part]))} writers")
        for kind, values in [("at random", at_random), ("by writer", by_writer), ("more", by_writer - at_random)]:
            mean, low, high = interval(values[part], writers[part])
            print(f"  {kind}: {mean:.3%}, 95% interval {low:.3%} to {high:.3%}")


if __name__ == "__main__":
    main()
