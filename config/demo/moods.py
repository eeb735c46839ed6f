"""Shops that change, refund and delete orders of the demo: nothing here may be stale or gone without saying so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import F

from integrations.choices import RunKind
from integrations.importing.load import request_load
from integrations.models import Integration
from integrations.runs import control
from orders.choices import ORDER_OPEN
from orders.models import Order

# A request to the director of a simulated shop: integration, path, method, body.
Direct = Callable[[Integration, str, str, Mapping[str, Any]], None]
MISDEEDS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("POST", {"note": "Leave it at the door", "buyer": 2}),
    ("POST", {"skus": {"MUG-WHITE": 2, "KETTLE-1L": 1}}),
    ("POST", {"status": "cancelled"}),
    ("POST", {"refund": 0.5, "stamped": False}),
    ("DELETE", {}),
)


def check(
    shops: list[Integration],
    place: Callable[[Integration], str],
    direct: Direct,
    wait: Callable[[], None],
    row: Callable[..., None],
) -> None:
    """Place orders in these shops, read them, let the shops misbehave, and look whether all of it is told here."""
    placed = {shop: [place(shop) for _ in MISDEEDS] for shop in shops}
    _read(shops, wait)
    for shop, numbers in placed.items():
        for number, (method, body) in zip(numbers, MISDEEDS, strict=True):
            direct(shop, f"orders/{number}", method, body)
    _read(shops, wait)
    orders = Order.objects.filter(integration__in=shops)
    stale = orders.filter(status__in=ORDER_OPEN, shop_changed_at=None)
    row(
        "After changes in all shops: stale orders without a mark",
        stale.filter(remote_order__stamp__gt=F("remote_modified_at")).count(),
        0,
    )
    deleted = [
        orders.filter(integration=shop, remote_order__external_id=numbers[-1]) for shop, numbers in placed.items()
    ]
    silent = sum(found.filter(shop_gone_at=None).count() for found in deleted)
    row("After deletions in all shops: orders that are gone without a mark", silent, 0)
    # PayPal lists a payment only some time after it was made.
    listing = [shop for shop in shops if shop.platform != "paypal"]
    marked = orders.filter(shop_gone_at__isnull=False).values("integration").distinct().count()
    row("After deletions in all shops: shops with an order that is marked as gone", marked, len(listing))


def _read(shops: list[Integration], wait: Callable[[], None]) -> None:
    for shop in shops:
        request_load(shop)
    wait()
    for shop in shops:
        control.request(RunKind.OPEN_ORDERS, shop)
    wait()
