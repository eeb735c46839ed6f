"""The first page names what keeps orders out and what waits longest, each with the page where it is put right."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse

from integrations.choices import RemoteState
from integrations.models import Integration
from tests.admin.conftest import imported, remote
from tests.factories import START, give_stock, incoming, line


def test_causes_come_with_their_orders_and_their_page(shop: Integration, admin: Client) -> None:
    for number in range(3):
        remote(shop, f"f{number}", RemoteState.FAILED, reason_code="unknown_sku", subject="A-17")
    remote(shop, "g", RemoteState.FAILED, reason_code="unmapped_payment", subject="Cash & carry")
    page = admin.get("/").content.decode()
    assert page.index("SKU A-17 is unknown") < page.index("Payment “Cash &amp; carry” has no name here")
    assert "3 orders" in page
    assert "1 order<" in page
    address = reverse("admin:integrations_remoteorder_cause")
    assert f"{address}?shop={shop.pk}&amp;code=unknown_sku&amp;subject=A-17" in page
    assert admin.get(address, {"shop": str(shop.pk), "code": "unknown_sku", "subject": "A-17"}).status_code == 200


def test_the_oldest_backorders_are_named(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, A_1=0)
    orders = [incoming(line("A-1"), number=f"B{n}", placed_at=START - timedelta(days=n)) for n in range(7)]
    imported(shop, orders)
    page = admin.get("/").content.decode()
    assert page.index(">B6<") < page.index(">B5<") < page.index(">B2<")
    assert ">B1<" not in page


def test_nothing_wrong_says_nothing(shop: Integration, admin: Client) -> None:
    page = admin.get("/").content.decode()
    assert "What keeps orders out" not in page
    assert "Longest without stock" not in page
