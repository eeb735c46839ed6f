"""What a platform's refusals mean: a table of data, and the sentences that all platforms share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Response
from integrations.connectors.kit.throttling import reset_seconds

# (HTTP status, error code) to who must act and a sentence for staff. The code None stands for every other code, "" for
# an answer without one. Sentences may hold {status} and {code}; they never quote the shop's own text.
Rows = Mapping[tuple[int, str | None], tuple[Failure, str]]


@dataclass(frozen=True)
class Refusals:
    """The refusals of one platform.

    REFUSALS = Refusals("Ecwid", code_named("errorCode"), {
        (402, None): (Failure.CREDENTIALS, "Ecwid has suspended this store."),
        (403, "INSUFFICIENT_APP_SCOPE"): (Failure.CREDENTIALS, f"The app's token may not read this. {NEW_APP}"),
    })
    raise REFUSALS.of(response)
    """

    # How the sentences call the platform: "Ecwid", "The shop".
    who: str
    # Reads the error code of an answer; None where the platform has no codes.
    code_of: Callable[[Response], str] | None
    rows: Rows
    # Seconds to wait after a 429 that does not say it itself; None: the run's own patience.
    busy_wait: float | None = None

    def of(self, response: Response) -> ShopError:
        """The ShopError of an answer that is not a success."""
        status = response.status
        code = self.code_of(response) if self.code_of is not None else ""
        row = self.rows.get((status, code)) or self.rows.get((status, None))
        if row is not None:
            return ShopError(row[0], row[1].format(status=status, code=code), status=status)
        if status == 429:
            wait = reset_seconds(response.headers) or self.busy_wait
            return ShopError(Failure.BUSY, f"{self.who} asks us to wait.", status=status, retry_after=wait)
        return ShopError(*self._common(status, code), status=status)

    def _common(self, status: int, code: str) -> tuple[Failure, str]:
        if status >= 500:
            return Failure.UNAVAILABLE, f"{self.who} has a fault of its own (HTTP {status})."
        if 200 <= status < 300:
            return Failure.NONSENSE, f"{self.who}'s answer (HTTP {status}) is not what it documents."
        told = "" if self.code_of is None else f", {code or 'no code'}"
        return Failure.REFUSED, f"{self.who} refused the request (HTTP {status}{told})."
