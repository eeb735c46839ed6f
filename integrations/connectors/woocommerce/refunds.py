"""Which units were paid back: `GET orders/{id}/refunds`, whose lines name the line of the order they are about.

An order's own `refunds` are amounts. Of REST API v3, "Order refunds": quantities are negative, `_refunded_item_id` in
the extras of a line is the line of the order, a refund of an amount alone has no lines. The units are kept in the
document of the order, under UNITS: null where the shop fails at them, which refuses this order and no other, for units
that are not known must not be taken for none. Not asked for are orders that are off as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.woocommerce.requests import entries, get
from integrations.connectors.woocommerce.shapes import RawOrder, RawRefundOfLines
from integrations.connectors.woocommerce.status import status

UNITS = "refunds_by_line"
OFF = {"refunded", "cancelled", "failed"}
ITEM = "_refunded_item_id"
MOST = "100"
FAILS = (
    "The shop fails when it is asked which items of this order were paid back. The cause, a plugin as a rule, is in its"
    " own error log; the order is read again automatically."
)


class _Brief(msgspec.Struct):
    id: Any = None
    status: Any = None
    refunds: Any = None


_brief = lenient(_Brief)


def with_units(shop: Shop, documents: Iterable[bytes]) -> Operation[tuple[bytes, ...]]:
    """The documents, with the refunds of those that tell of some beside; a request for each of these."""
    whole = []
    for document in documents:
        order = _brief(document)
        if type(order.id) is int and order.refunds and status(order.status) not in OFF:
            whole.append(_joined(document, (yield from _refunds(shop, order.id))))
        else:
            whole.append(document)
    return tuple(whole)


def _refunds(shop: Shop, order_id: int) -> Operation[bytes]:
    """A list as JSON; null where the shop fails at it or does not show it."""
    wanted = {"_fields": "id,line_items", "orderby": "id", "order": "asc", "per_page": MOST}
    try:
        response = yield get(shop, f"orders/{order_id}/refunds", **wanted)
        return b"[]" if response.status == 404 else b"[" + b",".join(entries(response)) + b"]"
    except ShopError as error:
        if not (error.may_be_one_order or error.status in {401, 403}):
            raise
        return b"null"


def _joined(document: bytes, refunds: bytes) -> bytes:
    return b'%b,"%b":%b}' % (document.rstrip().removesuffix(b"}"), UNITS.encode(), refunds)


def units(raw: RawOrder, notes: list[str]) -> dict[str, int]:
    """How many units of each line, by its id, were paid back; what is odd is left out with a note.

    Raises PayloadError where the shop did not say it.
    """
    if raw.refunds_by_line is None:
        raise PayloadError("no_refunds", FAILS, f"$.{UNITS}")
    found: dict[str, int] = {}
    for line, quantity in _lines(raw.refunds_by_line):
        try:
            found[line] = found.get(line, 0) + values.quantity(quantity, "refunds.quantity")
        except PayloadError as error:
            notes.append(f"{error.message} It was left out.")
    return found


def _lines(refunds: Sequence[RawRefundOfLines]) -> Iterator[tuple[str, Any]]:
    """The line of the order, and the quantity without its sign."""
    for refund in refunds:
        for line in refund.line_items or ():
            extras = line.meta_data.values() if isinstance(line.meta_data, dict) else line.meta_data or ()
            named = next((extra.value for extra in extras if extra.key == ITEM), None)
            quantity = line.quantity
            if named not in (None, ""):
                text = quantity.removeprefix("-") if isinstance(quantity, str) else quantity
                yield str(named), -text if isinstance(text, int | float) and text < 0 else text
