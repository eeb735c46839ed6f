"""What belongs to an order and comes in lists of its own: asked for once a page, for all of its orders together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_documents import lenient, whole
from integrations.connectors.kit.lookups import is_whole_number
from integrations.connectors.prestashop.requests import MOST_IDS, any_of, ask, entries


class Entry(NamedTuple):
    """As data, and in the shop's own bytes."""

    read: dict[str, Any]
    document: bytes


# Only what is read: rows of customers hold their passwords' hashes, payments parts of card numbers.
DETAILS = "[id,id_order,total_price_tax_excl,total_price_tax_incl,ecotax,download_hash,id_tax_rules_group]"
PAYMENTS = "[id,order_reference,amount,transaction_id,date_add]"
VOUCHERS = "[id,id_order,name]"
MESSAGES = "[id,id_order,id_employee,private,date_add,message]"
# What is written about an order once it is placed: a conversation has messages of the buyer and of the shop.
CONVERSATIONS, SAID = "customer_threads", "customer_messages"
SAID_FIELDS = "[id,id_customer_thread,id_employee,private,date_add,message]"
# A name in the shop's memory: that the key may not read conversations.
SILENT = "prestashop silent"
CUSTOMERS = "[id,email,is_guest]"
ADDRESSES = (
    "[id,id_country,id_state,company,lastname,firstname,vat_number,address1,address2,postcode,city,other,phone,"
    "phone_mobile,dni]"
)
CARRIERS = "[id,id_reference,name]"
# A value in the filter that is none of its signs.
PLAIN = re.compile(r"[\w./#-]{1,100}", re.ASCII)


class _Order(msgspec.Struct):
    id: Any = None
    reference: Any = None
    id_currency: Any = None
    id_customer: Any = None
    id_carrier: Any = None
    id_address_invoice: Any = None
    id_address_delivery: Any = None
    total_discounts: Any = None


_order = lenient(_Order)


def listed(shop: Shop, resource: str, field: str, wanted: Iterable[Any], display: str) -> Operation[list[Entry]]:
    """The entries whose `field` has one of these values, by their ids; what was not asked for is left out."""
    asked = sorted({str(each) for each in wanted if type(each) in (int, str) and PLAIN.fullmatch(str(each))} - {"0"})
    found: list[Entry] = []
    for start in range(0, len(asked), MOST_IDS):
        part = asked[start : start + MOST_IDS]
        params = {"display": display, f"filter[{field}]": any_of(part), "sort": "[id_ASC]"}
        response = yield from ask(shop, resource, params)
        for document in entries(response, resource):
            read = msgspec.json.decode(whole(document))
            if isinstance(read, dict) and str(read.get(field)) in part:
                found.append(Entry(read, document))
    return found


def known(shop: Shop, resource: str, ids: Iterable[Any], display: str) -> Operation[dict[str, Entry]]:
    """Entries by their ids, of lists that hardly change: what this process has seen is not asked for again."""
    kept: dict[str, Entry] = shop.memory.setdefault(f"prestashop {resource}", {})
    new = {str(each) for each in ids} - set(kept)
    found = yield from listed(shop, resource, "id", filter(is_whole_number, new), display)
    kept |= {str(each.read["id"]): each for each in found}
    return kept


def completed(shop: Shop, documents: Sequence[bytes]) -> Operation[tuple[bytes, ...]]:
    """The payloads of these orders, see `orders.py`."""
    orders = [_order(document) for document in documents]
    ids = [order.id for order in orders if type(order.id) is int]
    references = [order.reference for order in orders if order.reference]
    reduced = [order.id for order in orders if order.total_discounts not in (None, "", "0", "0.000000", 0)]
    details = yield from listed(shop, "order_details", "id_order", ids, DETAILS)
    slips = yield from listed(shop, "order_slip", "id_order", ids, "full")
    payments = yield from listed(shop, "order_payments", "order_reference", references, PAYMENTS)
    vouchers = yield from listed(shop, "order_cart_rules", "id_order", reduced, VOUCHERS)
    messages = yield from listed(shop, "messages", "id_order", ids, MESSAGES)
    said = yield from _said(shop, ids)
    customers = yield from listed(shop, "customers", "id", [order.id_customer for order in orders], CUSTOMERS)
    addresses = yield from _addresses(shop, orders)
    currencies = yield from known(shop, "currencies", [order.id_currency for order in orders], "[id,iso_code]")
    carriers = yield from known(shop, "carriers", [order.id_carrier for order in orders], CARRIERS)
    payloads = []
    for document, order in zip(documents, orders, strict=True):
        currency, carrier = currencies.get(str(order.id_currency)), carriers.get(str(order.id_carrier))
        beside = {
            "currency": currency.read.get("iso_code") if currency else None,
            "details": _of(details, "id_order", order.id),
            "slips": _of(slips, "id_order", order.id),
            "payments": _of(payments, "order_reference", order.reference),
            "vouchers": _of(vouchers, "id_order", order.id),
            "messages": _of(messages, "id_order", order.id),
            "said": [msgspec.Raw(each.document) for each in said.get(str(order.id), ())],
            "customer": next(iter(_of(customers, "id", order.id_customer)), None),
            "addresses": _of(addresses, "id", order.id_address_invoice, order.id_address_delivery),
            "carrier": msgspec.Raw(carrier.document) if carrier else None,
        }
        payloads.append(b'{"order":%b,%b' % (document, msgspec.json.encode(beside)[1:]))
    return tuple(payloads)


def _of(found: Iterable[Entry], field: str, *values: Any) -> list[msgspec.Raw]:
    wanted = {str(value) for value in values}
    return [msgspec.Raw(each.document) for each in found if str(each.read.get(field)) in wanted]


def _said(shop: Shop, ids: Iterable[Any]) -> Operation[dict[str, list[Entry]]]:
    """Messages by the order that they are about; none where the key may not read them, as keys of before may not."""
    found: dict[str, list[Entry]] = {}
    if SILENT in shop.memory:
        return found
    try:
        threads = yield from listed(shop, CONVERSATIONS, "id_order", ids, "[id,id_order]")
        orders = {str(each.read.get("id")): str(each.read.get("id_order")) for each in threads}
        for each in (yield from listed(shop, SAID, "id_customer_thread", orders, SAID_FIELDS)):
            found.setdefault(orders[str(each.read.get("id_customer_thread"))], []).append(each)
    except ShopError as error:
        if error.kind != Failure.CREDENTIALS:
            raise
        shop.memory[SILENT] = True
    return found


def _addresses(shop: Shop, orders: Iterable[_Order]) -> Operation[list[Entry]]:
    """With the code of the country and the name of the state."""
    ids = [number for order in orders for number in (order.id_address_invoice, order.id_address_delivery)]
    found = yield from listed(shop, "addresses", "id", ids, ADDRESSES)
    countries = yield from known(shop, "countries", [each.read.get("id_country") for each in found], "[id,iso_code]")
    states = yield from known(shop, "states", [each.read.get("id_state") for each in found], "[id,name]")
    named = []
    for each in found:
        country, state = countries.get(str(each.read.get("id_country"))), states.get(str(each.read.get("id_state")))
        beside = {
            "country": country.read.get("iso_code") if country else None,
            "state": state.read.get("name") if state else None,
        }
        document = each.document.rstrip().removesuffix(b"}") + b"," + msgspec.json.encode(beside)[1:]
        named.append(Entry(each.read, document))
    return named
