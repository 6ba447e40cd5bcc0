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


def compile_locks(folder: Path, extra: list[str]) -> None:
    """Write both locks of the project in `folder`. Pins that still fit stay."""
    for lock, options in LOCKS.items():
        command = [*COMPILE, *OPTIONS, *options, *extra, "-o", lock, "pyproject.toml"]
        subprocess.run(command, cwd=folder, check=True)


def stale() -> list[str]:
    """The locks that are not what pyproject.toml gives."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copy(ROOT / "pyproject.toml", folder)
        shutil.copytree(ROOT / "requirements", folder / "requirements")
        compile_locks(folder, [])
        return [lock for lock in LOCKS if (folder / lock).read_bytes() != (ROOT / lock).read_bytes()]


def main() -> int:
    """Write or check the locks; return 1 if --check finds one that is not in step."""
    parser = argparse.ArgumentParser(description="Write or check the hashed locks under requirements/.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="write nothing; exit 1 if a lock is not in step")
    choice.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    args = parser.parse_args()
    if not args.check:
        compile_locks(ROOT, ["--upgrade"] if args.upgrade else [])
        return 0
    if wrong := stale():
        print(f"error: {', '.join(wrong)}: not in step with pyproject.toml; run `make lock`", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
