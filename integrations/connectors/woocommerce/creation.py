"""Orders made in the shop: `POST orders` (REST API v3), found again by our reference in their extras.

Nothing of an order's extras can be searched for: the newest ones that came by API are looked through (`created_via`,
a filter of 11.0 that 6.7 ignores). A shop computes the taxes of what it is given by its own settings, so an order is
made as pending, gets what is missing to its total as a fee, and then its status; one that is still pending is half
made, and the next try goes on with it. The buyer's e-mail address stays out: WooCommerce writes to every buyer whose
order goes on to processing, on hold or completed. `_order_stock_reduced` is what WooCommerce itself remembers when the
goods are off its stock (WC_Order_Data_Store, 6.7 and 11.0): it takes them off once.
"""

from __future__ import annotations

from typing import Any

from integrations.connectors.contract import Shop
from integrations.connectors.http import Operation
from integrations.connectors.kit import order_copies
from integrations.connectors.kit.json_answers import decoded_list, objects
from integrations.connectors.outward import CopiedLine, Crossed, OrderCopy
from integrations.connectors.woocommerce.requests import LARGEST_PAGE, done, get, refusal, writing
from integrations.connectors.woocommerce.status import status

REFERENCE = "_countinghouse_reference"
SCANNED_PAGES = 5
HALF = "pending"
# A line of postage takes no method that is not named; this one is WooCommerce's own.
USUAL_METHOD = "flat_rate"
ADDRESS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "address_1": "line_1",
    "address_2": "line_2",
    "city": "city",
    "state": "state",
    "postcode": "postal_code",
    "country": "country",
}
MAILBOX = "The buyer's e-mail address is left out of it, so that the shop writes no e-mails."


def find(shop: Shop, reference: str) -> Operation[Crossed | None]:
    order = yield from _found(shop, reference)
    return None if order is None or status(order.get("status")) == HALF else Crossed(str(order.get("id")))


def create(shop: Shop, copy: OrderCopy) -> Operation[Crossed]:
    order = yield from _found(shop, copy.reference)
    if order is None:
        order = done((yield writing(shop, "POST", "orders", _document(copy))))
    code = status(order.get("status"))
    if code != HALF:
        return Crossed(str(order["id"]), MAILBOX)
    missing = order_copies.total(copy) - order_copies.told_amount(order.get("total"))
    final: dict[str, Any] = {"status": "processing" if copy.paid else "on-hold"}
    if missing:
        final["fee_lines"] = [{"name": "Taxes and rounding", "tax_status": "none", "total": str(missing)}]
    told = done((yield writing(shop, "PUT", f"orders/{order['id']}", final)))
    return Crossed(str(order["id"]), order_copies.off_by(copy, told.get("total")) or MAILBOX)


def _found(shop: Shop, reference: str) -> Operation[dict[str, Any] | None]:
    """Whether it has what is asked for is looked at here: 6.7 ignores a filter it does not know."""
    for page in range(1, SCANNED_PAGES + 1):
        response = yield get(
            shop,
            "orders",
            created_via="rest-api",
            status="any",
            orderby="id",
            order="desc",
            per_page=str(LARGEST_PAGE),
            page=str(page),
            _fields="id,status,total,meta_data",
        )
        if response.status != 200:
            raise refusal(response)
        orders = decoded_list(response)
        for order in orders:
            extras = objects(order.get("meta_data"))
            if any(each.get("key") == REFERENCE and each.get("value") == reference for each in extras):
                return order
        if len(orders) < LARGEST_PAGE:
            break
    return None


def _document(copy: OrderCopy) -> dict[str, Any]:
    """Amounts are texts, without tax, of whole lines."""
    extras = {REFERENCE: copy.reference, "_countinghouse_number": copy.number}
    if not copy.takes_stock:
        extras["_order_stock_reduced"] = "yes"
    return {
        "status": HALF,
        "currency": copy.currency,
        "payment_method": copy.payment_code,
        "payment_method_title": copy.payment_title,
        "customer_note": copy.note,
        "billing": {**order_copies.address(copy.billing, ADDRESS), "phone": copy.phone},
        "shipping": order_copies.address(copy.shipping or copy.billing, ADDRESS),
        "line_items": [_line(line) for line in copy.lines if line.sku],
        "fee_lines": [_nameless(line) for line in copy.lines if not line.sku],
        "shipping_lines": [
            {
                "method_id": copy.shipping_code or USUAL_METHOD,
                "method_title": copy.shipping_title,
                "total": str(copy.shipping_net),
            }
        ],
        "meta_data": [{"key": key, "value": value} for key, value in extras.items()],
    }


def _line(line: CopiedLine) -> dict[str, Any]:
    """An article that the shop does not have becomes a line with its name and no product (observed on 11.0.1)."""
    net = str(line.net)
    return {"sku": line.sku, "name": line.name, "quantity": line.quantity, "subtotal": net, "total": net}


def _nameless(line: CopiedLine) -> dict[str, Any]:
    """A line takes no product but by id or SKU; what has none is a fee."""
    return {"name": f"{line.quantity} × {line.name}", "tax_status": "taxable", "total": str(line.net)}
