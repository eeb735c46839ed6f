"""Registering for notifications: a destination (our address, proved by a challenge) and a subscription a topic.

eBay takes a destination only from an application that has an alert address, and writes there when ours does not answer.
Topics of the application (account deletion) are asked for by the application, those of a seller (orders) in the
seller's name; which are which, and in which schema, eBay says itself (`GET topic/{id}`). Facts: OpenAPI file of the
Notification API v1.6.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.notifications import ACCOUNT_DELETION, ORDER_TOPICS
from integrations.connectors.ebay.requests import error_id, refusal, send
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.answers import decoded
from integrations.connectors.kit.tokens import Exchange
from integrations.connectors.notifications import RemoteWebhook

ROOT = "commerce/notification/v1"
TOPICS = (ACCOUNT_DELETION, *ORDER_TOPICS)
MOST_PAGES = 10
NAME = "Countinghouse"
NO_ALERTS, NO_CHALLENGE = 195003, 195020
Json = dict[str, Any]
Registered = Operation[tuple[RemoteWebhook, ...]]


def webhooks(shop: Shop) -> Registered:
    """The subscriptions of the application and of the seller; active ones have a destination that is enabled, too."""
    destinations = {str(each.get("destinationId")): each for each in (yield from _all(shop, "destination"))}
    found = {}
    for as_application in (True, False):
        for entry in (yield from _all(shop, "subscription", as_application=as_application)):
            found[str(entry.get("subscriptionId"))] = entry
    return tuple(_webhook(entry, destinations.get(str(entry.get("destinationId")), {})) for entry in found.values())


def _webhook(entry: Json, destination: Json) -> RemoteWebhook:
    enabled = entry.get("status") == "ENABLED" and destination.get("status") == "ENABLED"
    return RemoteWebhook(str(entry.get("subscriptionId")), str(entry.get("topicId")), _endpoint(destination), enabled)


def _endpoint(destination: Json) -> str:
    delivery = destination.get("deliveryConfig")
    return str(delivery.get("endpoint", "")) if isinstance(delivery, dict) else ""


def register(shop: Shop, address: str, secret: str) -> Registered:
    """Account deletion, without which it is an error; orders where eBay lets this application have them.

    A topic that eBay refuses is in the answer, not active and without an id. `secret` is the verification token: 32 to
    80 letters, digits, `_` or `-`.
    """
    destination = yield from _destination(shop, address, secret)
    there = {each.topic: each for each in (yield from webhooks(shop)) if each.address == address}
    registered = []
    for topic in TOPICS:
        known = there.get(topic)
        if known is None:
            known = yield from _subscribe(shop, topic, destination, address)
        elif not known.active:
            known = yield from _enable(shop, known)
        registered.append(known)
    return tuple(registered)


def _destination(shop: Shop, address: str, secret: str) -> Operation[str]:
    """The id of the destination, made or switched on again."""
    wanted = {
        "name": NAME,
        "status": "ENABLED",
        "deliveryConfig": {"endpoint": address, "verificationToken": secret},
    }
    ours = [each for each in (yield from _all(shop, "destination")) if _endpoint(each) == address]
    if ours and ours[0].get("status") == "ENABLED":
        return str(ours[0].get("destinationId"))
    if ours:
        known = str(ours[0].get("destinationId"))
        response = yield from _call(shop, "PUT", f"destination/{known}", wanted)
        _accepted(response, 204)
        return known
    yield from _alerts(shop)
    response = yield from _call(shop, "POST", "destination", wanted)
    _accepted(response, 201)
    return response.headers.get("location", "").rstrip("/").rpartition("/")[2]


def _alerts(shop: Shop) -> Operation[None]:
    """Tell eBay whom to write to, unless it knows."""
    response = yield from _call(shop, "GET", "config")
    email = shop.credentials.get("alert_email", "").strip()
    if response.status == 200 or not email:
        return  # without an address eBay refuses the destination, and says why
    response = yield from _call(shop, "PUT", "config", {"alertEmail": email})
    if response.status == 400:
        raise ShopError(Failure.REFUSED, "eBay does not take the alert e-mail address: check it in the settings.")
    _accepted(response, 204)


def _subscribe(shop: Shop, topic: str, destination: str, address: str) -> Operation[RemoteWebhook]:
    refused = RemoteWebhook("", topic, address, active=False)
    response = yield from _call(shop, "GET", f"topic/{topic}")
    described = decoded(response)
    if response.status == 404 or not isinstance(described, dict):
        return refused
    payloads: list[Any] = described.get("supportedPayloads") or []
    offered = [each for each in payloads if isinstance(each, dict) and not each.get("deprecated")]
    wanted = {
        "topicId": topic,
        "status": "ENABLED",
        "destinationId": destination,
        "payload": {
            "format": "JSON",
            "deliveryProtocol": "HTTPS",
            "schemaVersion": str(offered[0].get("schemaVersion")) if offered else "1.0",
        },
    }
    for_application = described.get("scope") != "USER"
    response = yield from _call(shop, "POST", "subscription", wanted, as_application=for_application)
    if response.status == 201:
        made = response.headers.get("location", "").rstrip("/").rpartition("/")[2]
        return RemoteWebhook(made, topic, address, active=True)
    if topic == ACCOUNT_DELETION:
        _accepted(response, 201)
    return refused


def _enable(shop: Shop, known: RemoteWebhook) -> Operation[RemoteWebhook]:
    path = f"subscription/{known.external_id}/enable"
    response = yield from _call(shop, "POST", path, as_application=known.topic == ACCOUNT_DELETION)
    return RemoteWebhook(known.external_id, known.topic, known.address, active=response.status == 204)


def _all(shop: Shop, what: str, *, as_application: bool = True) -> Operation[list[Json]]:
    """Every entry of a list. The seller's are left out where the consent does not cover them."""
    found: list[Json] = []
    params = {"limit": "100"}
    for _ in range(MOST_PAGES):
        response = yield from _call(shop, "GET", what, params=params, as_application=as_application)
        if response.status == 403 and not as_application:
            break
        body = decoded(response)
        listed = body.get(f"{what}s") if isinstance(body, dict) else None
        if response.status not in (200, 204) or not isinstance(listed, list | None):
            raise refusal(response)
        found += [each for each in listed or () if isinstance(each, dict)]
        following = body.get("next") if isinstance(body, dict) else None
        tokens = parse_qs(urlsplit(following).query).get("continuation_token") if isinstance(following, str) else None
        if not tokens:
            break
        params["continuation_token"] = tokens[0]
    return found


def _call(
    shop: Shop,
    method: str,
    path: str,
    body: Json | None = None,
    *,
    params: Mapping[str, str] | None = None,
    as_application: bool = True,
) -> Exchange:
    request = Request(
        method,
        f"{shop.base_url}/{ROOT}/{path}",
        tuple((params or {}).items()),
        body=None if body is None else msgspec.json.encode(body),
    )
    return (yield from send(shop, request, as_application=as_application))


def _accepted(response: Response, status: int) -> None:
    if response.status == status:
        return
    number = error_id(response)
    if number == NO_ALERTS:
        raise ShopError(
            Failure.REFUSED,
            "eBay wants to know whom to write to when our address does not answer: enter an alert e-mail address in the"
            " settings, then register again.",
            status=response.status,
        )
    if number == NO_CHALLENGE:
        raise ShopError(
            Failure.ADDRESS,
            "eBay could not reach this site to ask its question. PUBLIC_URL must be the site's public https address.",
            status=response.status,
        )
    raise refusal(response)
