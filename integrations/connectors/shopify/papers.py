"""What is said of an order beside its shipments: that it is paid, and its documents as additional details.

`customAttributes` of `orderUpdate` replace those that are there, so all are read before (OrderInput, schema 2026-07).
"""

from __future__ import annotations

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import objects, part
from integrations.connectors.outward import Crossed, Paid, Paper
from integrations.connectors.shopify import mutations
from integrations.connectors.shopify.changing import changed, gid, order, refused

PAID = {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"}
OFF = {"VOIDED", "EXPIRED"}


def pay(shop: Shop, order_id: str, paid: Paid) -> Operation[Crossed]:
    """`orderMarkAsPaid` takes no reference: Shopify notes a payment of all that is due."""
    found = yield from order(shop, mutations.STATE, order_id)
    state = found.get("displayFinancialStatus")
    if found.get("cancelledAt") or state in OFF:
        raise ShopError(Failure.REFUSED, "The order is cancelled in the shop, so it was not marked as paid.")
    if state in PAID:
        return Crossed(note="The shop had this order as paid already.")
    told, errors = yield from changed(
        shop, mutations.MARK_AS_PAID, "orderMarkAsPaid", {"input": {"id": gid("Order", order_id)}}
    )
    if errors or part(told, "order").get("displayFinancialStatus") not in PAID:
        raise refused(errors, "the payment")
    return Crossed()


def name_paper(shop: Shop, order_id: str, paper: Paper) -> Operation[Crossed]:
    found = yield from order(shop, mutations.STATE, order_id)
    there = [
        {"key": str(each.get("key")), "value": str(each.get("value") or "")}
        for each in objects(found.get("customAttributes"))
    ]
    name = f"{paper.title} {paper.code}"
    if any(paper.code in each["key"] for each in there):
        return Crossed(name)
    attributes = [*there, {"key": name, "value": paper.url or paper.code}]
    given = {"id": gid("Order", order_id), "customAttributes": attributes}
    _, errors = yield from changed(shop, mutations.UPDATE, "orderUpdate", {"input": given})
    if errors:
        raise refused(errors, "the document's number")
    return Crossed(name)
