"""A mask names the rows that Great Expectations itself lists, for every kind of expectation of the suites."""

from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import pytest
from great_expectations.expectations.expectation import ColumnMapExpectation

from pipeline.base import records
from pipeline.gates import masks, suites
from pipeline.gates.suites import expect
from pipeline.gates.validation import new_context

GIVEN: list[tuple[Any, dict[str, Any]]] = [
    (gxe.ExpectColumnValuesToBeNull, {}),
    (gxe.ExpectColumnValuesToNotBeNull, {}),
    (gxe.ExpectColumnValuesToBeUnique, {}),
    (gxe.ExpectColumnValuesToBeInSet, {"value_set": [0, 2]}),
    (gxe.ExpectColumnValuesToBeIncreasing, {"strictly": True}),
    (gxe.ExpectColumnValuesToBeIncreasing, {}),
    (gxe.ExpectColumnValuesToBeBetween, {"min_value": 0, "strict_min": True}),
    (gxe.ExpectColumnValuesToBeBetween, {"min_value": 1, "max_value": 2}),
    (gxe.ExpectColumnValuesToBeBetween, {"max_value": 1, "mostly": 0.5}),
]
KINDS = [expect(kind, "any", "any", column="value", **given) for kind, given in GIVEN]


def listed(frame: pd.DataFrame) -> list[list[int]]:
    """The rows that Great Expectations itself lists, for each kind."""
    asset = new_context().data_sources.add_pandas("any").add_dataframe_asset("any")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    form: Any = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
    found = batch.validate(gx.ExpectationSuite(name="any", expectations=KINDS), result_format=form)
    return [result.result["unexpected_index_list"] for result in found.results]


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_names_the_rows_that_great_expectations_lists(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-1, 5, 40).astype(float)
    values[random.random(40) < 0.2 * (seed % 3)] = np.nan
    frame = pd.DataFrame({"value": values})
    for kind, rows in zip(KINDS, listed(frame), strict=True):
        mask = masks.unexpected(kind.configuration, frame["value"])
        assert np.flatnonzero(mask).tolist() == rows, kind


def test_every_expectation_of_a_row_has_a_mask() -> None:
    dataset = records.load("mnist")
    suite = [one for split in dataset.splits for one in suites.of_rows(dataset, split)]
    of_rows = {one.configuration.type for one in suite if isinstance(one, ColumnMapExpectation)}
    assert of_rows - masks.MASKS.keys() <= {"expect_column_values_to_be_of_type"}
