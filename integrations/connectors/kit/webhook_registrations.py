"""Registering webhooks: one for each topic, those that are there stay or are switched on again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

import msgspec

from integrations.connectors.errors import ShopError
from integrations.connectors.http import Auth, Operation, Request, Response
from integrations.connectors.kit.json_answers import decoded, part
from integrations.connectors.notifications import RemoteWebhook

Registered = Operation[tuple[RemoteWebhook, ...]]
# Makes the webhook of a topic, or changes the one that is there.
Write = Callable[[str, RemoteWebhook | None], Operation[RemoteWebhook]]


def register_each(
    listing: Registered, address: str, topics: Iterable[str], write: Write, only: Container[str] | None = None
) -> Registered:
    """Has every topic written, with what is registered for it at `address`. The result is in the order of `topics`.

    `only`: topics beside these stay as they are, and are left out of the result where they are not registered.
    """
    ours = {webhook.topic: webhook for webhook in (yield from listing) if webhook.address == address}
    registered = []
    for topic in topics:
        if only is None or topic in only:
            registered.append((yield from write(topic, ours.get(topic))))
        elif topic in ours:
            registered.append(ours[topic])
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


def written(response: Response, refusal: Callable[[Response], ShopError], name: str = "") -> dict[str, Any]:
    """The webhook in the answer to `writing`, or in its part `name`. Raises `refusal` for any other answer."""
    entry = part(decoded(response), name)
    if response.status not in (200, 201) or not entry:
        raise refusal(response)
    return entry
