"""How many threads a computation may start: the one place that decides."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from pipeline.base.errors import ConfigError

ENVIRONMENT = "PIPELINE_THREADS"
T = TypeVar("T")


def count() -> int:
    """The number in PIPELINE_THREADS; if it is not set, the number of processors.

    A worker of a cluster shares its machine with others, so it sets 1. Raises ConfigError for anything but a whole
    number from 1 on.
    """
    given = os.environ.get(ENVIRONMENT)
    if given is None:
        return os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(f"{ENVIRONMENT}: expected a whole number from 1 on, found {given!r}")
    return int(given)


def one_blas_thread() -> AbstractContextManager[Any]:
    """Give BLAS and OpenMP one thread inside the block: sums of floats must not depend on their number."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def over(work: Callable[..., T], *items: Iterable[Any]) -> list[T]:
    """What `work` gives for the items, as `map`: computed in `count()` threads, each with one BLAS thread."""
    with one_blas_thread(), ThreadPoolExecutor(count()) as pool:
        return list(pool.map(work, *items))


def each(work: Callable[[Any], T], items: Iterable[Any]) -> Iterator[T]:
    """As `over`, one result after the other: so only a few items and results are in memory."""
    waiting: deque[Future[T]] = deque()
    with one_blas_thread(), ThreadPoolExecutor(count()) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > count():
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)
