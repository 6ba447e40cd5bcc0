"""Run `dvc repro`. If a stage fails, say its error again as the last line, and end with its exit code.

python -m scripts.repro [TARGET ...]

DVC itself ends with 255 for every failure.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.__main__ import FAILURE


def main(targets: list[str]) -> int:
    """Run the stages `targets`, or all; return the exit code of the stage that failed, or DVC's."""
    with tempfile.TemporaryDirectory() as folder:
        failure = Path(folder, "failure")
        command = [sys.executable, "-m", "dvc", "repro", *targets]
        code = subprocess.run(command, env=os.environ | {FAILURE: str(failure)}, check=False).returncode
        if code and failure.is_file():
            own, _, line = failure.read_text().partition(" ")
            print(f"repro: exit code {own}: {line}", file=sys.stderr)
            return int(own)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
