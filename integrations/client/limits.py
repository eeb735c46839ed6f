"""How long, how large, how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    connect: float = 10.0
    """Seconds until the connection stands."""
    read: float = 30.0
    """Seconds of silence."""
    total: float = 45.0
    """Seconds for one whole request, however busily it drips."""
    size: int = 32 * 1024 * 1024
    """Bytes of an answer, decoded."""
    tries: int = 3
    wait: float = 5.0
    """The longest wait, in seconds, before trying again here; a longer one is the run's to wait."""
