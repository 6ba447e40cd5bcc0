"""Other image checkers beside the gates: their cost, and how many mutations they find.

    python -m benchmarks.checkers PYTHON [--few N] [--seconds-only]

It needs data/raw (`make repro`). PYTHON is an interpreter with the checkers, which are no part of this project:
`pip install "cleanlab[datalab]==2.9.0" cleanvision==0.3.7 datasets==5.2.0 dataeval==1.1.4`. All run with their
defaults, each in one process. Datalab and DataEval also get the labels and the features of the probe. Datalab gets
the probabilities, too, that the probe gives for rows that it was not fitted on. They cost the checkers nothing.

Seconds and peak memory are those of whole processes, for the 70,000 images. The mutations are those of
tests/mutations.py that change arrays: damaged files cannot be given to the others. They are done to a copy of
every tenth row, where a fixed number of changed rows is easier to see than among all. Three of them name rows
that the copy does not have, and are left out. The gates hold the copy to a record that `profile` made of it.

A checker finds a mutation if its number of issues of any type is larger, by a tenth and at least by one, than in
each clean copy: the copy as it is, and with its rows permuted three times. Issues of the gates are the checks that
fail. An error counts as found, also that of the library which puts images and labels together. A false alarm is
the same answer for data that must not fail: rows permuted once more, and grey levels changed by -1 to +1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.scale import MEASURE, Cost
from benchmarks.stages import ENVIRONMENT, RAW, ROOT
from pipeline.base import records
from pipeline.base.dataset import Dataset
from pipeline.describe.markdown import table
from pipeline.features.gradients import histograms
from pipeline.gates import folder, profile
from pipeline.gates.evidence.probe import probe

sys.path.insert(0, str(ROOT / "tests"))
from mutation import Mutation, read, write
from mutations import CLEAN, MISSED, OPERATORS

MNIST = records.load("mnist")
CHECKERS, GATES = ("cleanvision", "cleanlab", "dataeval"), "the gates"
EVERY, PERMUTATIONS = 10, 3
# Runs a checker on the arrays in a folder; writes its version and its number of issues by type to a JSON file.
PROGRAM = """
import json, sys
from importlib.metadata import version
import numpy as np
name, folder = sys.argv[1:]
with np.load(f"{folder}/arrays.npz", allow_pickle=False) as given:
    images, labels, features = given["images"], given["labels"], given["features"]
    probabilities, train = given["probabilities"], given["train"]

def dataset(**columns):
    from datasets import Dataset, Features, Image, Value
    kinds = {"image": Image(), **{column: Value("int64") for column in columns}}
    return Dataset.from_dict({"image": list(images), **columns}, Features(kinds))

def cleanvision():
    from cleanvision import Imagelab
    lab = Imagelab(hf_dataset=dataset(), image_key="image", verbose=False)
    lab.find_issues(n_jobs=1, verbose=False)  # with more, 0.3.7 pickles the whole dataset again and again
    return lab.issues.filter(regex="^is_").sum()

def cleanlab():
    from cleanlab import Datalab
    from cleanvision import imagelab
    imagelab.get_max_n_jobs = lambda: 1  # Datalab does not pass n_jobs on
    lab = Datalab(dataset(label=labels), label_name="label", image_key="image", verbosity=0)
    lab.find_issues(pred_probs=probabilities, features=features)
    spurious = lab.get_info("spurious_correlations")
    below = (spurious["correlations_df"]["score"] < spurious["threshold"]).sum()
    return {**lab.get_issues().filter(regex="^is_").sum(), "spurious_correlations": below}

def dataeval():
    from dataeval.core import label_errors, label_parity
    from dataeval.quality import Duplicates, Outliers
    from dataeval.shift import DriftUnivariate
    drift = DriftUnivariate().fit(features[train]).predict(features[~train])
    return {
        "label errors": len(label_errors(features, labels)["errors"]),
        "label parity": label_parity(labels[train], labels[~train])["p_value"] < 0.05,
        "drifted features": drift.details["feature_drift"].sum(),
        **dict(Outliers().evaluate(images[:, None]).aggregate_by_metric().iter_rows()),
        **dict(Duplicates().evaluate(images[:, None]).aggregate_by_method()[:, [0, 2]].iter_rows()),
    }

issues = {kind: int(number) for kind, number in dict(globals()[name]()).items()}
with open(f"{folder}/{name}.json", "w") as file:
    json.dump([version(name), issues], file)
"""


def measure(*command: str) -> Cost:
    """The cost of a command. Raises CalledProcessError if it fails."""
    call = (sys.executable, "-c", MEASURE, *command)
    done = subprocess.run(call, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return Cost(*map(float, done.stdout.split()))


def give(raw: Path, place: Path) -> None:
    """Write what the checkers take of the raw files to `place`. The probe gets the rows that are in both files."""
    data = read(MNIST, raw)
    images, labels = (np.concatenate(parts) for parts in zip(*data.values(), strict=True))
    names = np.unique(labels)
    (seen, given), (unseen, _) = ([array[: min(map(len, own))] for array in own] for own in data.values())
    judged = probe([seen], np.searchsorted(names, given), [unseen], len(names), 0)
    np.savez(
        place / "arrays.npz",
        images=images,
        labels=labels.astype(np.int64),
        features=histograms(images).astype(np.float32),
        probabilities=np.concatenate([*judged.train, *judged.test]),
        train=np.arange(len(images)) < len(data["train"][0]),
        allow_pickle=False,
    )


def run(python: str, checker: str, place: Path) -> tuple[Cost, str, dict[str, int]]:
    """What a checker costs for the arrays in `place`, its version, and its number of issues by type."""
    cost = measure(python, "-c", PROGRAM, checker, str(place))
    version, found = json.loads((place / f"{checker}.json").read_text())
    return cost, version, found


def attempt(python: str, checker: str, place: Path) -> Counter[str]:
    """By type the number of issues that a checker finds in the arrays in `place`. An error is one issue."""
    try:
        return Counter(run(python, checker, place)[2])
    except subprocess.CalledProcessError as error:
        return Counter([error.stderr.strip().splitlines()[-1]])


def issues(python: str, record: Dataset, copy: Path, mutation: Mutation, seed: int = 0) -> dict[str, Counter[str]]:
    """By checker and type the number of issues in the copy after a mutation."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        place = Path(name)
        mutation.write(MNIST, copy, place, seed)
        give(place, place)
        found = pool.map(lambda checker: attempt(python, checker, place), CHECKERS)
        gates = Counter(verdict.check for verdict in folder.check(record, place, exact=False, seed=0).failed)
        return {GATES: gates, **dict(zip(CHECKERS, found, strict=True))}


def more(found: Counter[str], clean: Counter[str]) -> list[str]:
    """The types of which there are more issues than in the clean copies."""
    return [kind for kind, number in found.items() if number >= max(clean[kind] + 1, 1.1 * clean[kind])]


def finders(python: str, few: int | None) -> list[list[set[str]]]:
    """Who finds each mutation, and who gives a false alarm for each case that must not fail."""
    bad = [one for one in [*OPERATORS, *(one for one, _ in MISSED)] if one.change]
    good = [one for one in CLEAN if one.change]
    clean: defaultdict[str, Counter[str]] = defaultdict(Counter)
    result: list[list[set[str]]] = [[], []]
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        write(MNIST, {split: (x[::EVERY], y[::EVERY]) for split, (x, y) in read(MNIST, RAW).items()}, copy)
        record = profile.of_folder(copy, None, "copy", 0)
        for mutation, seed in [(CLEAN[0], 0), *((good[0], 1 + seed) for seed in range(PERMUTATIONS))]:
            for checker, found in issues(python, record, copy, mutation, seed).items():
                clean[checker] |= found
        for own, mutations in zip(result, (bad[:: -(-len(bad) // few)] if few else bad, good), strict=True):
            for mutation in mutations:
                try:
                    by = issues(python, record, copy, mutation)
                except IndexError:  # it names a row that the copy does not have
                    continue
                kinds = {checker: more(found, clean[checker]) for checker, found in by.items()}
                print(mutation.name, mutation.strength, json.dumps(kinds), sep=", ", file=sys.stderr, flush=True)
                own.append({checker for checker, of in kinds.items() if of})
    return result


def main() -> None:
    """Print a line for each checker; on stderr the issues in clean data, and the types that tell of a mutation."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("python", metavar="PYTHON")
    parser.add_argument("--few", type=int, metavar="N", help="try N mutations, not all")
    parser.add_argument("--seconds-only", action="store_true", help="try no mutation")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        give(RAW, Path(name))
        runs = {checker: run(args.python, checker, Path(name)) for checker in CHECKERS}
    runs[GATES] = measure(sys.executable, "-m", "pipeline", "check", str(RAW), "--no-checksums"), "", {}
    found = [] if args.seconds_only else finders(args.python, args.few)
    print("| checker | seconds | MB | mutations found | false alarms |\n|---|--:|--:|--:|--:|")
    for checker, (cost, version, clean) in runs.items():
        print(checker, json.dumps(clean), file=sys.stderr)
        counts = [f"{sum(checker in one for one in of)} of {len(of)}" for of in found] or ["", ""]
        print(table([(f"{checker} {version}", f"{cost.seconds:.0f}", f"{cost.memory:.0f}", *counts)]))


if __name__ == "__main__":
    main()
