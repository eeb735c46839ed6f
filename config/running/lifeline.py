"""Children that do not outlive us, even when we are killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def dies_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program (`preexec_fn`) so that the kernel sends it `signum` when we are gone.

    Linux only; None elsewhere. The kernel ties the child to the thread that started it: use it in the main thread.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # loaded here, since a child between fork and exec should do next to nothing
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the kernel was asked
            os._exit(1)

    return ask


def die_with(parent: int, signum: signal.Signals) -> None:
    """The same for a forked child, from inside of it: end when the process `parent` is gone. Linux only."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
