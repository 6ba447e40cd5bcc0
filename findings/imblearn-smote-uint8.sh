#!/usr/bin/env bash
# imbalanced-learn 0.14.2: SMOTE on uint8 images makes noise, not images between two neighbours.
#
# Versions: imbalanced-learn 0.14.2, scikit-learn 1.9.1, numpy 2.4.6.
# Expected: a synthetic image lies between an image and one of its neighbours; so none of its pixels is outside what the
# rare class's own images show there.
# Instead: SMOTE subtracts the two images in their own type. For uint8 every pixel that is darker in the neighbour wraps
# round 256, is scaled and added, and the sum is cast back to uint8: without a warning. The same pixels as int16 are right.
# Seen (20 zeros among 1,639 digits of 8x8, made up to the largest class):
#   uint8: 163 synthetic zeros, 14.2% of their pixels outside of the class's own range, farthest off by 195
#   int16: 163 synthetic zeros, 0.0% outside
# Why it matters: MNIST-like images come as uint8, and rare classes (EMNIST's letters) are what SMOTE is used for; the model
# is then trained on salt and pepper under the label of the rare class.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet imbalanced-learn==0.14.2 scikit-learn==1.9.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.datasets import load_digits
images, labels = load_digits(return_X_y=True)
pixels = (images * 15).astype(np.uint8)
keep = np.r_[np.flatnonzero(labels != 0), np.flatnonzero(labels == 0)[:20]]
pixels, labels = pixels[keep], labels[keep]
own = pixels[labels == 0].astype(int)
outside = {}
for kind in (np.uint8, np.int16):
    made, made_labels = SMOTE(random_state=0).fit_resample(pixels.astype(kind), labels)
    new = made[len(labels):][made_labels[len(labels):] == 0].astype(int)
    off = np.maximum(new - own.max(axis=0), own.min(axis=0) - new)
    outside[kind] = (off > 0).mean()
    print(f"{np.dtype(kind)}: {len(new)} synthetic zeros, {outside[kind]:.1%} of their pixels outside of the class's "
          f"own range, farthest off by {max(off.max(), 0)}")
assert outside[np.int16] == 0 and outside[np.uint8] > 0.05, "behaviour has changed"
PY
