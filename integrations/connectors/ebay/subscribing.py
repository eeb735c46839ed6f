"""Registering for notifications: a destination (our address, proved by a challenge) and a subscription a topic.

eBay takes a destination only from an application that has an alert address, and writes there when ours does not answer.
Topics of the application (account deletion) are asked for by the application, those of a seller (orders) in the
seller's name; which are which, and in which schema, eBay says itself (`GET topic/{id}`). Facts: OpenAPI file of the
Notification API v1.6.7.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.ebay.notifications import ACCOUNT_DELETION, ORDER_TOPICS
from integrations.connectors.ebay.requests import error_id, parameter, refusal, send
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.json_answers import decoded, decoded_object, objects, part
from integrations.connectors.kit.tokens import Exchange
from integrations.connectors.kit.webhook_registrations import Registered, register_each
from integrations.connectors.notifications import RemoteWebhook

ROOT = "commerce/notification/v1"
TOPICS = (ACCOUNT_DELETION, *ORDER_TOPICS)
MOST_PAGES = 10
NAME = "Countinghouse"
# Why eBay takes no destination, by its error numbers.
NOT_TAKEN = {
    195003: (
        Failure.REFUSED,
        "eBay wants to know whom to write to when our address does not answer: enter an alert e-mail address in the"
        " settings, then register again.",
    ),
    195020: (
        Failure.ADDRESS,
        "eBay could not reach this site to ask its question. PUBLIC_URL must be the site's public https address.",
    ),
}
Json = dict[str, Any]


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
    return str(part(destination, "deliveryConfig").get("endpoint", ""))


def register(shop: Shop, address: str, secret: str, only: Container[str] | None = None) -> Registered:
    """Account deletion, without which it is an error; orders where eBay lets this application have them.

    A topic that eBay refuses is in the answer, not active and without an id. `secret` is the verification token: 32 to
    80 letters, digits, `_` or `-`.
    """
    destination = yield from _destination(shop, address, secret)

    def write(topic: str, known: RemoteWebhook | None) -> Operation[RemoteWebhook]:
        if known is None:
            return (yield from _subscribe(shop, topic, destination, address))
        return known if known.active else (yield from _enable(shop, known))

    return (yield from register_each(webhooks(shop), address, TOPICS, write, only))


def _destination(shop: Shop, address: str, secret: str) -> Operation[str]:
    """The id of the destination, made or switched on again."""
    delivery = {"endpoint": address, "verificationToken": secret}
    wanted = {"name": NAME, "status": "ENABLED", "deliveryConfig": delivery}
    for ours in (yield from _all(shop, "destination")):
        if _endpoint(ours) == address:
            known = str(ours.get("destinationId"))
            if ours.get("status") != "ENABLED":
                _accepted((yield from _call(shop, "PUT", f"destination/{known}", wanted)), 204)
            return known
    yield from _alerts(shop)
    response = yield from _call(shop, "POST", "destination", wanted)
    _accepted(response, 201)
    return _made(response)


def _made(response: Response) -> str:
    """The id of what was made: the end of its address."""
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
    offered = [each for each in objects(described.get("supportedPayloads")) if not each.get("deprecated")]
    version = str(offered[0].get("schemaVersion")) if offered else "1.0"
    payload = {"format": "JSON", "deliveryProtocol": "HTTPS", "schemaVersion": version}
    wanted = {"topicId": topic, "status": "ENABLED", "destinationId": destination, "payload": payload}
    for_application = described.get("scope") != "USER"
    response = yield from _call(shop, "POST", "subscription", wanted, as_application=for_application)
    if response.status == 201:
        return RemoteWebhook(_made(response), topic, address, active=True)
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
        response = yield from _call(shop, "GET", what, as_application=as_application, **params)
        if response.status == 403 and not as_application:
            break
        body = decoded_object(response)
        listed = body.get(f"{what}s")
        if response.status not in (200, 204) or not isinstance(listed, list | None):
            raise refusal(response)
        found += objects(listed)
        params["continuation_token"] = parameter(body.get("next"), "continuation_token")
        if not params["continuation_token"]:
            break
    return found


def _call(
    shop: Shop, method: str, path: str, body: Json | None = None, /, *, as_application: bool = True, **params: str
) -> Exchange:
    encoded = None if body is None else msgspec.json.encode(body)
    request = Request(method, f"{shop.base_url}/{ROOT}/{path}", tuple(params.items()), body=encoded)
    return (yield from send(shop, request, as_application=as_application))


def _accepted(response: Response, status: int) -> None:
    if response.status != status:
        known = NOT_TAKEN.get(error_id(response))
        raise ShopError(*known, status=response.status) if known else refusal(response)
