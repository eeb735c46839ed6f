"""Build eBay orders for tests, and a simulated seller to ask without a network."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.http import BasicAuth, HeaderAuth, Request, Response
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.simulator.dialects.ebay.orders import order_id
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.recorded import serve

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEYS = {"client_id": "Me-App-PRD-1", "client_secret": "PRD-2", "refresh_token": "v^1.1#r"}
ebay = get("ebay")


def shop(token: str | None = "token", **settings: Any) -> Shop:
    memory = {"ebay_token": token} if token else {}
    return Shop("https://api.ebay.example", KEYS, ZoneInfo("Europe/Berlin"), settings, memory)


def money(value: str, currency: str = "EUR") -> dict[str, str]:
    return {"value": value, "currency": currency}


def line(**changes: Any) -> dict[str, Any]:
    found = {
        "lineItemId": "10000000000001",
        "legacyItemId": "254700000001",
        "title": "Teller &amp; Tasse",
        "sku": "TELLER",
        "quantity": 3,
        "lineItemCost": money("60.0"),
        "taxes": [],
    }
    return {**found, **changes}


def order(**changes: Any) -> dict[str, Any]:
    """A paid order of three plates at 20 with 5 for delivery."""
    contact = {
        "fullName": "Zoë van den Berg",
        "companyName": "Berg BV",
        "contactAddress": {
            "addressLine1": "Prinsengracht 263",
            "addressLine2": "II",
            "city": "Amsterdam",
            "stateOrProvince": "NH",
            "postalCode": "1016 GV",
            "countryCode": "NL",
        },
        "primaryPhone": {"phoneNumber": "+31 6 5555 0112"},
        "email": "alias1@members.ebay.example",
    }
    step = {"shipTo": contact, "shippingCarrierCode": "DHL", "shippingServiceCode": "DE_DHLPaket"}
    found = {
        "orderId": "12-34567-89012",
        "legacyOrderId": "110222-55555",
        "creationDate": "2026-10-31T22:06:58.123Z",
        "lastModifiedDate": "2026-10-31T22:07:01.000Z",
        "orderFulfillmentStatus": "NOT_STARTED",
        "orderPaymentStatus": "PAID",
        "sellerId": "teehaus",
        "buyer": {"username": "zoe_nl"},
        "pricingSummary": {
            "priceSubtotal": money("60.0"),
            "deliveryCost": money("5.0"),
            "total": money("65.0"),
        },
        "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
        "paymentSummary": {
            "totalDueSeller": money("58.25"),
            "refunds": [],
            "payments": [
                {
                    "paymentMethod": "EBAY",
                    "paymentReferenceId": "1000000005",
                    "paymentDate": "2026-10-31T22:06:58.000Z",
                    "amount": money("65.0"),
                    "paymentStatus": "PAID",
                }
            ],
        },
        "fulfillmentStartInstructions": [{"fulfillmentInstructionsType": "SHIP_TO", "shippingStep": step}],
        "lineItems": [line()],
        "salesRecordReference": "19",
        "totalMarketplaceFee": money("6.75"),
    }
    return {**found, **changes}


def payload(**changes: Any) -> bytes:
    return json.dumps(order(**changes), ensure_ascii=False).encode()


def ids_of(page: OrderPage) -> list[str]:
    return [json.loads(document)["orderId"] for document in page.payloads]


class Seller:
    """A simulated eBay account without a network, whose clock stands still until it is moved."""

    def __init__(self, orders: int = 40, *, per_page: int = 7, seed: int = 5) -> None:
        self.now = NOON
        self.shop = SimulatedShop("Seller", seed=seed, clock=lambda: self.now)
        self.site = SimulatedSite(self.shop, "ebay")
        for number in range(orders):
            self.shop.place(age=orders * 60 - number * 60)
        keys = {"client_id": self.shop.key, "client_secret": self.shop.secret, "refresh_token": self.shop.secret}
        self.remote = Shop("https://api.ebay.example", keys, ZoneInfo("UTC"), {"per_page": per_page})

    def ids(self) -> list[str]:
        return [order_id(self.shop, sale) for sale in self.shop.sales.values()]

    def serve(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if isinstance(request.auth, HeaderAuth):
            headers[request.auth.name.lower()] = request.auth.value
        if isinstance(request.auth, BasicAuth):
            pair = f"{request.auth.user}:{request.auth.password}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        path = request.url.removeprefix("https://api.ebay.example")
        answered, _ = self.site.answer(
            Asked(request.method, path, request.params, headers, request.body or b"", secure=True)
        )
        return Response(
            answered.status, {name.lower(): value for name, value in answered.headers.items()}, answered.body
        )

    def sweep(self, window: Window, between: Callable[[int], object] = lambda page: None) -> tuple[list[str], datetime]:
        """Every id of a window, with something happening after each page; and the window's end."""
        found: list[str] = []
        cursor: Cursor | None = None
        for page in range(1, 300):
            result, _ = serve(ebay.orders.in_window(self.remote, window, cursor), self.serve)
            found += ids_of(result)
            assert result.until is not None
            if result.next is None:
                return found, result.until
            cursor = json.loads(json.dumps(result.next))
            self.now += timedelta(seconds=1)
            between(page)
        raise AssertionError("the listing never ends")
