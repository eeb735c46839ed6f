"""The WooCommerce REST API v3, with the habits observed on 11.0.1 or, by `version`, 6.7.0. `changing` has writing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import ceil
from typing import TypeVar

from integrations.simulator.catalogue import DELIVERIES, PAYMENTS
from integrations.simulator.chance import chance
from integrations.simulator.dialects.woocommerce import changing, webhooks
from integrations.simulator.dialects.woocommerce.auth import error, refusal
from integrations.simulator.dialects.woocommerce.orders import (
    Json,
    order_document,
    parent_id,
    product_documents,
    refund_documents,
    variation_documents,
)
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale, basket
from integrations.simulator.shop import SimulatedShop

API = "/wp-json/wc/v3/"
STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
_ties = chance("ties")

T = TypeVar("T")


class BadParameter(Exception):
    """A 400 rest_invalid_param."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.answer = error(
            "rest_invalid_param", f"Invalid parameter(s): {name}", 400, params={name: reason}, details={}
        )


def too_many(shop: SimulatedShop) -> Answered:
    """WooCommerce has no limit of its own; hosts and their firewalls answer like this."""
    page = {"Content-Type": "text/html", "Retry-After": str(ceil(shop.limit.reset) or 1)}
    return Answered(429, b"<html><h1>429 Too Many Requests</h1></html>", page)


def answer(shop: SimulatedShop, asked: Asked) -> Answered:
    if asked.path in {"/wp-json/", "/wp-json"}:
        site = {"name": shop.name, "timezone_string": str(shop.zone), "namespaces": ["wp/v2", "wc/v2", "wc/v3"]}
        return as_json(site)
    if asked.path.startswith(changing.PLUGIN) and "shipment-tracking" in shop.plugins:
        return refusal(shop, asked) or changing.trackings(shop, asked)
    if not asked.path.startswith((API, changing.PLUGIN)):
        return Answered(
            404, b"<!DOCTYPE html><html><title>Page not found</title></html>", {"Content-Type": "text/html"}
        )
    refused = refusal(shop, asked)
    if refused is not None:
        return refused
    try:
        return _route(shop, asked, asked.path.removeprefix(API).strip("/"))
    except BadParameter as bad:
        return bad.answer


def _route(shop: SimulatedShop, asked: Asked, path: str) -> Answered:
    if path.startswith("webhooks"):
        return webhooks.answer(shop.webhooks, asked, path)
    if asked.method not in {"GET", "HEAD"}:
        return changing.answer(shop, asked, path)
    if notes := re.fullmatch(r"orders/(\d+)/notes", path):
        return changing.notes(shop, int(notes[1]))
    order = re.fullmatch(r"orders/(\d+)", path)
    if order:
        return _order(shop, int(order[1]))
    refunds = re.fullmatch(r"orders/(\d+)/refunds", path)
    if refunds:
        return _refunds(shop, asked, int(refunds[1]))
    variations = re.fullmatch(r"products/(\d+)/variations", path)
    if variations:
        return _documents(shop, asked, variation_documents(shop) if int(variations[1]) == parent_id(shop) else [])
    if path == "orders/statuses" and _modern(shop):
        return as_json([{"slug": code, "name": name} for code, name in STATUSES.items()])
    routes: dict[str, Callable[[], Answered]] = {
        "orders": lambda: _orders(shop, asked),
        "products": lambda: _documents(shop, asked, _products(shop, asked)),
        "shipping_methods": lambda: as_json([{"id": code, "title": title} for code, title, _ in DELIVERIES]),
        "taxes/classes": lambda: as_json([{"slug": "standard", "name": "Standard rate"}]),
        "payment_gateways": lambda: as_json(
            [{"id": code, "title": title, "enabled": True} for code, title in PAYMENTS]
        ),
    }
    if path not in routes:
        return error("rest_no_route", "No route was found matching the URL and request method.", 404)
    return routes[path]()


def _modern(shop: SimulatedShop) -> bool:
    return not shop.version.startswith("6.")


def _order(shop: SimulatedShop, order_id: int) -> Answered:
    """A trashed order is answered with its status, a deleted one not (observed on 11.0.1)."""
    sale = next((sale for sale in shop.visible() if sale.id == order_id), None)
    if sale is None:
        return error("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
    return as_json(order_document(shop, sale), ids=(sale.id,))


def _refunds(shop: SimulatedShop, asked: Asked, order_id: int) -> Answered:
    sale = next((sale for sale in shop.visible() if sale.id == order_id), None)
    if sale is None:
        return error("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
    answered = _documents(shop, asked, refund_documents(shop, sale))
    return Answered(answered.status, answered.body, answered.headers)  # the ids are those of refunds


def _orders(shop: SimulatedShop, asked: Asked) -> Answered:
    now = shop.now()
    shown = _statuses(shop, asked)
    found = [sale for sale in shop.visible() if sale.state(now).status in shown]
    found = [sale for sale in found if _in_time(shop, asked, sale)]
    include = asked.get("include")
    if include:
        numbers = include.split(",")
        if len(numbers) >= 200:
            return Answered(502, b"<html><h1>502 Bad Gateway</h1></html>", {"Content-Type": "text/html"})
        wanted = {int(number) for number in numbers} if all(number.isdigit() for number in numbers) else set()
        found = [sale for sale in found if sale.id in wanted]
    if asked.get("created_via") and _modern(shop):
        found = [sale for sale in found if order_document(shop, sale)["created_via"] == asked.get("created_via")]
    if asked.get("search"):
        found = [sale for sale in found if _matches(shop, sale, asked.get("search"))]
    return _page(shop, asked, _sorted(shop, asked, found), lambda sale: order_document(shop, sale))


def _products(shop: SimulatedShop, asked: Asked) -> list[Json]:
    """Asked for by SKU, variations are found as well (WC_REST_Products_Controller)."""
    skus = set(asked.get("sku").split(",")) - {""}
    if not skus:
        return product_documents(shop)
    everything = product_documents(shop) + variation_documents(shop)
    return [document for document in everything if document["sku"] in skus]


def _documents(shop: SimulatedShop, asked: Asked, documents: list[Json]) -> Answered:
    return _page(shop, asked, documents, lambda document: document)


def _page(shop: SimulatedShop, asked: Asked, entries: list[T], document: Callable[[T], Json]) -> Answered:
    """Beyond the end, 11 says that there are 0 entries; 6.7 gives the right count."""
    size, page = _whole(asked, "per_page", 10, 1, 100), _whole(asked, "page", 1, 1, 10**9)
    offset = _whole(asked, "offset", (page - 1) * size, 0, 10**9)
    shown = [document(entry) for entry in entries[offset : offset + size]]
    total = 0 if not shown and _modern(shop) else len(entries)
    pages = -(-total // size)
    fields = set(asked.get("_fields").split(",")) - {""}
    if fields:
        shown = [{name: value for name, value in entry.items() if name in fields} for entry in shown]
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    if page < pages:
        headers["Link"] = f'<https://wp-home.invalid{asked.path}?page={page + 1}>; rel="next"'
    return as_json(shown, ids=tuple(entry["id"] for entry in shown if "id" in entry), headers=headers)


def _whole(asked: Asked, name: str, default: int, least: int, most: int) -> int:
    text = asked.get(name)
    if not text:
        return default
    if not text.isdigit() or not least <= int(text) <= most:
        raise BadParameter(name, f"{name} must be between {least} (inclusive) and {most} (inclusive)")
    return int(text)


def _statuses(shop: SimulatedShop, asked: Asked) -> set[str]:
    """`any` leaves out the trash and, on 11.0 but not on 6.7, checkout-draft."""
    valid = [*STATUSES, "trash", "any", "auto-draft"]
    shown: set[str] = set()
    for code in asked.get("status", "any").split(","):
        if code not in valid:
            names = f"{', '.join(valid[:-1])}, and {valid[-1]}"
            raise BadParameter("status", f"status[0] is not one of {names}.")
        everything = set(STATUSES) - ({"checkout-draft"} if _modern(shop) else set())
        shown |= everything if code == "any" else {code}
    return shown


def _in_time(shop: SimulatedShop, asked: Asked, sale: Sale) -> bool:
    """Strictly after and before, in whole seconds; orders kept as posts by the time on the shop's wall."""
    stamps = {"": sale.placed_at, "modified_": sale.state(shop.now()).at}
    for prefix, stamp in stamps.items():
        after, before = asked.get(f"{prefix}after"), asked.get(f"{prefix}before")
        if after and not _compared(shop, stamp) > _compared(shop, _moment(shop, asked, f"{prefix}after", after)):
            return False
        if before and not _compared(shop, stamp) < _compared(shop, _moment(shop, asked, f"{prefix}before", before)):
            return False
    return True


def _compared(shop: SimulatedShop, moment: datetime) -> datetime:
    return moment.astimezone(shop.zone if shop.storage == "posts" else UTC).replace(tzinfo=None)


def _moment(shop: SimulatedShop, asked: Asked, name: str, text: str) -> datetime:
    """Naive is shop-local, or UTC with dates_are_gmt; a zone is honoured, but with dates_are_gmt shifted once more."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadParameter(name, "Invalid date.") from None
    if len(text) < len("2026-11-01T10:00:00"):
        raise BadParameter(name, "Invalid date.")
    gmt = asked.get("dates_are_gmt") in {"true", "1"}
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC if gmt else shop.zone)
    if gmt:
        return moment.astimezone(shop.zone).replace(tzinfo=UTC)
    return moment


def _matches(shop: SimulatedShop, sale: Sale, text: str) -> bool:
    """Looks at names, e-mails and ids, not at the number a plugin gave."""
    buyer = basket(shop.seed, sale).buyer
    return text == str(sale.id) or text.lower() in f"{buyer.first_name} {buyer.last_name} {buyer.email}".lower()


def _sorted(shop: SimulatedShop, asked: Asked, sales: Iterable[Sale]) -> list[Sale]:
    """6.7 breaks ties of a date in any way, differently each time; 11 by id."""
    sales = list(sales)
    by, now = asked.get("orderby", "date"), shop.now()
    if by not in {"date", "id", "include", "title", "slug", "modified"}:
        raise BadParameter("orderby", f"orderby is not one of date, id, include, title, slug, and modified: {by}")
    backwards = asked.get("order", "desc") == "desc"
    if by == "id":
        return sorted(sales, key=lambda sale: sale.id, reverse=backwards)
    stamps = {sale.id: sale.state(now).at if by == "modified" else sale.placed_at for sale in sales}
    ties = {sale.id: float(sale.id) if _modern(shop) else _ties.random() for sale in sales}
    return sorted(sales, key=lambda sale: (stamps[sale.id], ties[sale.id]), reverse=backwards)
