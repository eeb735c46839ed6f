"""What dialects do when somebody writes into their shop; each is saved, told to the log and seen in the orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.simulator.records import ToldNote, ToldPayment, ToldShipment
from integrations.simulator.sales import Given, Sale, basket
from integrations.simulator.shop import SimulatedShop

UNPAID = {"pending", "on-hold", "failed"}
SENT = {"completed"}


def left(shop: SimulatedShop, sale: Sale) -> dict[int, int]:
    """Units of each line, by its place from 0, that have not been sent; none of an order that the shop sent itself."""
    told = list(shop.records.of(sale.id))
    items = basket(shop.seed, sale).items
    if not told and sale.state(shop.now()).status in SENT:
        return dict.fromkeys(range(len(items)), 0)
    gone = {place: sum(shipment.units.get(place, 0) for shipment in told) for place in range(len(items))}
    return {place: item.quantity - gone[place] for place, item in enumerate(items)}


def sent_by_itself(shop: SimulatedShop, sale: Sale) -> bool:
    """Whether all of it left without anybody telling the shop."""
    return sale.state(shop.now()).status in SENT and not any(shop.records.of(sale.id))


def ship(
    shop: SimulatedShop, sale: Sale, units: Mapping[int, int], carrier: str = "", tracking: str = "", **more: Any
) -> ToldShipment:
    """Units of lines have left; an order of which nothing is left is completed.

    Whether that much is left is the dialect's to look at.
    """
    records = shop.records
    shipment = ToldShipment(records.next_id(), sale.id, dict(units), shop.now(), carrier, tracking, more)
    records.shipments.append(shipment)
    whole = not any(left(shop, sale).values())
    shop.news.append({"shipment": shipment.id, "order": sale.id, "units": shipment.units, "tracking": tracking})
    shop.change(sale.id, "completed" if whole else None)
    return shipment


def correct(shop: SimulatedShop, shipment: ToldShipment, carrier: str, tracking: str) -> None:
    shipment.carrier, shipment.tracking = carrier, tracking
    shop.news.append({"corrected": shipment.id, "order": shipment.order, "tracking": tracking})
    shop.change(shipment.order)


def set_quantity(shop: SimulatedShop, sku: str, quantity: int) -> None:
    shop.records.quantities[sku] = quantity
    shop.news.append({"stock": sku, "quantity": quantity})
    shop.save()


def pay(shop: SimulatedShop, sale: Sale, reference: str = "") -> ToldPayment:
    """An order that waits for its money no longer does."""
    payment = ToldPayment(shop.records.next_id(), sale.id, reference, shop.now())
    shop.records.payments.append(payment)
    shop.news.append({"payment": payment.id, "order": sale.id, "reference": reference})
    shop.change(sale.id, "processing" if sale.state(shop.now()).status in UNPAID else None)
    return payment


def note(shop: SimulatedShop, sale: Sale, text: str, *, to_buyer: bool = False, stamped: bool = True) -> ToldNote:
    """`stamped`: whether "modified" moves, which not every platform sees to."""
    told = ToldNote(shop.records.next_id(), sale.id, text, to_buyer, shop.now())
    shop.records.notes.append(told)
    shop.news.append({"note": told.id, "order": sale.id, "to_buyer": to_buyer})
    shop.change(sale.id, stamped=stamped)
    return told


def restate(shop: SimulatedShop, sale: Sale, status: str) -> None:
    shop.news.append({"status": status, "order": sale.id})
    shop.change(sale.id, status)


def create(shop: SimulatedShop, given: Given, status: str = "processing", *, takes_stock: bool = True) -> Sale:
    sale = shop.create(given, status, takes_stock=takes_stock)
    shop.news.append({"created": sale.id, "reference": given.reference})
    return sale
