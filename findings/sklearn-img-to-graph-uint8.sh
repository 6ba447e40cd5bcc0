#!/usr/bin/env bash
# scikit-learn 1.9.1: img_to_graph turns the gradients of a uint8 image upside down.
#
# Versions: scikit-learn 1.9.1, numpy 2.4.6, scipy as installed with them.
# Expected: the weight of two neighbouring pixels is how much they differ; from black to white 255, for one grey value 1.
# Instead: the difference is taken in the image's own type before its absolute value: 0 against 255 weighs 1, and 1 against
# 2 weighs 255, by which of the two comes first. It returns uint8, no warning. dtype=float is applied too late to help.
# Seen:
#   black -> white 1, white -> black 255, grey 1 -> grey 2: 255, and with dtype=float just so
#   a 28x28 stroke: 96 edges with a gradient, 48 of them with another weight than for the same image as int64
# Why it matters: the graph is what spectral clustering of an image is built on (segmenting digits, stroke from ground). From
# the uint8 image as IDX holds it, half of the strong edges are weak ones and the noise of the ground is strong.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet scikit-learn==1.9.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import numpy as np
from sklearn.feature_extraction.image import img_to_graph
def weight(first, second, **kind):
    return float(img_to_graph(np.array([[first, second]], np.uint8), **kind).toarray()[0, 1])
seen = [weight(0, 255), weight(255, 0), weight(1, 2), weight(1, 2, dtype=float)]
print("black-white, white-black, grey 1-2, grey 1-2 with dtype=float:", seen)
image = np.zeros((28, 28), np.uint8); image[4:24, 10:18] = 200; image[6:22, 12:16] = 255
small, wide = img_to_graph(image).toarray().astype(int), img_to_graph(image.astype(np.int64)).toarray()
edges = np.triu(wide, 1) > 0
print(f"edges with a gradient: {edges.sum()}, of these other weights as uint8: {(small != wide)[edges].sum()}")
assert seen == [1, 255, 255, 255], "behaviour has changed"
assert (small != wide)[edges].any(), "behaviour has changed"
PY
