"""The time of `dvc repro` from nothing, beside a plain SVC on raw pixels, in one run on this machine.

    python -m benchmarks.repro

From nothing means: a fresh clone of HEAD, no data, an empty cache. The download is included; the environment is
already there. The plain way is an SVC(C=10, gamma=0.0225) on pixels / 255: fit 60,000, predict 10,000 images.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLAIN = """
import time
from pathlib import Path
from sklearn.svm import SVC
from pipeline.rows import arrow, parquet
splits = [arrow.to_arrays(parquet.read(Path("data/parquet") / name)) for name in ("train.parquet", "test.parquet")]
(train, y), (test, actual) = [(images.reshape(len(images), -1) / 255, labels) for images, labels in splits]
begin = time.perf_counter()
machine = SVC(C=10, gamma=0.0225).fit(train, y)
fitted = time.perf_counter()
errors = (machine.predict(test) != actual).sum()
end = time.perf_counter()
print(f"{fitted - begin:.1f} s fit, {end - fitted:.1f} s predict, {errors / len(test):.2%} test error")
print(end - begin)
"""


def main() -> None:
    """Print both times and their ratio."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        (clone / "dvc.lock").unlink()
        begin = time.perf_counter()
        subprocess.run(["dvc", "repro", "--quiet"], cwd=clone, env=environment, check=True)
        ours = time.perf_counter() - begin
        print(f"dvc repro from nothing: {ours:.1f} s", flush=True)
        done = subprocess.run(
            [sys.executable, "-c", PLAIN], cwd=clone, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    print(f"plain SVC on raw pixels: {float(done[1]):.1f} s ({done[0]})")
    print(f"ratio: {ours / float(done[1]):.2f}")


if __name__ == "__main__":
    main()
