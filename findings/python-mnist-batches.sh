#!/usr/bin/env bash
# python-mnist 0.7: load_training_in_batches ends with an empty batch, or makes up images without pixels.
#
# Versions: python-mnist 0.7, Python 3.11.
# Expected: batches of the asked size, the last one perhaps smaller, as many labels as images, none of them empty.
# Instead: where the batch size divides the number of images, one more batch comes, with no image and no label: 60,000 by
# 100 gives 601. Where it is larger than the number, the first batch has as many "images" as were asked for, those past the
# end empty lists, and fewer labels; and an empty batch after it. Only a smaller size that does
# not divide works as expected.
# Seen (images, labels of each batch):
#   12 images by 5: 5/5 5/5 2/2       12 by 4: 4/4 4/4 4/4 0/0       3 by 4: 4/3 (the last image has 0 pixels) 0/0
# Why it matters: many usual batch sizes (16, 32, 50, 100) divide 60,000. A partial_fit on the last batch fails after a
# whole pass, or a mean over batches becomes nan, and the data is suspected though the file is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet python-mnist==0.7
venv/bin/python -W ignore - <<'PY'
import struct
from mnist import MNIST
def batches(count, size):
    open("train-images-idx3-ubyte", "wb").write(struct.pack(">IIII", 2051, count, 2, 2) + bytes(range(1, 4 * count + 1)))
    open("train-labels-idx1-ubyte", "wb").write(struct.pack(">II", 2049, count) + bytes(range(count)))
    return [(len(images), len(labels), min(map(len, images), default=None)) for images, labels in MNIST(".").load_training_in_batches(size)]
seen = {(count, size): batches(count, size) for count, size in ((12, 5), (12, 4), (3, 4))}
for case, found in seen.items():
    print(case, "images, labels, fewest pixels:", found)
assert seen[12, 5] == [(5, 5, 4), (5, 5, 4), (2, 2, 4)]
assert seen[12, 4] == [(4, 4, 4)] * 3 + [(0, 0, None)], "behaviour has changed"
assert seen[3, 4] == [(4, 3, 0), (0, 0, None)], "behaviour has changed"
PY
