"""Requests that write. What goes in is XML, whole: a field that is left out is emptied (WebserviceRequest,
`saveEntityFromXml`); what comes out is JSON. A redirect is an error as it is in reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.kit.json_answers import decoded, objects, part
from integrations.connectors.prestashop.requests import KEYS, NOT_THIS, REFUSALS, code_of, exchange

SINGULAR = {
    "messages": "message",
    "order_carriers": "order_carrier",
    "order_histories": "order_history",
    "stock_availables": "stock_available",
}
TICKS = {"POST": "Add (POST)", "PUT": "Modify (PUT)"}
RIGHTS = (
    "View (GET) and Modify (PUT) for order_carriers and stock_availables, View (GET) for order_states, products,"
    " combinations and configurations, and View (GET) and Add (POST) for order_histories and messages"
)
# What no XML may hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
XML = {"Content-Type": "text/xml; charset=utf-8"}
Fields = Mapping[str, Any]


def document(resource: str, rows: Iterable[Fields]) -> bytes:
    """The rows as XML. Lists and objects are no fields of their own and are left out."""
    name = SINGULAR[resource]
    written = "".join(f"<{name}>{_fields(row)}</{name}>" for row in rows)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<prestashop>{written}</prestashop>'.encode()


def _fields(row: Fields) -> str:
    plain = {field: value for field, value in row.items() if not isinstance(value, list | dict)}
    return "".join(f"<{field}>{_text(value)}</{field}>" for field, value in plain.items())


def _text(value: Any) -> str:
    return "" if value is None else escape(_FORBIDDEN.sub("", str(value)))


def tell(
    shop: Shop, method: str, resource: str, rows: Iterable[Fields], *, tell_buyer: bool = False
) -> Operation[Response]:
    """POST or PUT of these rows. `tell_buyer`: whether the shop may write a letter. ShopError for a refusal."""
    params = {"sendemail": "1"} if tell_buyer else {}
    response = yield from exchange(shop, resource, params, method, document(resource, rows), XML)
    if response.status not in (200, 201):
        raise refusal(response, resource, method)
    return response


def refusal(response: Response, resource: str, method: str) -> ShopError:
    if response.status == 405 or code_of(response) in NOT_THIS:
        message = f"The key may not write {resource}. {KEYS} edit the key and tick {TICKS[method]} for it."
        return ShopError(Failure.CREDENTIALS, message, status=response.status)
    if response.status == 404:
        return ShopError(Failure.NOT_FOUND, f"The shop does not have this entry of {resource} any more.", status=404)
    return REFUSALS.of(response)


def made(response: Response, resource: str) -> str:
    """The id of what was made, "" where the answer does not tell."""
    whole = part(decoded(response))
    first = next(iter(objects(whole.get(resource))), {})
    number = (part(whole, SINGULAR[resource]) or first).get("id")
    return str(number) if isinstance(number, int | str) else ""


def number(order_id: str) -> str:
    """ShopError NOT_FOUND for what no order has for an id."""
    if not (order_id.isascii() and order_id.isdigit() and len(order_id) < 19):
        raise ShopError(Failure.NOT_FOUND, "The shop has no order with such an id.")
    return order_id
