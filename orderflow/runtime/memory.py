"""Gives the memory of large arrays and request bodies back to the operating system.

glibc raises the size from which it takes memory from the system directly to that of the largest array that was freed,
up to 32 MB; smaller ones then share heaps, one a thread, which shrink only at their ends. After 40 unread answers with
footprints in 1 s bars of 1,000,000 ticks the server kept 450 MB (339 before them) with `give_back` alone, and 296 MB
(288 before them) with both functions.
"""

from __future__ import annotations

import ctypes
from typing import Any

DIRECT = 4 * 2**20
"""Bytes from which an array has memory of its own from the system, which is given back when it is freed."""
_MMAP_THRESHOLD = -3


def keep_large_arrays_apart() -> bool:
    """Fix the size from which arrays have memory of their own. False where the C library cannot: it is not glibc."""
    change = _function("mallopt")
    return change is not None and bool(change(_MMAP_THRESHOLD, DIRECT))


def give_back() -> bool:
    """Give back what is free in the heaps; False if nothing was, or the C library cannot. Takes some milliseconds."""
    trim = _function("malloc_trim")
    return trim is not None and bool(trim(0))


def _function(name: str) -> Any:
    """A function of the C library, None without glibc."""
    try:
        library = ctypes.CDLL(None)
        return getattr(library, name) if hasattr(library, "gnu_get_libc_version") else None
    except (OSError, TypeError):  # TypeError: Windows has no such handle
        return None
