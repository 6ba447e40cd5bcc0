#!/usr/bin/env bash
# pandas 3.1.1: `images.isin(list)` misses images with a zero byte: in an Arrow column every one that holds a zero byte.
#
# Versions: pandas 3.1.1, pyarrow 26.0.1, numpy 2.4.6.
# Expected: a column of bytes asked for its own values says yes for each; for text and numbers it does.
# Instead: a list (or a set) of bytes becomes a numpy array of type S on the way, which ends a value at its zero bytes:
# - object column: a value that ends in a zero byte is not found;
# - Arrow column (binary or binary(n)): a value with a zero byte anywhere is cut there, and is not found.
# The same values as a Series are all found. DataFrame.isin and query("image in @list") are the same.
# Seen (4 images, 3 of which begin with a black pixel, one ends with one):
#   object:    list [True, True, False, True], Series: all True
#   binary(4): list [False, False, False, True], Series: all True
# Why it matters: an MNIST image begins and ends with black pixels. "Is an image of test among those of train?", asked in
# this way of the bytes in a Parquet file, finds nothing at all: leakage is reported as absent.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import pandas as pd
import pyarrow as pa
images = [bytes([0, 0, 7, 9]), bytes([0, 5, 5, 1]), bytes([0, 9, 9, 0]), bytes([3, 4, 5, 6])]
print("pandas", pd.__version__, "pyarrow", pa.__version__)
found = {}
for name, kind in (("object", object), ("binary", pd.ArrowDtype(pa.binary())), ("binary(4)", pd.ArrowDtype(pa.binary(4)))):
    column = pd.Series(images, dtype=object) if kind is object else pd.Series(pd.array(pa.array(images, kind.pyarrow_dtype), dtype=kind))
    assert column.tolist() == images
    found[name] = column.isin(images).tolist()
    in_series = column.isin(pd.Series(images, dtype=object)).tolist()
    frame = pd.DataFrame({"image": column})
    print(f"{name}: in the list {found[name]}, in a Series of it {in_series}, rows by query {len(frame.query('image in @images'))}")
    assert all(in_series)
assert found["object"] == [True, True, False, True], "behaviour has changed"
assert found["binary"] == found["binary(4)"] == [False, False, False, True], "behaviour has changed"
PY
