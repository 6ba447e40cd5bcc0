"""Keeps the memory of a process small if the C library is GNU's. With another C library it does nothing."""

import contextlib
import ctypes

M_ARENA_MAX = -8  # the number of this setting in malloc.h of glibc


def share_arena() -> None:
    """Let all threads use one arena. An arena for each thread would keep the memory that the thread has used."""
    with contextlib.suppress(AttributeError):  # another C library has no function of this name
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Give freed memory back to the system."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
