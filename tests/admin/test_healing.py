"""A thousand broken orders of twelve causes are healed by twelve fixes, made through the admin's own addresses."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.test import Client

from integrations.choices import ImportAction, RemoteState
from integrations.invariants import broken
from integrations.models import Fix, Project, RemoteOrder, Run
from orders.models import Order
from stock.models import Product, StockLevel, StockMovement
from tests.admin.broken_shop import LIST, BrokenShop, cards, fix, work
from tests.factories import ProjectFactory, give_stock

LINE = {"id": 317, "method_id": "drone", "method_title": "By drone", "total": "0.00", "total_tax": "0.00"}


def break_everything(shop: BrokenShop) -> None:
    """1,000 orders. Some miss two SKUs: the second cause of them shows only after the first is put right."""
    give_stock(shop.integration.project, MUG_BLUE=0, FINE=2000, SHORT=0, SCARCE=3)
    for number in range(100):
        shop.sell("N-1")
        shop.sell("N-2", "N-3") if number % 2 else shop.sell("N-3")
        shop.sell("N-4", "FINE")
        shop.sell("mug blue", names={"mug blue": "Blue mug"})
        shop.sell("FINE", payment_method="cod", payment_method_title="Cash")
        shop.sell("FINE", shipping_lines=[LINE])
        shop.sell("SHORT", status="completed")
        shop.sell("SCARCE", "FINE", status="completed")
        shop.sell("FINE", status="awaiting-pickup")
    for _ in range(50):
        shop.sell("FINE", total="many")
        shop.sell("FINE", date_created_gmt="never")


def put_right(browser: Client, card: Any) -> Any:
    """What a person does with a card, by what it offers."""
    of = {"shop": card.shop.pk, "code": card.cause.code, "subject": card.cause.subject}
    if card.cause.subject == "mug blue":
        assert card.suggestions[0][0] == "MUG-BLUE"
        return fix(browser, "map", of, suggested="MUG-BLUE", sku="")
    if "product" in card.forms:
        assert card.forms["product"].initial["name"] == f"Name of {card.cause.subject}"
        return fix(browser, "product", of, name="Thing", units="7")
    if "code" in card.forms:
        return fix(browser, "code", of, name=card.forms["code"].initial["name"])
    if "stock" in card.forms:
        seen = card.forms["stock"].initial["seen"]
        return fix(browser, "stock", of, quantity="200", note="Delivery", seen=seen)
    if "status" in card.forms:
        assert "nobody has decided" in card.title
        return fix(browser, "status", of, action="hold", seen=card.forms["status"].initial["seen"], retry="on")
    return fix(browser, "retry", of)


def repaired_in_the_shop(shop: BrokenShop) -> None:
    """The shop's people mend what only they can; the stamps move on."""
    for key, body in shop.bodies.items():
        mended = body.replace(b'"total": "many"', b'"total": "30.25"')
        shop.bodies[key] = mended.replace(b'"never"', b'"2026-11-01T10:00:00"')


@pytest.mark.long
def test_twelve_causes_twelve_fixes(project: Project, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = BrokenShop(ProjectFactory.create(), monkeypatch, "Not ours")
    theirs.sell("N-1")
    theirs.load()
    shop = BrokenShop(project, monkeypatch)
    break_everything(shop)
    shop.load()
    ours = RemoteOrder.objects.filter(project=project)
    states = Counter(ours.values_list("state", flat=True))
    assert states == {RemoteState.FAILED: 897, RemoteState.IGNORED: 100, RemoteState.IMPORTED: 3}
    assert len(cards(admin)) == 12
    assert "897 orders can not be imported" in admin.get("/").content.decode()
    repaired_in_the_shop(shop)

    fixes = 0
    while shown := cards(admin):
        before = shown[0].group.count
        answer = put_right(admin, shown[0])
        assert answer.status_code == 200
        work()
        told = admin.get(f"{LIST}fixes/").json()
        assert (told["fixes"][0]["done"], told["fixes"][0]["finished"]) == (before, True)
        fixes += 1
        assert fixes <= 12
    assert set(ours.values_list("state", flat=True)) == {RemoteState.IMPORTED}
    assert Order.objects.filter(project=project).count() == ours.count() == 1000
    assert Fix.objects.count() == fixes
    assert broken() == {}
    assert "can not be imported" not in admin.get("/").content.decode()
    assert Order.objects.filter(project=project, import_action=ImportAction.HOLD).count() == 100
    assert StockLevel.objects.get(product__project=project, product__sku="SHORT").on_hand == 100
    assert not Product.objects.filter(project=project, sku="mug blue").exists()
    assert RemoteOrder.objects.exclude(project=project).get().state == RemoteState.FAILED
    assert StockMovement.objects.filter(note="Opening stock").count() == 4
    assert not Run.objects.filter(state="waiting").exists()
