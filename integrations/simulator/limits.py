"""How many requests a simulated shop takes, as its platform says it; more are refused in the platform's words."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Limit:
    """At most so many requests in so many seconds. Tests make it small; `most` 0: no limit."""

    most: int = 0
    seconds: float = 60
    rolling: bool = True
    """Whether the time is always the last `seconds`, or begins anew with the first request after its end."""
    clock: Callable[[], float] = time.monotonic
    refused: int = 0
    _times: deque[float] = field(default_factory=deque, init=False)

    def take(self) -> bool:
        """Whether one more request is inside the limit."""
        if not self.most:
            return True
        self._forget()
        if len(self._times) >= self.most:
            self.refused += 1
            return False
        self._times.append(self.clock())
        return True

    @property
    def left(self) -> int:
        self._forget()
        return max(0, self.most - len(self._times))

    @property
    def reset(self) -> float:
        """Seconds until another request is inside the limit, or until the count begins anew."""
        self._forget()
        return max(0.0, self._times[0] + self.seconds - self.clock()) if self._times else 0.0

    def _forget(self) -> None:
        since = self.clock() - self.seconds
        if not self.rolling:
            if self._times and self._times[0] <= since:
                self._times.clear()
            return
        while self._times and self._times[0] <= since:
            self._times.popleft()
