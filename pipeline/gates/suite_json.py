"""The suites as Great Expectations' own JSON, for whoever runs them without this program."""

import json

import msgspec
from great_expectations import ExpectationSuite

from pipeline.base.dataset import Dataset
from pipeline.gates import suites


def of(dataset: Dataset) -> str:
    """A JSON object: by its name, each suite of train and test as Great Expectations writes it.

    `train` and `test` are for the frame of the rows, `train as a whole` and `test as a whole` for that of the
    facts. As in `check`, none asks who wrote the images.
    """
    dataset = msgspec.structs.replace(dataset, provenance=None)
    found = {}
    for split in dataset.splits:
        for name, expectations in zip(
            [split, f"{split} as a whole"], suites.of_split(dataset, split), strict=True
        ):
            found[name] = ExpectationSuite(name=name, expectations=expectations).to_json_dict()
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
