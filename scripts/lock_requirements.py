"""Write the hashed locks under requirements/ from pyproject.toml; with --check, only check them.

    python scripts/lock_requirements.py [--check | --upgrade]

requirements/dev.txt is resolved first, with every extra except torch and spark. run.txt takes its versions from
dev.txt, so users run the versions that are tested.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest", "--no-header"]
OPTIONS = ["--python-version", "3.11", "--generate-hashes"]
LOCKS = {
    "requirements/dev.txt": [*(f"--extra={name}" for name in ("pipeline", "onnx", "s3", "ssh")), "--group", "dev"],
    "requirements/run.txt": ["--extra=pipeline", "-c", "requirements/dev.txt"],
}
# The comments of the locks keep the project's first name: stages depend on the bytes of run.txt.
NAME, NAME_IN_COMMENTS = 'name = "mnist-gates"', 'name = "mnist-pipeline"'


def compiled(extra: list[str]) -> dict[str, bytes]:
    """Both locks as pyproject.toml gives them. Pins that still fit stay."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        project = (ROOT / "pyproject.toml").read_text()
        (folder / "pyproject.toml").write_text(project.replace(NAME, NAME_IN_COMMENTS, 1))
        shutil.copytree(ROOT / "requirements", folder / "requirements")
        for lock, options in LOCKS.items():
            command = [*COMPILE, *OPTIONS, *options, *extra, "-o", lock, "pyproject.toml"]
            subprocess.run(command, cwd=folder, check=True)
        return {lock: (folder / lock).read_bytes() for lock in LOCKS}


def main() -> int:
    """Write or check the locks; return 1 if --check finds one that is not in step."""
    parser = argparse.ArgumentParser(description="Write or check the hashed locks under requirements/.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="write nothing; exit 1 if a lock is not in step")
    choice.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    args = parser.parse_args()
    locks = compiled(["--upgrade"] if args.upgrade else [])
    if not args.check:
        for lock, content in locks.items():
            (ROOT / lock).write_bytes(content)
        return 0
    if wrong := [lock for lock, content in locks.items() if content != (ROOT / lock).read_bytes()]:
        print(f"error: {', '.join(wrong)}: not in step with pyproject.toml; run `make lock`", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
