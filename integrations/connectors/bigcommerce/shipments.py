"""Shipments: `orders/{id}/shipments` of the V2 API, one for each address of an order.

Our number is kept in their comments, which the shop's letter to the buyer shows; whether it writes one is a setting of
the store. BigCommerce itself moves the order to Shipped or Partially Shipped.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from integrations.connectors.bigcommerce.requests import done, entries, get, refusal, writing
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded_list, decoded_object, objects, part
from integrations.connectors.kit.lookups import is_whole_number
from integrations.connectors.outward import Crossed, Dispatch

# `shipping_provider` of the OpenAPI file; beside them there are those of third parties, carrier_{id}, and in
# `tracking_carrier` all that AfterShip knows: a vocabulary without an end, so any code may be mapped.
PROVIDERS = frozenset(
    ["auspost", "canadapost", "endicia", "fedex", "royalmail", "shipperhq", "ups", "upsonline", "upsready", "usps"]
)
SENT, OFF = {2, 10}, {4: "paid back", 5: "cancelled", 6: "declined"}
COMPLETED = 10
LONGEST_NUMBER = 50
PICKED_UP = "The order is picked up, so BigCommerce takes no shipment of it: it was set to Completed."
BY_ITSELF = "BigCommerce has this order as shipped already, without this shipment."
WRITES = "BigCommerce writes to the buyer of a shipment, if the store's own settings say so."
INCLUDED = {"include": "consignments.line_items", "consignment_structure": "object"}


def find(shop: Shop, dispatch: Dispatch) -> Operation[Crossed | None]:
    order = yield from _order(shop, dispatch)
    known = yield from _known(shop, dispatch)
    if known and not _by_address(order, dispatch, {each.get("order_address_id") for each in known}):
        return _crossed(known)
    return Crossed(note=BY_ITSELF) if order.get("status_id") in SENT else None


def send(shop: Shop, dispatch: Dispatch) -> Operation[Crossed]:
    """Where it goes to several addresses, those that an earlier try has told of are left out."""
    order = yield from _order(shop, dispatch)
    if dispatch.completes and not objects(part(order, "consignments").get("shipping")):
        done((yield writing(shop, "PUT", f"v2/orders/{dispatch.order_id}", {"status_id": COMPLETED})))
        return Crossed(note=PICKED_UP)
    wanted = _by_address(order, dispatch, set())
    told: list[dict[str, Any]] = []
    if len(wanted) > 1:
        told = yield from _known(shop, dispatch)
        wanted = _by_address(order, dispatch, {each.get("order_address_id") for each in told})
    for address, items in wanted.items():
        body = {"order_address_id": address, "items": items, **_words(dispatch)}
        told.append(done((yield writing(shop, "POST", f"v2/orders/{dispatch.order_id}/shipments", body))))
    return Crossed(_crossed(told).remote_id, "" if dispatch.tell_buyer else WRITES)


def correct(shop: Shop, remote_id: str, dispatch: Dispatch) -> Operation[Crossed]:
    for own in remote_id.split(","):
        path = f"v2/orders/{dispatch.order_id}/shipments/{own}"
        done((yield writing(shop, "PUT", path, _words(dispatch))))
    return Crossed(remote_id)


def _order(shop: Shop, dispatch: Dispatch) -> Operation[dict[str, Any]]:
    """ShopError NOT_FOUND where BigCommerce does not have it, REFUSED where it is off."""
    if not is_whole_number(dispatch.order_id):
        raise ShopError(Failure.NOT_FOUND, "BigCommerce does not have this order.")
    response = yield get(shop, f"v2/orders/{dispatch.order_id}", **INCLUDED)
    if response.status != 200:
        raise refusal(response)
    order = decoded_object(response)
    if order.get("status_id") in OFF:
        state = OFF[order["status_id"]]
        raise ShopError(Failure.REFUSED, f"The order is {state} in BigCommerce, so it was told of no shipment.")
    return order


def _known(shop: Shop, dispatch: Dispatch) -> Operation[list[dict[str, Any]]]:
    """The shipments that are this one: by our number, or by their tracking number."""
    response = yield get(shop, f"v2/orders/{dispatch.order_id}/shipments", limit="250")
    entries(response)
    number = dispatch.tracking_number[:LONGEST_NUMBER]
    return [
        each
        for each in decoded_list(response)
        if dispatch.reference in str(each.get("comments")) or (number and each.get("tracking_number") == number)
    ]


def _crossed(told: list[dict[str, Any]]) -> Crossed:
    return Crossed(",".join(str(each.get("id")) for each in told))


def _by_address(order: dict[str, Any], dispatch: Dispatch, but: set[Any]) -> dict[int, list[dict[str, int]]]:
    """Items of the shipment by the id of their address, without those that are told of."""
    places: dict[str, Any] = {
        str(line.get("id")): consignment.get("id")
        for consignment in objects(part(order, "consignments").get("shipping"))
        for line in objects(consignment.get("line_items"))
    }
    found: dict[int, list[dict[str, int]]] = defaultdict(list)
    for line in dispatch.lines:
        if line.key not in places or not is_whole_number(line.key):
            message = (
                "An item of this shipment is sent to no address in BigCommerce: it is picked up, or not of this order."
            )
            raise ShopError(Failure.REFUSED, message)
        if places[line.key] not in but:
            found[places[line.key]].append({"order_product_id": int(line.key), "quantity": line.quantity})
    return dict(found)


def _words(dispatch: Dispatch) -> dict[str, str]:
    """A carrier that BigCommerce does not know by a code is named in the shipping method."""
    code = dispatch.carrier
    if code in PROVIDERS or code.startswith("carrier_"):
        carrier = {"shipping_provider": code}
    else:
        carrier = {"tracking_carrier": code} if code else {}
    words = {
        **carrier,
        "shipping_method": dispatch.carrier_title,
        "tracking_number": dispatch.tracking_number[:LONGEST_NUMBER],
        "comments": dispatch.reference,
    }
    return {name: value for name, value in words.items() if value}
