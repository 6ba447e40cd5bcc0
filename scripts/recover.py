"""Remove or restore files that DVC left cut. DVC stops if it finds such a file.

python scripts/recover.py

DVC empties dvc.lock and .dvc/tmp/rwlock before it writes them again, many times in a run. If it is killed then, or
the disk is full, the file stays cut.
"""

import json
import subprocess
import sys
from pathlib import Path

from dvc.config import ConfigError
from dvc.dvcfile import Lockfile
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.lock import LockError
from dvc.repo import Repo


def main() -> None:
    """Recover, unless another DVC is at work or the project cannot be read; `dvc repro` reports both."""
    try:
        repo = Repo()
        with repo.lock:  # the process that holds the lock may write both files
            recover_rwlock(Path(repo.tmp_dir) / "rwlock")
            recover_lock(repo, Path("dvc.lock"))
    except (LockError, NotDvcRepoError, ConfigError):
        return


def recover_rwlock(path: Path) -> None:
    """Remove the list of running DVCs if it is no JSON."""
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        path.unlink()
        print(f"recover: {path}: expected JSON, found a file that is cut short; removed", file=sys.stderr)


def recover_lock(repo: Repo, path: Path) -> None:
    """Restore a dvc.lock that DVC cannot read from git; remove it if git does not have it."""
    try:
        Lockfile(repo, str(path)).load()
    except DvcException as error:
        if not path.exists():
            return
        known = subprocess.run(["git", "ls-files", "--error-unmatch", path], capture_output=True, check=False)
        if known.returncode:
            path.unlink()
        elif subprocess.run(["git", "restore", path], check=False).returncode:
            return  # git prints the reason, for example a conflict
        print(f"recover: {error}; {'removed' if known.returncode else 'restored from git'}", file=sys.stderr)


if __name__ == "__main__":
    main()
