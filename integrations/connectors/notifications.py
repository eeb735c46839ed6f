"""Webhooks: the notifications that come in, what they tell, and how they are registered at the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Notification:
    """A webhook as it came in: the raw body, header names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    # The public address it was sent to; some signatures cover it.
    url: str = ""
    # The public key (PEM) that `SigningKeys.claimed` named, as the platform gave it; "" where there is none.
    key: str = ""
    # The platform's id of the webhook, from its registration; PayPal's signatures cover it.
    registered_as: str = ""


@dataclass(frozen=True)
class SigningKey:
    """A public key of the platform, by the name that a notification gives it."""

    name: str
    # Where the key comes in a certificate: the host names of which it must be one's.
    certified_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Erasure:
    """A person asked the platform to be forgotten, and it tells everybody who may know them."""

    # The platform's id of the request.
    external_id: str
    # What the platform calls the person.
    person: str


@dataclass(frozen=True)
class Hint:
    """What a verified notification says: which orders to read again. Its content is never believed."""

    external_ids: tuple[str, ...] = ()
    topic: str = ""
    erasure: Erasure | None = None


@dataclass(frozen=True)
class RemoteWebhook:
    """A webhook as it is registered at the platform."""

    external_id: str
    topic: str
    address: str
    active: bool
