"""What is written about orders: messages of the order itself, and conversations with the buyer.

The note of an order stands in both, as `PaymentModule::validateOrder` writes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from integrations.simulator.dialects.prestashop.orders import local
from integrations.simulator.dialects.prices import priced
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]
FIRST_THREAD = 700_000
# Of a conversation: the employee or 0, whether it is private, the text.
ASKED = (
    ("0", "0", "When will it arrive?\r\nThank you"),
    ("1", "0", "On Monday, we hope."),
    ("1", "1", "The third time she asks."),
)


def message_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """The buyer's, where there is one, and one of the shop's own people."""
    told = [("0", "0", priced(shop, sale).goods.note), ("1", "1", "Paid by a friend, says she.")]
    return [
        {
            "id": sale.id * 2 + place,
            "id_order": str(sale.id),
            "id_employee": employee,
            "private": private,
            "date_add": local(shop, sale.placed_at),
            "message": text,
        }
        for place, (employee, private, text) in enumerate(told)
        if text and (place == 0 or sale.id % 5 == 0)
    ]


def _said(shop: SimulatedShop, sale: Sale) -> list[tuple[str, str, str]]:
    note = priced(shop, sale).goods.note
    return [*([("0", "0", note)] if note else []), *(ASKED if sale.id % 4 == 0 else ())]


def thread_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    if not _said(shop, sale):
        return []
    return [{"id": FIRST_THREAD + sale.id, "id_order": str(sale.id), "status": "open", "email": "never@read.example"}]


def said_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    return [
        {
            "id": sale.id * 10 + place,
            "id_customer_thread": str(FIRST_THREAD + sale.id),
            "id_employee": employee,
            "private": private,
            "message": text,
            "ip_address": "3221226219",
            "date_add": local(shop, sale.placed_at + timedelta(hours=place)),
        }
        for place, (employee, private, text) in enumerate(_said(shop, sale))
    ]
