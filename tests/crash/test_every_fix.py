"""Fixes of causes, with the connection dropped before every statement and after every commit.

Whoever saw it fail does it again: every order comes in once, and nothing is booked, named or dismissed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection

from integrations.choices import ImportAction, RemoteState, Role
from integrations.invariants import broken
from integrations.models import Fix, Integration, RemoteOrder
from integrations.review import fixes
from integrations.review.causes import Cause
from integrations.shops.rule_settings import fingerprint
from orders.intake.receipts import BookedMeanwhile
from orders.models import Order
from stock.models import StockMovement
from tests.admin.broken_shop import BrokenShop, work
from tests.crash.faults import moments
from tests.factories import ProjectFactory, give_stock, member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

# By fix: what is odd about the orders, and their cause.
BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "product": ({}, "unknown_sku", "N-1"),
    "map": ({}, "unknown_sku", "N-1"),
    "code": ({"payment_method": "cod"}, "unmapped_payment", "cod"),
    "stock": ({"status": "completed"}, "insufficient_stock", "A-17"),
    "status": ({"status": "awaiting-pickup"}, "rule_retry", "awaiting-pickup"),
    "dismiss": ({}, "unknown_sku", "N-1"),
}


def fix_of(what: str, shop: Integration, cause: Cause, person: int) -> Callable[[], Fix]:
    if what == "product":
        return lambda: fixes.add_product(shop, cause, "Tea", 5, person)
    if what == "map":
        return lambda: fixes.map_sku(shop, cause, "A-17", person)
    if what == "code":
        return lambda: fixes.name_code(shop, cause, "Cash", "COD", person)
    if what == "stock":
        return lambda: fixes.receive(shop, cause, 9, "Delivery", seen=0, user_id=person)
    if what == "status":
        seen = fingerprint(shop.rules.get(status="awaiting-pickup"))
        return lambda: fixes.choose_rule(shop, cause, ImportAction.VALID, True, seen, person)
    return lambda: fixes.dismiss(shop, cause, "Tests", actor_id=person, actor="ann")


def scene(what: str, patch: pytest.MonkeyPatch) -> tuple[Integration, Callable[[], Fix]]:
    """A shop of its own with three orders of one cause, and what puts it right."""
    shop = BrokenShop(ProjectFactory.create(), patch)
    give_stock(shop.integration.project, A_17=0)
    odd, code, subject = BROKEN[what]
    for _ in range(3):
        shop.sell(subject if code == "unknown_sku" else "A-17", **odd)
    shop.load()
    cause = Cause(shop.integration.pk, code, subject)
    person = member(shop.integration.project.account, Role.IMPORT_ADMIN).pk
    return shop.integration, fix_of(what, shop.integration, cause, person)


@pytest.mark.parametrize("what", BROKEN)
def test_a_fix_interrupted_anywhere_and_done_again_is_done_once(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, fix = scene(what, monkeypatch)
    with moments() as counted:
        fix()
    assert counted.passed >= 5
    for moment in range(1, counted.passed + 1):
        shop, fix = scene(what, monkeypatch)
        with moments(moment), suppress(DatabaseError):
            fix()
        connection.close()
        with suppress(BookedMeanwhile):  # the page says so, and shows the booking
            fix()
        if what == "stock":
            fixes.look_again(shop, Cause(shop.pk, "insufficient_stock", "A-17"), "Retried.", None)
        work()
        states = set(RemoteOrder.objects.filter(integration=shop).values_list("state", flat=True))
        assert states == {RemoteState.DISMISSED if what == "dismiss" else RemoteState.IMPORTED}, moment
        assert Order.objects.filter(integration=shop).count() == (0 if what == "dismiss" else 3)
        booked = StockMovement.objects.filter(project=shop.project, reason="receipt")
        assert booked.count() == int(what in {"product", "stock"}), moment
    assert broken() == {}
