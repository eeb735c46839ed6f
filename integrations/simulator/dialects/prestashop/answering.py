"""PrestaShop's webservice. The key is the last 32 characters of the shop's.

Lists are `{"orders": [...]}`, an empty one is `[]`; without `display` they hold ids alone. Errors are XML, unless JSON
is asked for; an order that is not there is a 404 with nothing in it. Its domain is the one without www.: any other
host is sent on to the front page. There are no limits, no totals and no webhooks.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from integrations.simulator.dialects.dialect import number_of
from integrations.simulator.dialects.prestashop import messages, orders, writing
from integrations.simulator.dialects.prestashop.filtering import Json, Wrong, chosen, filters_of, wanted_numbers
from integrations.simulator.dialects.prestashop.tables import TABLES
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Rows = Callable[[SimulatedShop, Sale], list[Json]]
# Of each resource that belongs to orders: its rows, the field they are looked for by, and which order a number of that
# field belongs to.
OF_ORDERS: dict[str, tuple[Rows, str, Callable[[int], int]]] = {
    "orders": (lambda shop, sale: [orders.row(shop, sale)], "id", int),
    "order_details": (orders.detail_documents, "id_order", int),
    "order_slip": (orders.slip_documents, "id_order", int),
    "order_payments": (orders.payment_documents, "order_reference", int),
    "order_cart_rules": (orders.voucher_documents, "id_order", int),
    "messages": (
        lambda shop, sale: messages.message_documents(shop, sale) + writing.written_messages(shop, sale),
        "id_order",
        int,
    ),
    "order_carriers": (writing.carrier_documents, "id_order", int),
    "order_histories": (writing.history_documents, "id_order", int),
    "customer_threads": (messages.thread_documents, "id_order", int),
    "customer_messages": (
        messages.said_documents,
        "id_customer_thread",
        lambda number: number - messages.FIRST_THREAD,
    ),
    "customers": (orders.customer_documents, "id", lambda number: number - orders.FIRST_GUEST),
    "addresses": (orders.address_documents, "id", lambda number: number // 2),
}
LISTS = {**TABLES, "stock_availables": writing.stock_documents}
RESOURCES = sorted({*OF_ORDERS, *LISTS})
HEADERS = {"PSWS-Version": "8.2.1", "Execution-Time": "0.012"}
SINGULAR = {
    "addresses": "address",
    "countries": "country",
    "currencies": "currency",
    "order_histories": "order_history",
}
_DENIED: WeakKeyDictionary[SimulatedShop, set[str]] = WeakKeyDictionary()


def key_of(shop: SimulatedShop) -> str:
    return shop.key[-32:]


def denied(shop: SimulatedShop) -> set[str]:
    """The resources that the key may not read, to be changed by tests."""
    return _DENIED.setdefault(shop, set())


def too_many(shop: SimulatedShop) -> Answered:
    """As a host says it: PrestaShop has no limit."""
    return Answered(429, b"<html><h1>429 Too Many Requests</h1></html>", {"Content-Type": "text/html"})


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    if asked.host.startswith("www."):
        return Answered(302, b"", {"Location": f"https://{asked.host.removeprefix('www.')}/"})
    _, _, path = asked.path.partition("/api")
    if not asked.path.startswith("/api") or path[:1] not in ("", "/"):
        return Answered(404, b"<!DOCTYPE html><title>404</title>", {"Content-Type": "text/html"})
    resource, _, number = path.strip("/").partition("/")
    refused = _refused(shop, asked, resource)
    if refused is not None:
        return refused
    if not resource:
        return _with_headers(as_json([name for name in RESOURCES if name not in denied(shop)]))
    try:
        if asked.method not in ("GET", "HEAD"):
            return _with_headers(writing.answer(shop, asked, resource))
        rows, fields = _rows(shop, asked, resource)
        return _single(shop, resource, rows, number) if number else _list(shop, asked, resource, rows, fields)
    except Wrong as wrong:
        return _error(asked, 400, wrong.code, str(wrong))
    except writing.Refused as refused_:
        return _error(asked, refused_.status, refused_.code, str(refused_))


def _refused(shop: SimulatedShop, asked: Asked, resource: str) -> Answered | None:
    given = asked.headers.get("authorization", "")
    if not given:
        realm = 'Basic realm="Welcome to PrestaShop Webservice, please enter the authentication key as the login."'
        return Answered(401, b"401 Unauthorized", {"Content-Type": "text/html", "WWW-Authenticate": realm})
    if given != f"Basic {b64encode(f'{key_of(shop)}:'.encode()).decode()}":
        return _error(asked, 401, 20, "Authentification key is not active")
    if resource and resource not in RESOURCES:
        return _error(asked, 400, 27, f'Resource of type "{resource}" does not exists.')
    if resource in denied(shop):
        return _error(asked, 401, 26, f'Resource of type "{resource}" is not allowed with this authentication key')
    if asked.method not in ("GET", "HEAD") and not shop.records.writable:
        return _error(asked, 405, 25, f"Method {asked.method} is not allowed for the resource {resource}")
    return None


def _error(asked: Asked, status: int, code: int, message: str) -> Answered:
    if asked.get("output_format") == "JSON":
        return _with_headers(as_json({"errors": [{"code": code, "message": message}]}, status))
    written = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n<errors>\n'
        f"<error>\n<code><![CDATA[{code}]]></code>\n<message><![CDATA[{message}]]></message>\n</error>\n</errors>\n"
        "</prestashop>\n"
    )
    return Answered(status, written.encode(), {"Content-Type": "text/xml;charset=utf-8", **HEADERS})


def _with_headers(answered: Answered) -> Answered:
    return Answered(answered.status, answered.body, {**answered.headers, **HEADERS}, answered.ids)


def _sales(shop: SimulatedShop, asked: Asked, field: str, sale_of: Callable[[int], int]) -> Iterator[Sale]:
    """Those that are listed; where the filter names some, at least those."""
    numbers, pattern = wanted_numbers(asked, field), filters_of(asked).get(field, "")
    names = set(pattern.strip("[]").split("|")) if field == "order_reference" and pattern else set()
    wanted = None if numbers is None else {sale_of(number) for number in numbers}
    for sale in shop.visible():
        named = orders.reference_of(sale) in names if names else wanted is None or sale.id in wanted
        if named and number_of(shop, sale):
            yield sale


def _rows(shop: SimulatedShop, asked: Asked, resource: str) -> tuple[list[Json], set[str]]:
    """The rows of a resource and what they may be filtered by. `_sale` is the order they belong to."""
    if resource in LISTS:
        return LISTS[resource](shop), set(next(iter(LISTS[resource](shop)), {}))
    write, field, sale_of = OF_ORDERS[resource]
    found: dict[int, Json] = {}
    if resource == "customers":
        found = {each["id"]: each for each in orders.registered(shop)}
    for sale in _sales(shop, asked, field, sale_of):
        found |= {row["id"]: row | {"_sale": sale.id} for row in write(shop, sale) if row["id"] not in found}
    fields = {name for row in found.values() for name in row} | {field}
    return list(found.values()), fields | {"date_add", "date_upd", "reference"} if resource == "orders" else fields


def _list(shop: SimulatedShop, asked: Asked, resource: str, rows: list[Json], fields: set[str]) -> Answered:
    found = chosen(rows, fields, asked)
    documents = [_shown(_whole(shop, resource, row), asked.get("display")) for row in found]
    name = "order_slips" if resource == "order_slip" else resource
    ids = tuple(row.get("_sale", 0) for row in found)
    return _with_headers(as_json({name: documents} if documents else [], ids=ids))


def _whole(shop: SimulatedShop, resource: str, row: Json) -> Json:
    document = orders.order_document(shop, shop.sales[row["_sale"]]) if resource == "orders" else row
    return {name: value for name, value in document.items() if name != "_sale"}


def _shown(document: Json, display: str) -> Json:
    if display == "full":
        return document
    names = display.strip("[]").split(",") if display else ["id"]
    for name in names:
        if name not in document:
            raise Wrong(35, f'Unable to display this field "{name}".')
    return {name: document[name] for name in names}


def _single(shop: SimulatedShop, resource: str, rows: list[Json], number: str) -> Answered:
    """What is empty is left out here."""
    found = [row for row in rows if str(row["id"]) == number]
    if not found:
        return Answered(404, b"", {"Content-Type": "application/json", **HEADERS})
    document = _whole(shop, resource, found[0])
    return _with_headers(
        as_json({"order": {name: value for name, value in document.items() if value not in ("", "0")}})
    )
