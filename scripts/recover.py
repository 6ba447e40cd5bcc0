"""Take away what DVC left cut where it was killed, or the disk was full, while it wrote: it stops at such files.

python scripts/recover.py

DVC empties dvc.lock and .dvc/tmp/rwlock before it writes them anew, many times a run.
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
    """Recover, unless another DVC is at work or no project can be read: `dvc repro` will say so."""
    try:
        repo = Repo()
        with repo.lock:  # who holds it may write both files
            recover_rwlock(Path(repo.tmp_dir) / "rwlock")
            recover_lock(repo, Path("dvc.lock"))
    except (LockError, NotDvcRepoError, ConfigError):
        return


def recover_rwlock(path: Path) -> None:
    """Remove the list of running DVCs where it is no JSON."""
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        path.unlink()
        print(f"recover: {path} was cut; removed", file=sys.stderr)


def recover_lock(repo: Repo, path: Path) -> None:
    """Restore a dvc.lock that DVC cannot read as git has it; remove one that git does not have."""
    try:
        Lockfile(repo, str(path)).load()
    except DvcException as error:
        if not path.exists():
            return
        known = subprocess.run(["git", "ls-files", "--error-unmatch", path], capture_output=True, check=False)
        if known.returncode:
            path.unlink()
        elif subprocess.run(["git", "restore", path], check=False).returncode:
            return  # git says why, as of a conflict
        print(f"recover: {error}; {'removed' if known.returncode else 'restored from git'}", file=sys.stderr)


if __name__ == "__main__":
    main()
