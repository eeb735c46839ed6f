"""What a process does about its memory, once it has loaded what it needs and after large requests.

Memory that a large request took goes back to the system, where the C library is glibc; elsewhere nothing is done.

glibc gives each thread an arena of its own, and keeps what is free below what is not: a web process of eight threads
holds hundreds of megabytes for ever once it has answered some large bodies. `tests.benchmarks.web_memory` measures it.
"""

from __future__ import annotations

import ctypes
import gc
from functools import cache

# Of <malloc.h>.
M_ARENA_MAX = -8
# Bytes of a body after which it is worth the time.
LARGE = 4 * 1024 * 1024


def share_one_arena() -> None:
    """Let all threads take their memory from two places. To be called before they start."""
    if hasattr(_libc(), "mallopt"):
        _libc().mallopt(M_ARENA_MAX, 2)


def give_back() -> None:
    """Give free memory back to the system; takes about a tenth of a second."""
    gc.collect()  # a request, its view and its answer know each other
    if hasattr(_libc(), "malloc_trim"):
        _libc().malloc_trim(0)


def leave_out_what_is_loaded() -> None:
    """Modules and all else that is there now stay for good: leave them out when rubbish is collected.

    A page of orders makes so many objects that all others were looked through time and again: a tenth of its computing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
