"""How many planted label errors the label audit finds, beside cleanlab with the same machines.

    python -m benchmarks.labels [--draws 20] [--share 0.01] [--cleanlab PYTHON]

It needs data/parquet (`make repro`). In each draw, labels of MNIST's 70,000 rows are changed: of any rows to any
other label ("random"), or 4 to 9, 3 to 5 and 7 to 1 ("confusion"). The rows with the largest scores, as many as
are planted, are compared with the planted ones. So precision and recall are the same number; MNIST's own wrong
labels count as mistakes. PYTHON is an interpreter with cleanlab, which is no part of this project (`pip install
cleanlab`). It gets the probabilities that follow from the scores of the audit. Its "self-confidence" then has
the same order as the audit; "its list" is what `find_label_issues` gives.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from pipeline.base import records
from pipeline.gates import label_audit
from pipeline.models import cross_fit, registry
from pipeline.models.cross_fit import class_scores
from pipeline.rows import arrow, parquet

ROOT = Path(__file__).parent.parent
CONFUSED = {4: 9, 3: 5, 7: 1}
CLEANLAB = """
import json, sys
import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
with np.load(sys.argv[1]) as given:
    labels, probabilities, planted = (given[key] for key in ("labels", "probabilities", "planted"))
scores = get_label_quality_scores(labels, probabilities, method="self_confidence")
first = np.argsort(scores, kind="stable")[: len(planted)]
own = find_label_issues(labels, probabilities)
both = np.isin(np.flatnonzero(own), planted).sum()
found = {"self-confidence": np.isin(first, planted).mean(), "its list, precision": both / own.sum()}
print(json.dumps(found | {"its list, recall": both / len(planted)}))
"""
Labels = NDArray[np.int64]


kept: list[NDArray[np.float64]] = []  # the scores that the audit computes, a fold after the other


def recorded(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """`class_scores`, which are kept."""
    kept.append(class_scores(model, images))
    return kept[-1]


def planted(labels: Labels, kind: str, share: float, seed: int) -> tuple[Labels, Labels]:
    """The labels with some changed, and the rows that were changed."""
    random, count = np.random.default_rng(seed), round(share * len(labels))
    rows = np.arange(len(labels)) if kind == "random" else np.flatnonzero(np.isin(labels, list(CONFUSED)))
    rows = random.choice(rows, count, replace=False)
    changed = labels.copy()
    if kind == "random":
        changed[rows] = (labels[rows] + random.integers(1, 10, count)) % 10
    else:
        changed[rows] = [CONFUSED[label] for label in labels[rows]]
    return changed, rows


def probabilities(scores: NDArray[np.float64], labels: Labels, seed: int) -> NDArray[np.float64]:
    """Softmax of scores that stand in the order of the folds: float64[n, 10], in the order of the rows."""
    folds = StratifiedKFold(cross_fit.FOLDS, shuffle=True, random_state=seed).split(labels, labels)
    result = np.empty_like(scores)
    result[np.concatenate([held for _, held in folds])] = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(result / result.sum(axis=1, keepdims=True))


def draw(splits: Any, kind: str, share: float, seed: int, python: str | None) -> dict[str, float]:
    """What is found of one draw, and the seconds of the audit."""
    sizes = np.cumsum([len(labels) for _, labels in splits.values()])[:-1]
    labels, rows = planted(np.concatenate([y for _, y in splits.values()]).astype(np.int64), kind, share, seed)
    changed = {
        split: (images, own)
        for (split, (images, _)), own in zip(splits.items(), np.split(labels, sizes), strict=True)
    }
    model = registry.build("gradient_svm", {})
    kept.clear()
    begin = time.perf_counter()
    ranked = label_audit.audit(records.load("mnist"), model, changed, seed)
    result = {"seconds": time.perf_counter() - begin}
    number = ranked["id"] + np.where(ranked["split"] == "test", sizes[0], 0)
    result["audit"] = float(np.isin(number[: len(rows)], rows).mean())
    if python:
        with tempfile.NamedTemporaryFile(suffix=".npz") as file:
            given = probabilities(np.concatenate(kept), labels, seed)
            np.savez(file, labels=labels, planted=rows, probabilities=given)
            file.flush()
            done = subprocess.run([python, "-c", CLEANLAB, file.name], capture_output=True, text=True, check=True)
        result |= {f"cleanlab, {name}": value for name, value in json.loads(done.stdout).items()}
    return result


def main() -> None:
    """Print, for each kind of error, the mean of all draws with its 95% interval."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--cleanlab", metavar="PYTHON")
    args = parser.parse_args()
    cross_fit.class_scores = recorded
    folder = ROOT / "data/parquet"
    splits = {split: arrow.to_arrays(parquet.read(folder / f"{split}.parquet")) for split in ("train", "test")}
    for kind in ("random", "confusion"):
        found = [draw(splits, kind, args.share, seed, args.cleanlab) for seed in range(args.draws)]
        for name in found[0]:
            values = [one[name] for one in found]
            half = 1.96 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
            mean = statistics.fmean(values)
            print(
                f"{kind:<10} {name:<32} {mean:8.4f}  {mean - half:8.4f} to {mean + half:8.4f}  n={len(values)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
