"""Build PayPal transactions for tests, and a simulated account to ask without a network."""

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
from integrations.simulator.dialects.paypal import answering as dialect
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.recorded import serve

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEYS = {"client_id": "Aclient", "client_secret": "Esecret"}
ID = "9AB00000000000001.T0006.20261030T100000Z"
paypal = get("paypal")


def shop(token: str | None = "token", **settings: Any) -> Shop:
    memory = {"paypal_token": token} if token else {}
    return Shop("https://api-m.paypal.example", KEYS, ZoneInfo("Europe/Berlin"), settings, memory)


def money(value: str, currency: str = "EUR") -> dict[str, str]:
    return {"currency_code": currency, "value": value}


def info(**changes: Any) -> dict[str, Any]:
    found = {
        "paypal_account_id": "6STWC2LSUYYYE",
        "transaction_id": "9AB00000000000001",
        "transaction_event_code": "T0006",
        "transaction_initiation_date": "2026-10-30T12:00:00+0200",
        "transaction_updated_date": "2026-10-30T10:00:02Z",
        "transaction_amount": money("47.60"),
        "fee_amount": money("-1.90"),
        "shipping_amount": money("5.00"),
        "shipping_tax_amount": money("0.95"),
        "transaction_status": "S",
        "transaction_subject": "Bill",
        "transaction_note": "Bitte klingeln 🙏",
        "invoice_id": "SHOP-1001",
        "custom_field": "x-7",
    }
    return {**found, **changes}


def item(**changes: Any) -> dict[str, Any]:
    found = {
        "item_code": "MUG",
        "item_name": "Mug &amp; saucer",
        "item_quantity": "2",
        "item_unit_price": money("17.50"),
        "item_amount": money("35.00"),
        "tax_amounts": [{"tax_amount": money("6.65")}],
        "total_item_amount": money("41.65"),
    }
    return {**found, **changes}


def transaction(transaction_info: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A completed payment of two mugs at 17.50 and 5 for delivery, each with 19 % tax."""
    found = {
        "transaction_info": transaction_info or info(),
        "payer_info": {
            "account_id": "6STWC2LSUYYYE",
            "email_address": "buyer@example.com",
            "phone_number": {"country_code": "49", "national_number": "15155501"},
            "payer_name": {"given_name": "Jürgen", "surname": "Großmann"},
            "country_code": "DE",
        },
        "shipping_info": {
            "name": "Jürgen Großmann",
            "address": {"line1": "Königsallee 1", "city": "Düsseldorf", "postal_code": "40212", "country_code": "DE"},
        },
        "cart_info": {"item_details": [item()]},
        "store_info": {},
    }
    return {**found, **changes}


def payload(transaction_info: dict[str, Any] | None = None, **changes: Any) -> bytes:
    return json.dumps(transaction(transaction_info, **changes), ensure_ascii=False).encode()


def numbers_of(page: OrderPage) -> list[str]:
    return [json.loads(document)["transaction_info"]["transaction_id"] for document in page.payloads]


class Account:
    """A simulated PayPal account without a network, whose clock stands still until it is moved."""

    def __init__(self, orders: int = 40, *, per_page: int = 7, apart: int = 3600) -> None:
        self.now = NOON
        self.shop = SimulatedShop("Account", seed=5, clock=lambda: self.now)
        self.site = SimulatedSite(self.shop, "paypal")
        for number in range(orders):
            self.shop.place(age=(orders - number) * apart + dialect.LATE.total_seconds())
        keys = {"client_id": self.shop.key, "client_secret": self.shop.secret}
        self.remote = Shop("https://api-m.paypal.example", keys, ZoneInfo("UTC"), {"per_page": per_page})
        self.requests: list[Request] = []

    def serve(self, request: Request) -> Response:
        self.requests.append(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if isinstance(request.auth, HeaderAuth):
            headers[request.auth.name.lower()] = request.auth.value
        if isinstance(request.auth, BasicAuth):
            pair = f"{request.auth.user}:{request.auth.password}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        path = request.url.removeprefix("https://api-m.paypal.example")
        answered, _ = self.site.answer(
            Asked(request.method, path, request.params, headers, request.body or b"", secure=True)
        )
        return Response(
            answered.status, {name.lower(): value for name, value in answered.headers.items()}, answered.body
        )

    def sweep(self, window: Window, between: Callable[[int], object] = lambda page: None) -> tuple[list[str], datetime]:
        """Every transaction id of a window, with something happening after each page; and the window's end."""
        found: list[str] = []
        cursor: Cursor | None = None
        for page in range(1, 300):
            result, _ = serve(paypal.orders.in_window(self.remote, window, cursor), self.serve)
            found += numbers_of(result)
            assert result.until is not None
            if result.next is None:
                return found, result.until
            cursor = json.loads(json.dumps(result.next))
            self.now += timedelta(seconds=1)
            between(page)
        raise AssertionError("the listing never ends")
