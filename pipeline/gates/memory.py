"""Keeps the memory of a process small: most of all if the C library is GNU's."""

import contextlib
import ctypes

import pyarrow as pa

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # numbers of settings in malloc.h of glibc
KEPT = 32 << 20  # bytes of freed memory that are kept at most


def share_arena() -> None:
    """Let all threads and Arrow use one arena. Others would keep the memory that a thread, or Arrow, has used."""
    pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(AttributeError):  # another C library has no function of this name
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, 1)
        # Else each array of some 100 kB is new memory, which the system has to fill with zeros first.
        library.mallopt(M_MMAP_THRESHOLD, KEPT // 8)
        library.mallopt(M_TRIM_THRESHOLD, KEPT)


def give_back() -> None:
    """Give freed memory back to the system."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
