"""The pages of an erasure: asked for by import admins, shown before it is confirmed, told afterwards."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations import jobs
from integrations.choices import Role
from integrations.erasing import confirming
from integrations.models import ErasureRequest, Integration, Project
from orders.models import Customer, Order
from tests.admin.conftest import Login, imported
from tests.factories import incoming, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]

LIST = "/integrations/erasurerequest/"


@pytest.fixture
def customer(shop: Integration) -> Customer:
    imported(shop, [incoming(line(), number="77", email="ann@mail.example")], "history")
    return Customer.objects.get(email="ann@mail.example")


def erase(browser: Client, asked: ErasureRequest, **ticked: str) -> str:
    return browser.post(f"{LIST}{asked.pk}/erase/", ticked, follow=True).content.decode()


def test_a_customer_is_erased_from_their_page(admin: Client, customer: Customer) -> None:
    page = admin.get(f"/orders/customer/{customer.pk}/change/").content.decode()
    assert f"{LIST}customer/{customer.pk}/" in page
    shown = admin.post(f"{LIST}customer/{customer.pk}/", follow=True).content.decode()
    for sentence in ("What will be removed", "What stays, and why", "Tax law", "77", "ann@mail.example"):
        assert sentence in shown
    asked = ErasureRequest.objects.get()
    assert "tick that you are sure" in erase(admin, asked)
    assert Order.objects.get().email == "ann@mail.example"
    assert "is being erased" in erase(admin, asked, sure="on")
    asked.refresh_from_db()
    assert asked.run is not None
    jobs.work(asked.run.pk)
    told = admin.get(f"{LIST}{asked.pk}/change/").content.decode()
    assert "What was erased" in told and "ann@mail.example" not in told
    assert "ann@mail.example" not in admin.get(LIST).content.decode()
    page = admin.get(f"/orders/customer/{customer.pk}/change/").content.decode()
    assert "Erased on" in page and "Erase this person" not in page
    assert "erased already" in admin.post(f"{LIST}customer/{customer.pk}/", follow=True).content.decode()


def test_what_is_not_listed_is_counted(
    admin: Client, shop: Integration, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        imported(shop, [incoming(line(), email="ann@mail.example")], "invoice")
    monkeypatch.setattr(confirming, "SHOWN", 1)
    page = admin.post(f"{LIST}customer/{customer.pk}/", follow=True).content.decode()
    erased, stays = page.split("What stays, and why")
    assert "and 2 more" in erased  # of three orders
    assert "and 2 more" in stays.split("Erase")[0]  # of three invoices


def test_an_address_or_a_shops_name_is_asked_for_in_the_list(
    admin: Client, customer: Customer, shop: Integration
) -> None:
    assert "Erase a person" in admin.get(LIST).content.decode()
    assert "Enter an e-mail address" in admin.post(f"{LIST}ask/", {"email": "ann"}, follow=True).content.decode()
    answer = admin.post(f"{LIST}ask/", {"shop": shop.pk, "name": "nobody"}, follow=True).content.decode()
    assert "names a buyer “nobody”" in answer
    shop.remote_orders.update(buyer_key="ann77")
    shown = admin.post(f"{LIST}ask/", {"shop": shop.pk, "name": "ann77"}, follow=True).content.decode()
    assert "ann@mail.example" in shown
    nobody = admin.post(f"{LIST}ask/", {"email": "no@mail.example"}, follow=True).content.decode()
    assert "No order and no customer of this person is here" in nobody


def test_open_orders_need_a_tick_of_their_own(admin: Client, shop: Integration) -> None:
    imported(shop, [incoming(line(), number="78", email="bob@mail.example")], "hold")
    shown = admin.post(f"{LIST}ask/", {"email": "Bob@Mail.example"}, follow=True).content.decode()
    assert "Their open orders lose the address" in shown
    asked = ErasureRequest.objects.get()
    assert "still open" in erase(admin, asked, sure="on")
    assert "is being erased" in erase(admin, asked, sure="on", forced="on")


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.ORDER_STAFF, Role.WAREHOUSE])
def test_others_may_not(login: Login, project: Project, customer: Customer, role: Role) -> None:
    asked = ErasureRequest.objects.create(project=project, email="ann@mail.example", told_at=customer.created_at)
    browser = login(project, role)
    assert "Erase a person" not in browser.get(LIST).content.decode()
    assert "Erase this person" not in browser.get(f"/orders/customer/{customer.pk}/change/").content.decode()
    assert "What will be removed" not in browser.get(f"{LIST}{asked.pk}/change/").content.decode()
    for address in ("ask/", f"customer/{customer.pk}/", f"{asked.pk}/erase/"):
        assert browser.post(f"{LIST}{address}", {"sure": "on"}).status_code == 403
    asked.refresh_from_db()
    assert asked.confirmed_at is None
