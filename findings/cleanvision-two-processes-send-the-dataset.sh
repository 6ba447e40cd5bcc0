#!/usr/bin/env bash
# cleanvision 0.3.7: with two processes, find_issues on a Hugging Face dataset takes many times as long as with one.
#
# Versions: cleanvision 0.3.7, datasets 5.2.0, Python 3.11.
# Expected: more processes share the images, and take less time, or a little more for few images.
# Instead: each task of the pool holds the whole dataset, which is pickled and sent again for each image (up to
# 10,000 images, then for each chunk of n // 5000 images). The number of processes is that of the cores by default.
# Seen (2,000 grey images of 28 x 28, two busy cores):
#   one process 2.9 s, two processes 77.5 s same issues
# Why it matters: the default is the slow way, and a progress bar that crawls looks like a slow check. `n_jobs=1` is
# the cure; Datalab of cleanlab 2.9.0 calls it without that argument.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet cleanvision==0.3.7 datasets==5.2.0
cat > twice.py <<'END'
import time

import numpy as np
from cleanvision import Imagelab
from datasets import Dataset, Features, Image

if __name__ == "__main__":
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (2000, 28, 28), np.uint8)
    dataset = Dataset.from_dict({"image": list(pictures)}, Features({"image": Image()}))
    seconds, found = [], []
    for jobs in (1, 2):
        lab = Imagelab(hf_dataset=dataset, image_key="image", verbose=False)
        start = time.perf_counter()
        lab.find_issues(n_jobs=jobs, verbose=False)
        seconds.append(time.perf_counter() - start)
        found.append(lab.issues.filter(regex="^is_").sum().to_dict())
    same = "same issues" if found[0] == found[1] else found
    print(f"one process {seconds[0]:.1f} s, two processes {seconds[1]:.1f} s {same}")
    assert found[0] == found[1]
    assert seconds[1] > 2 * seconds[0]
END
HF_HUB_OFFLINE=1 venv/bin/python twice.py 2> errors.txt || { tail -3 errors.txt; exit 1; }
