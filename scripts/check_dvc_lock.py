"""Say whether dvc.lock is in step with the code, params and metrics of the tree; data may be absent.

python scripts/check_dvc_lock.py
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

ABSENT = {"deleted", "not in cache"}  # a fresh clone has no data; what the lock says of it is not in question


def differences(status: dict[str, list[Any]]) -> Iterator[str]:
    """The lines of `dvc status --json` that are about more than absent data."""
    for stage, changes in status.items():
        for change in changes:
            if isinstance(change, str):
                yield f"{stage}: {change}"
                continue
            for kind, items in change.items():
                yield from (f"{stage}: {kind}: {path} ({how})" for path, how in items.items() if how not in ABSENT)


def main() -> int:
    """Return 1 for a lock that is not in step."""
    listing = subprocess.run(["dvc", "status", "--json"], capture_output=True, text=True, check=True).stdout
    lines = list(differences(json.loads(listing)))
    if lines:
        print(
            "\n  ".join(["error: dvc.lock is not in step; run `make repro` and commit it:", *lines]),
            file=sys.stderr,
        )
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
