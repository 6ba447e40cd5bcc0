#!/usr/bin/env bash
# skl2onnx 1.20.0: a QuantileTransformer's always black pixels are 0 in scikit-learn and 1 in the exported model.
#
# Versions: skl2onnx 1.20.0, onnxruntime 1.31.1, scikit-learn 1.9.1, numpy 2.4.6.
# Expected: the exported transformer gives what the fitted one gives, to float32's precision; for other pixels it does.
# Instead: where all quantiles of a column are equal, as for a pixel that is black in every image of train, scikit-learn
# gives 0 for this value, the ONNX graph 1, the other end of the scale. The conversion neither refuses nor warns.
# Seen (digits of 8x8, 1,000 to fit, 797 to compare):
#   3 columns constant in train: scikit-learn 0.0, ONNX 1.0; the other 61 columns: largest difference below 0.01
#   a network trained behind it: 797 of 797 rows have other probabilities
# Why it matters: 67 of MNIST's 784 pixels are black in all images of train. A model behind this transformer gets 67 inputs
# at full ink that it has never seen so, and its answers in production are not those that were measured.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet skl2onnx==1.20.0 onnxruntime==1.31.1 scikit-learn==1.9.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
images, labels = load_digits(return_X_y=True)
images = images.astype(np.float32)
train, rest = images[:1000], images[1000:]
constant = (train == train[0]).all(axis=0)
def exported(model, options=None):
    onnx = to_onnx(model, train[:1], options=options).SerializeToString()
    return onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"]).run(None, {"X": rest})
scale = QuantileTransformer(n_quantiles=100, random_state=0).fit(train)
ours, theirs = scale.transform(rest), exported(scale)[0]
black = constant & (rest == train[0]).all(axis=0)
print(black.sum(), "constant columns: scikit-learn", np.unique(ours[:, black]), "ONNX", np.unique(theirs[:, black]))
print("other columns: largest difference", np.abs(ours - theirs)[:, ~constant].max())
model = make_pipeline(scale, MLPClassifier((50,), max_iter=30, random_state=0)).fit(train, labels[:1000])
probabilities = exported(model, {id(model): {"zipmap": False}})[1]
print("rows with other probabilities:", (np.abs(probabilities - model.predict_proba(rest)).max(axis=1) > 1e-3).sum(), "of", len(rest))
assert black.any() and (ours[:, black] == 0).all() and (theirs[:, black] == 1).all(), "behaviour has changed"
PY
