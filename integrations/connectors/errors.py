"""How talking to a shop can fail, sorted by who must act."""

from __future__ import annotations

from enum import StrEnum

from integrations.connectors.http import Response


class Failure(StrEnum):
    """Who must act when a shop cannot be read."""

    CREDENTIALS = "credentials"
    """Staff: the shop refuses our keys. Nothing is tried again until they are changed."""
    ADDRESS = "address"
    """Staff: the address is wrong, or not one we may connect to."""
    BUSY = "busy"
    """Nobody: the shop asks us to wait (429); `retry_after` says how long."""
    UNAVAILABLE = "unavailable"
    """The shop: 5xx, time-outs, broken connections. Tried again by itself."""
    NONSENSE = "nonsense"
    """The shop: an answer that is not what its API documents (a login page, a cut-off body). Tried again by itself."""
    REFUSED = "refused"
    """Engineers: the shop says our request is wrong."""
    NOT_FOUND = "not_found"
    """Staff: the thing asked for by id is not in the shop."""


class ShopError(Exception):
    """A shop could not be read. `str(error)` is one sentence for staff, free of secrets and of personal data."""

    def __init__(
        self,
        kind: Failure,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        answer: Response | None = None,
        broke_off: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after
        """Seconds the shop asked us to wait: 1 s ... 15 min, or until a day's quota is given anew."""
        self.answer = answer
        """What the shop answered to make us wait, for its connector; never to be shown or logged."""
        self.broke_off = broke_off
        """The connection stood, and ended without a whole answer."""

    @property
    def passes(self) -> bool:
        """Whether waiting can help."""
        return self.kind in {Failure.BUSY, Failure.UNAVAILABLE, Failure.NONSENSE}

    @property
    def may_be_one_order(self) -> bool:
        """Whether one of the orders asked for may have caused it, so that the others come when it is left out."""
        return self.broke_off or self.kind == Failure.NONSENSE or self.status in {500, 502, 503, 504}


class NotNow(ShopError):
    """Nothing was sent, because no worker may ask this shop now."""


class PayloadError(Exception):
    """One order of a page cannot be read. `code` is stable, `path` a JSON path, `message` a sentence for staff."""

    def __init__(self, code: str, message: str, path: str = "$") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


class MailFault(StrEnum):
    """Who must act when a letter cannot be sent."""

    RECIPIENT = "recipient"
    """The mail server refuses this letter or its address for good."""
    SETTINGS = "settings"
    """Staff: the server's address, name or password is wrong; nothing goes out until it is changed."""
    LATER = "later"
    """Nobody: tried again by itself."""
    UNSURE = "unsure"
    """Staff: nobody can say whether the letter was taken."""


class MailError(Exception):
    """A letter was not sent. `str(error)` is one sentence for staff, free of secrets and of personal data."""

    def __init__(self, fault: MailFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
