"""A progress bar on stderr, shown only on a terminal."""

import sys
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def progress(total: int, what: str, **options: Any) -> "tqdm[Any]":
    """A bar of `total` steps, with a lock for threads: for tqdm's own, Python 3.14 would start another process."""
    from tqdm import tqdm

    tqdm.set_lock(RLock())
    return tqdm(total=total, desc=what, disable=None, file=sys.stderr, **options)
