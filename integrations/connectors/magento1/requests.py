"""Calls to the XML-RPC API, its sessions, and what its faults mean.

XML-RPC, because it gives whole orders; the REST API knows neither the currency of an order nor its state. A session is
opened with the user's name and key and kept in the shop's memory; it ends after an hour, which fault 5 tells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit import json_answers
from integrations.connectors.kit.json_answers import decoded_object
from integrations.connectors.kit.refusal_tables import Refusals
from integrations.connectors.kit.tokens import is_safe
from integrations.connectors.magento1.xml_rpc import NotXmlRpc, as_json, call

# Where the API may be: the second one where the web server leaves index.php out of addresses.
PATHS = ("/index.php/api/xmlrpc/", "/api/xmlrpc/")
# Names in the shop's memory.
SESSION, PATH = "session", "path"
EXPIRED, DENIED, NOT_THERE = "5", "2", "100"
ROLES = "In the shop's admin, under System > Web Services > SOAP/XML-RPC,"
XML = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml"}
NO_RIGHT = "The role of the API user may not read this."
NO_XML = "The shop answered with a page or a damaged text where XML-RPC was expected."
NO_LIST = "The shop's answer is not the list that Magento documents."
_DOCUMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def fault_code(response: Response) -> str:
    """The number of a fault, alone or in the list of a multiCall; "" for none."""
    told = decoded_object(response)
    code = told.get("faultCode")
    return str(code)[:6] if isinstance(code, int | str) else ""


REFUSALS = Refusals(
    "The shop",
    fault_code,
    {
        (200, "0"): (Failure.NONSENSE, "Magento failed for a reason it does not tell (fault 0)."),
        (200, "1"): (
            Failure.NONSENSE,
            "Magento failed inside (fault 1). The reason is in the shop's own log, var/log/exception.log.",
        ),
        (200, "3"): (Failure.ADDRESS, "The API of this shop lacks a part that Magento 1 has (fault 3: invalid path)."),
        (200, EXPIRED): (
            Failure.UNAVAILABLE,
            "The shop forgets every session at once (fault 5). Whoever runs it must see to its session storage.",
        ),
        (200, None): (Failure.REFUSED, "Magento refused the request (fault {code})."),
        (401, None): (
            Failure.CREDENTIALS,
            "The web server before the shop asks for a password of its own (HTTP 401). Whoever runs the shop must let"
            " the address of the API through.",
        ),
        (403, None): (
            Failure.UNAVAILABLE,
            "A firewall in front of the shop turns us away (HTTP 403). Ask whoever runs the shop to let us through.",
        ),
        (404, None): (
            Failure.ADDRESS,
            "There is no XML-RPC API of Magento 1 at this address. Enter the address of the shop's front page, with"
            " its folder if it lives in one.",
        ),
    },
)


def denied(what: str) -> ShopError:
    """`what` as the list of resources calls it."""
    message = f"{NO_RIGHT} {ROLES} edit the role and tick {what}."
    return ShopError(Failure.CREDENTIALS, message, status=200)


def denied_to(error: ShopError) -> bool:
    """Whether it is only this that the role may not read."""
    return error.kind == Failure.CREDENTIALS and str(error).startswith(NO_RIGHT)


def ask(shop: Shop, what: str, method: str, *arguments: Any) -> Operation[Response]:
    """The answer to one call, its body in JSON. ShopError for faults; `what` is the right it takes."""
    return (yield from _in_session(shop, what, "call", method, list(arguments)))


def ask_all(shop: Shop, what: str, *calls: tuple[str, list[Any]]) -> Operation[Response]:
    """The answers to several calls in one request, as a JSON list; see `fault_of` for those among them that failed."""
    return (yield from _in_session(shop, what, "multiCall", [list(each) for each in calls]))


def documents(response: Response) -> tuple[bytes, ...]:
    """The parts of a list, in JSON. ShopError NONSENSE for anything else."""
    return tuple(bytes(each) for each in json_answers.shaped(response, _DOCUMENTS, NO_LIST))


def fault_of(document: bytes) -> str:
    """The number of the fault that stands for an answer of `ask_all`; "" for an answer."""
    if b'"isFault"' not in document[:40]:
        return ""
    return fault_code(Response(200, {}, document)) or "0"


def refused(code: str, what: str) -> ShopError:
    if code == DENIED:
        return denied(what)
    return REFUSALS.of(Response(200, {}, msgspec.json.encode({"faultCode": code})))


def tell(shop: Shop, method: str, *arguments: Any) -> Operation[tuple[Response, str]]:
    """The answer to one call that writes, and the number of its fault ("": none). It is never sent twice by itself."""
    answer, is_fault = yield from _answered(shop, False, "call", method, list(arguments))
    return answer, (fault_code(answer) or "0") if is_fault else ""


def tell_all(shop: Shop, what: str, *calls: tuple[str, list[Any]]) -> Operation[tuple[bytes, ...]]:
    """As `tell`, several in one request: see `fault_of` for those among the answers that failed."""
    answer, is_fault = yield from _answered(shop, False, "multiCall", [list(each) for each in calls])
    if is_fault:
        raise refused(fault_code(answer) or "0", what)
    return documents(answer)


def _in_session(shop: Shop, what: str, method: str, *arguments: Any) -> Operation[Response]:
    answer, is_fault = yield from _answered(shop, True, method, *arguments)
    if is_fault:
        raise refused(fault_code(answer) or "0", what)
    return answer


def _answered(shop: Shop, harmless: bool, method: str, *arguments: Any) -> Operation[tuple[Response, bool]]:
    """A session that has ended, in which nothing is done, is opened anew, once. `harmless`: as `Request.idempotent`."""
    known = shop.memory.get(SESSION)
    session = known if isinstance(known, str) else (yield from _log_in(shop))
    answer, is_fault = yield from _send(shop, call(method, session, *arguments), harmless)
    if is_fault and fault_code(answer) == EXPIRED:
        session = yield from _log_in(shop)
        answer, is_fault = yield from _send(shop, call(method, session, *arguments), harmless)
    return answer, is_fault


def _log_in(shop: Shop) -> Operation[str]:
    user, key = (shop.credentials.get(name, "").strip() for name in ("user", "key"))
    shop.memory.pop(SESSION, None)
    if not user or not key:
        raise ShopError(Failure.CREDENTIALS, f"Enter a user name and an API key. {ROLES} make a user with both.")
    answer, is_fault = yield from _send(shop, call("login", user, key))
    if is_fault and fault_code(answer) == DENIED:
        message = f"The shop does not know this user with this API key, or the user is inactive. {ROLES} look at Users."
        raise ShopError(Failure.CREDENTIALS, message, status=200)
    if is_fault:
        raise refused(fault_code(answer) or "0", "")
    session = json_answers.decoded(answer)
    if not isinstance(session, str) or not session.isascii() or not session.isalnum():
        raise ShopError(Failure.NONSENSE, "The shop's answer holds no session.", status=200)
    shop.memory[SESSION] = session
    return session


def _send(shop: Shop, body: bytes, harmless: bool = True) -> Operation[tuple[Response, bool]]:
    """The answer in JSON, and whether it is a fault. The body holds secrets, so it goes over https alone."""
    if not is_safe(shop.base_url):
        raise ShopError(Failure.ADDRESS, "Keys are not sent over http as they are. Use the shop's https address.")
    known = shop.memory.get(PATH)
    for path in [known] if known in PATHS else PATHS:
        response = yield Request("POST", f"{shop.base_url}{path}", headers=XML, body=body, idempotent=harmless)
        if response.status != 404:
            shop.memory[PATH] = path
            break
    if response.status != 200:
        raise REFUSALS.of(replace(response, body=b""))
    try:
        return as_json(response)
    except NotXmlRpc:
        raise ShopError(Failure.NONSENSE, NO_XML, status=200) from None
