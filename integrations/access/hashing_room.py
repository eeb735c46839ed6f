"""How many passwords are hashed at once.

Hashing takes a processor a good part of a second, by design. Whoever sends wrong logins from many addresses must not
get all threads of the web process hashing or waiting: one hashes, few wait for a moment, and all others are told to
come again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from config.kit.refusals import Refused

# In one process. The web process has eight threads: the other five answer everybody else.
HASHING_AT_ONCE = 1
WAITING_AT_ONCE = 2
LONGEST_WAIT_SECONDS = 2.0

_inside = threading.BoundedSemaphore(HASHING_AT_ONCE + WAITING_AT_ONCE)
_hashing = threading.BoundedSemaphore(HASHING_AT_ONCE)


class TooBusyRefused(Refused):
    """Too many people log in at this moment."""


@contextmanager
def place() -> Iterator[None]:
    """A place to hash a password in. Raises TooBusyRefused at once when too many wait, else after a moment."""
    if not _inside.acquire(blocking=False):
        raise TooBusyRefused("Too many people log in at this moment: try again in some seconds.")
    try:
        if not _hashing.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise TooBusyRefused("Too many people log in at this moment: try again in some seconds.")
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _inside.release()
