"""Registering webhooks: one for each topic, those that are there stay or are switched on again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from integrations.connectors.http import Auth, Operation, Request
from integrations.connectors.notifications import RemoteWebhook

Registered = Operation[tuple[RemoteWebhook, ...]]
# Makes the webhook of a topic, or changes the one that is there.
Write = Callable[[str, RemoteWebhook | None], Operation[RemoteWebhook]]


def register_each(there: Iterable[RemoteWebhook], address: str, topics: Iterable[str], write: Write) -> Registered:
    """Has every topic written, with what is registered for it at `address`. The result is in the order of `topics`."""
    ours = {webhook.topic: webhook for webhook in there if webhook.address == address}
    registered = []
    for topic in topics:
        registered.append((yield from write(topic, ours.get(topic))))
    return tuple(registered)


def writing(url: str, known: RemoteWebhook | None, body: object, auth: Auth, **headers: str) -> Request:
    """POST to the list at `url`, or PUT to the known entry below it, which may be tried again."""
    return Request(
        "PUT" if known else "POST",
        f"{url}/{known.external_id}" if known else url,
        headers=headers,
        body=msgspec.json.encode(body),
        auth=auth,
        idempotent=known is not None,
    )
