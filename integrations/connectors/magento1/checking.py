"""The connection test and the shop's own lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.clocks import clock, told_clock
from integrations.connectors.kit.json_answers import label, part
from integrations.connectors.kit.remote_lists import code_list, failed
from integrations.connectors.listings import CodeLists
from integrations.connectors.magento1.orders import AT_ONCE, RIGHT, orders_by_ids
from integrations.connectors.magento1.products import PRODUCTS, STOCK
from integrations.connectors.magento1.requests import (
    DENIED,
    NOT_THERE,
    ROLES,
    ask,
    ask_all,
    documents,
    fault_of,
    refused,
)
from integrations.connectors.magento1.status import LABELS
from integrations.connectors.magento2.checking import taxes_of
from integrations.connectors.magento2.status import Brief, status

# There is no list of statuses, deliveries and payments; the orders of these days name those that are in use.
LOOKED_AT = timedelta(days=7)
NONE = "countinghouse-connection-test"
QUESTIONS: tuple[tuple[str, list[Any]], ...] = (
    ("sales_order.list", [{"increment_id": {"in": [NONE]}}]),
    ("sales_order.info", [NONE]),
    ("catalog_product.list", [{"sku": {"in": [NONE]}}]),
    ("cataloginventory_stock_item.list", [[NONE]]),
    ("core_magento.info", []),
)


def check(shop: Shop) -> Operation[ConnectionReport]:
    """Each right of the user's role, in one request."""
    try:
        response = yield from ask_all(shop, RIGHT, *QUESTIONS)
        answers = documents(response)
        codes = [fault_of(answer) for answer in answers]
        for code in codes[:2]:
            if code not in ("", NOT_THERE):
                raise refused(code, RIGHT)
    except ShopError as error:
        return failed(error)
    missing = [right for code, right in zip(codes[2:4], (PRODUCTS, STOCK), strict=False) if code == DENIED]
    hints = [f"Products cannot be imported with their stock. {ROLES} edit the role and tick {' and '.join(missing)}."]
    version = (
        label(part(msgspec.json.decode(answers[-1])).get("magento_version")) if len(answers) == len(QUESTIONS) else ""
    )
    return ConnectionReport(
        ok=True,
        summary=f"Connected to Magento {version}." if version else "Connected to Magento.",
        version=version,
        clock=clock(response),
        hints=tuple(hints if missing else ()),
    )


def code_lists(shop: Shop) -> Operation[CodeLists]:
    """Deliveries and statuses of the newest orders, payments and taxes of the last of them."""
    now = told_clock((yield from ask_all(shop, RIGHT, QUESTIONS[0])))
    recent = {"created_at": {"from": (now - LOOKED_AT).strftime("%Y-%m-%d %H:%M:%S")}}
    found = documents((yield from ask(shop, RIGHT, "sales_order.list", recent)))
    heads = [part(msgspec.json.decode(each)) for each in found]
    newest = [label(head.get("increment_id")) for head in heads[-AT_ONCE:]]
    page = yield from orders_by_ids(shop, tuple(newest))
    whole = [part(msgspec.json.decode(each)) for each in page.payloads]
    payments = [part(order, "payment").get("method") for order in whole]
    codes = [status(Brief(status=head.get("status"), state=head.get("state"))) for head in heads]
    return CodeLists(
        code_list({**{code: code.replace("_", " ").capitalize() for code in codes}, **LABELS}),
        code_list({label(head.get("shipping_method")): label(head.get("shipping_description")) for head in heads}),
        code_list({label(code): "" for code in payments}),
        taxes_of(whole),
        whole=False,
    )
