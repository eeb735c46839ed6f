"""What of an order has left, is to be sent and was paid, and what was noted of it, as Shopify tells it."""

from __future__ import annotations

from integrations.simulator import writing
from integrations.simulator.dialects.shopify.graphql import Json
from integrations.simulator.dialects.shopify.lists import connection
from integrations.simulator.dialects.shopify.stocked import location_gid
from integrations.simulator.dialects.shopify.words import gid
from integrations.simulator.records import ToldShipment
from integrations.simulator.sales import Sale, basket
from integrations.simulator.shop import SimulatedShop

STATES = {
    "pending": ("PENDING", "UNFULFILLED"),
    "processing": ("PAID", "UNFULFILLED"),
    "on-hold": ("PAID", "ON_HOLD"),
    "completed": ("PAID", "FULFILLED"),
    "refunded": ("REFUNDED", "FULFILLED"),
    "cancelled": ("VOIDED", "UNFULFILLED"),
    "failed": ("EXPIRED", "UNFULFILLED"),
}
# Nothing of them is left to send.
OFF = {"cancelled", "refunded", "failed"}


def to_send(shop: SimulatedShop, sale: Sale) -> dict[int, int]:
    """Units of each line, by its place."""
    return {} if sale.state(shop.now()).status in OFF else writing.left(shop, sale)


def states_of(shop: SimulatedShop, sale: Sale) -> tuple[str, str]:
    """Paid and sent, in Shopify's words. An order of which only a part has left is in between."""
    paid, shipped = STATES.get(sale.state(shop.now()).status, ("PENDING", "UNFULFILLED"))
    if any(shop.records.of(sale.id)) and shipped in {"UNFULFILLED", "ON_HOLD"}:
        shipped = "PARTIALLY_FULFILLED"
    return ("PAID" if paid == "PENDING" and _was_paid(shop, sale) else paid), shipped


def _was_paid(shop: SimulatedShop, sale: Sale) -> bool:
    return any(payment.order == sale.id for payment in shop.records.payments)


def attributes(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """Additional details: what the shop has of itself, or what somebody has put in the place of all of it."""
    kept = shop.records.kept.get("attributes", {}).get(str(sale.id))
    own: list[Json] = [{"key": "gift", "value": None}] if sale.id % 6 == 0 else []
    return [{"__typename": "Attribute", **each} for each in (own if kept is None else kept)]


def to_fulfil(shop: SimulatedShop, sale: Sale) -> Json:
    """All of an order lies at one location."""
    left, status = to_send(shop, sale), sale.state(shop.now()).status
    lines = [
        {
            "__typename": "FulfillmentOrderLineItem",
            "id": gid("FulfillmentOrderLineItem", sale.id * 100 + place),
            "remainingQuantity": left.get(place, 0),
            "totalQuantity": item.quantity,
            "lineItem": {"__typename": "LineItem", "id": gid("LineItem", sale.id * 100 + place)},
        }
        for place, item in enumerate(basket(shop.seed, sale).items)
    ]
    state = "ON_HOLD" if status == "on-hold" else "OPEN" if any(left.values()) else "CLOSED"
    return {
        "__typename": "FulfillmentOrder",
        "id": gid("FulfillmentOrder", sale.id),
        "status": state,
        "requestStatus": "UNSUBMITTED",
        "assignedLocation": {
            "__typename": "FulfillmentOrderAssignedLocation",
            "location": {"__typename": "Location", "id": location_gid(shop)},
        },
        "lineItems": lambda given: connection("FulfillmentOrderLineItem", lines, given),
    }


def fulfilled(shop: SimulatedShop, sale: Sale) -> list[Json]:
    return [fulfillment(sale, shipment) for shipment in shop.records.of(sale.id)]


def fulfillment(sale: Sale, shipment: ToldShipment) -> Json:
    lines = [
        {
            "__typename": "FulfillmentLineItem",
            "quantity": units,
            "lineItem": {"__typename": "LineItem", "id": gid("LineItem", sale.id * 100 + place)},
        }
        for place, units in shipment.units.items()
    ]
    tracking = {"__typename": "FulfillmentTrackingInfo", "company": shipment.carrier, "number": shipment.tracking}
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", shipment.id),
        "status": "SUCCESS",
        "trackingInfo": lambda given: [tracking] if shipment.tracking else [],
        "fulfillmentLineItems": lambda given: connection("FulfillmentLineItem", lines, given),
    }
