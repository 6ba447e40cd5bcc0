#!/usr/bin/env bash
# Great Expectations 1.24.1: with `unexpected_index_column_names`, each unexpected row is looked up by itself.
#
# Versions: great-expectations 1.24.1, pandas 3.1.1, Python 3.11.
# Expected: naming the rows that break an expectation by a column is one selection of that column.
# Instead: on pandas a Python loop takes one value after another out of the frame, and makes a dictionary for each
# row, with a NumPy scalar for each value. The same expectation on the same 60,000 rows, all of which break it,
# takes more than fifty times as long; the time grows with the rows that are bad, so good data do not show it.
# Seen (two cores; seconds with the places of the rows, and with `unexpected_index_column_names: ["id"]`; n = 1):
#   10,000 rows  0.02  0.60   ... {'ink': np.int64(300), 'id': np.int64(9999)}
#   60,000 rows  0.02  1.65   ... {'ink': np.int64(300), 'id': np.int64(59999)}
# Why it matters: a gate with fifty expectations on a damaged data set takes minutes where the good one takes
# seconds. The option is the documented way to name rows. Without it a result has the places of the rows, from which
# `frame["id"].iloc[places]` gives the same names at once.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet great-expectations==1.24.1 pandas==3.1.1
export HOME="$work" GX_ANALYTICS_ENABLED=false
cat > seconds.py <<'END'
import time

import great_expectations as gx
import pandas as pd

context = gx.get_context(mode="ephemeral")


def validated(rows: int, **options: object) -> tuple[float, list]:
    frame = pd.DataFrame({"id": range(rows), "ink": 300})
    name = f"{rows} {options}"
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    expectation = gx.expectations.ExpectColumnValuesToBeBetween(column="ink", max_value=255)
    form = {"result_format": "COMPLETE", "return_unexpected_index_query": False} | options
    start = time.perf_counter()
    result = batch.validate(expectation, result_format=form)
    return time.perf_counter() - start, result.result["unexpected_index_list"]


validated(10)  # the first takes longer
for rows in (10_000, 60_000):
    places, names = validated(rows), validated(rows, unexpected_index_column_names=["id"])
    print(f"{rows:,} rows", f"{places[0]:.2f} {names[0]:.2f}", "...", names[1][-1])
    assert places[1] == [row["id"] for row in names[1]] == list(range(rows))
assert names[0] > 10 * places[0]
END
venv/bin/python seconds.py 2>/dev/null
