"""Telling a simulated shop of things, and what it knows of them afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit

from integrations.client import drive
from integrations.connectors.contract import Connector, Creation, Shipments, Shop, StockLevels
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.outward import (
    CopiedLine,
    Crossed,
    Dispatch,
    DispatchLine,
    OrderCopy,
    Paid,
    Paper,
    StockTarget,
)
from integrations.simulator import dialects
from integrations.simulator.messages import Asked
from integrations.simulator.sales import Sale, basket
from integrations.simulator.server import SimulatedServer
from orders.intake.incoming import IncomingOrder

T = TypeVar("T")

SENT_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
GOODS = {"MUG-BLUE": 3, "TEA-EARL-100": 1}


class Told:
    """A shop that is told of things: the connector's side of it, and the simulated one."""

    def __init__(self, connector: Connector, server: SimulatedServer) -> None:
        self.connector, self.server, self.sold = connector, server, server.site.shop
        keys = dialects.get(connector.key).keys(self.sold)
        self.shop = Shop(server.url, keys, self.sold.zone, {"currency": self.sold.currency})

    def ask(self, operation: Operation[T]) -> T:
        return drive(operation, allowed={self.server.address}, sleep=lambda _: None)

    def direct(self, method: str, path: str, **data: Any) -> None:
        """As its director."""
        assert self.server.site.direct(Asked(method, f"/_sim/{path}", body=json.dumps(data).encode())).status < 300

    @property
    def shipments(self) -> Shipments:
        assert self.connector.outward.shipments is not None
        return self.connector.outward.shipments

    @property
    def stock(self) -> StockLevels:
        assert self.connector.outward.stock is not None
        return self.connector.outward.stock

    @property
    def creation(self) -> Creation:
        assert self.connector.outward.creation is not None
        return self.connector.outward.creation

    def order(self, status: str = "processing", goods: Mapping[str, int] | None = None) -> Sale:
        """One that is sent, and not picked up."""
        while True:
            sale = self.sold.place(status, GOODS if goods is None else goods)
            if basket(self.sold.seed, sale).delivery[0] != "local_pickup":
                return sale
            self.sold.delete(sale.id)

    def external_id(self, sale: Sale) -> str:
        known = dialects.get(self.connector.key).external_id(self.sold, sale)
        assert known is not None
        return known

    def read(self, external_id: str) -> IncomingOrder:
        """The order as the connector reads it now."""
        page = self.ask(self.connector.orders.by_ids(self.shop, (external_id,)))
        assert len(page.payloads) == 1
        return self.connector.parse(page.payloads[0], self.shop)

    def dispatch(self, sale: Sale, units: Mapping[str, int] | None = None, **more: Any) -> Dispatch:
        """Of these units by SKU; of all there are, where none are named."""
        order = self.read(self.external_id(sale))
        wanted = GOODS if units is None else units
        lines = [(line, wanted[line.sku]) for line in order.lines if line.sku in wanted]
        dispatch = Dispatch(
            reference="SH2026000001",
            order_id=order.external_id,
            lines=tuple(DispatchLine(line.key, line.sku, quantity) for line, quantity in lines),
            completes=units is None,
            carrier_title="Parcel & Post",
            tracking_number="00340434161094027318",
            shipped_at=SENT_AT,
        )
        return replace(dispatch, **more)

    def wrote(self) -> list[dict[str, Any]]:
        """What the shop's log says was written, without what was dropped."""
        entries = [entry for entry in self.server.site.log if entry["fault"] not in {"drop", "refuse_write"}]
        return [each for entry in entries for each in entry["wrote"]]

    def parcels(self, sale: Sale) -> int:
        """How often the shop was told of goods of an order: as shipments, or as notes to the buyer."""
        records = self.sold.records
        return len([*records.of(sale.id), *(note for note in records.notes if note.order == sale.id)])

    def carry(self, dispatch: Dispatch, tries: int = 4) -> Crossed:
        """As whoever drives it: look first, tell then, and again after a failure that passes."""
        for _ in range(tries):
            try:
                found = self.ask(self.shipments.find(self.shop, dispatch))
                return found or self.ask(self.shipments.send(self.shop, dispatch))
            except ShopError as error:
                if not error.passes:
                    raise
        raise AssertionError("it never arrived")


def target(sku: str, quantity: int, **more: Any) -> StockTarget:
    return StockTarget(sku, quantity, **more)


ADDRESS = {
    "first_name": "Ada",
    "last_name": "Byron",
    "line_1": "12 St James's Square",
    "city": "Praha",
    "postal_code": "110 00",
    "country": "CZ",
    "phone": "+420 600 555 010",
}


def copy(**more: Any) -> OrderCopy:
    """Two articles and postage, of 68.37 with its taxes."""
    written = OrderCopy(
        reference="ebay-12-34567-89012",
        number="12-34567-89012",
        placed_at=SENT_AT,
        currency="EUR",
        lines=(
            CopiedLine("MUG-BLUE", "A mug, blue", 2, Decimal("24.60"), Decimal("5.17")),
            CopiedLine("TEA-EARL-100", "Earl Grey", 3, Decimal("27.00"), Decimal("5.67")),
        ),
        shipping_title="Courier",
        shipping_net=Decimal("4.90"),
        shipping_tax=Decimal("1.03"),
        payment_title="eBay",
        email="ada@example.org",
        phone="+420 600 555 010",
        billing=ADDRESS,
        shipping=ADDRESS,
    )
    return replace(written, **more)


TOTAL = Decimal("68.37")
PAID = Paid("IN2026000001", TOTAL, "EUR", SENT_AT)
PAPER = Paper("IN2026000001", "Invoice", "https://office.example/d/abc123")


class Spoken:
    """Answers an operation from a list, and keeps what it asked."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = [Response(status, {}, json.dumps(body).encode()) for status, body in answers]
        self.asked: list[Request] = []

    def drive(self, operation: Operation[T]) -> T:
        answers = iter(self.answers)
        try:
            request = next(operation)
            while True:
                self.asked.append(request)
                request = operation.send(next(answers))
        except StopIteration as finished:
            result: T = finished.value
            return result

    @property
    def bodies(self) -> list[Any]:
        """Of what changes something, or asks by a body: forms (of tokens) are left out."""
        return [json.loads(request.body) for request in self.asked if request.body and request.body[:1] in b"{["]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Method and path of what changes something."""
        return [(each.method, urlsplit(each.url).path) for each in self.asked if each.method != "GET"]


def refusal(told: Told, operation: Operation[Any]) -> ShopError:
    """With which the shop refuses it."""
    try:
        told.ask(operation)
    except ShopError as error:
        return error
    raise AssertionError("it was not refused")
