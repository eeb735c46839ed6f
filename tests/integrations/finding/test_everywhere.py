"""What the search of every page finds: also orders that never came into the book, in every order book one may open."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from integrations import jobs
from integrations.choices import ImportAction, RemoteState
from integrations.erasing.persons import Confirmed
from integrations.erasing.traffic import erase_remote_orders
from integrations.finding import everywhere
from integrations.finding.everywhere import Found
from integrations.importing import remote_orders, retry
from integrations.importing.load import request_load
from integrations.models import Integration, Project, RemoteOrder, Run
from integrations.shops.connection import set_up
from orders.models import Customer, Order
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, ProjectFactory, give_stock
from tests.fake_connector import FakeConnector

pytestmark = pytest.mark.django_db

BODY = json.loads(payloads()[0])
NUMBER = "2026/00006"


def body(key: int, number: str, email: str) -> bytes:
    billing = BODY["billing"] | {
        "email": email, "first_name": "Božena", "last_name": "Němcová", "phone": "+420 777 123 456",
    }  # fmt: skip
    return json.dumps(BODY | {"id": key, "number": number, "billing": billing}).encode()


@pytest.fixture
def connector(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    email = "bozena.nemcova@ratiborice.example"
    connector = FakeConnector({"901": body(901, NUMBER, email), "90177": body(90177, "7", "x@y.example")})
    connector.install(monkeypatch)
    return connector


@pytest.fixture
def shop(connector: FakeConnector) -> Integration:
    shop = IntegrationFactory.create()
    set_up(shop)
    return shop


def load(shop: Integration, action: ImportAction) -> None:
    shop.rules.update(action=action)
    jobs.work(request_load(shop).pk)


def find(shop: Integration, text: str) -> Found:
    return everywhere.find([shop.project], text)


WAYS = ["901", NUMBER, "bozena.nemcova@ratiborice.example", "nemcova", "Božena Něm", "777123456", "+420 777 123 456"]


@pytest.mark.parametrize("text", [*WAYS, str(BODY["line_items"][0]["sku"])])
@pytest.mark.parametrize("action", [ImportAction.SKIP, ImportAction.VALID])
def test_an_order_is_found_wherever_it_is(shop: Integration, action: ImportAction, text: str) -> None:
    load(shop, action)
    found = find(shop, text)
    assert RemoteOrder.objects.filter(state=RemoteState.IGNORED).count() == (2 if action == ImportAction.SKIP else 0)
    assert "901" in {remote.external_id for remote in found.outside} | {
        order.remote_order.external_id for order in found.orders if order.remote_order
    }


@pytest.mark.parametrize("text", WAYS[2:])
def test_control_without_its_words_an_order_outside_of_the_book_is_not_found(
    shop: Integration, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_orders, "_words", lambda seen, state: "")
    load(shop, ImportAction.SKIP)
    assert not find(shop, text)


def test_its_words_go_with_it_into_the_book(shop: Integration) -> None:
    load(shop, ImportAction.SKIP)
    assert all(RemoteOrder.objects.values_list("search", flat=True))
    shop.rules.update(action=ImportAction.VALID)
    retry.retry_now(RemoteOrder.objects.all())
    jobs.work(Run.objects.latest("pk").pk)
    assert set(RemoteOrder.objects.values_list("state", "search")) == {(RemoteState.IMPORTED, "")}


@pytest.mark.parametrize("state", [RemoteState.FAILED, RemoteState.PENDING, RemoteState.DISMISSED])
def test_an_order_that_cannot_be_read_any_more_is_found_as_before(
    shop: Integration, connector: FakeConnector, state: RemoteState
) -> None:
    load(shop, ImportAction.SKIP)
    RemoteOrder.objects.update(state=state)
    connector.bodies["901"] = json.dumps(json.loads(connector.bodies["901"]) | {"total": "much"}).encode()
    load(shop, ImportAction.SKIP)
    one = RemoteOrder.objects.get(external_id="901")
    assert '"much"' in one.payload and one.state == state
    for text in WAYS:
        assert one in find(shop, text).outside


def test_the_one_that_is_called_so_is_meant(shop: Integration) -> None:
    """“901” also begins 90177, and a phone may begin so, too."""
    load(shop, ImportAction.SKIP)
    found = find(shop, "901")
    assert len(found.outside) == 2
    one = found.exactly("901")
    assert isinstance(one, RemoteOrder) and one.external_id == "901"
    assert find(shop, "nemcova").exactly("nemcova") is None, "two people of that name"


def test_an_old_order_is_found_by_its_number_among_many_that_only_begin_so(shop: Integration) -> None:
    load(shop, ImportAction.VALID)
    first = Order.objects.get(number=NUMBER)
    fields = [field.attname for field in Order._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(first, name) for name in fields}
    copies = [Order(**values) for _ in range(everywhere.MOST + 5)]
    for place, copy in enumerate(copies):
        copy.remote_order_id, copy.number = None, f"{NUMBER}{place}"
    Order.objects.bulk_create(copies)
    found = find(shop, NUMBER)
    assert found.more and first in found.orders
    assert found.orders[0] == first


def test_an_old_order_outside_of_the_book_is_found_by_its_number_among_many_that_only_begin_so(
    shop: Integration,
) -> None:
    load(shop, ImportAction.SKIP)
    first = RemoteOrder.objects.get(number=NUMBER)
    fields = [field.attname for field in RemoteOrder._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(first, name) for name in fields}
    copies = [RemoteOrder(**values) for _ in range(everywhere.MOST + 5)]
    for place, copy in enumerate(copies):
        copy.external_id, copy.number = f"9010{place}", f"{NUMBER}{place}"
    RemoteOrder.objects.bulk_create(copies)
    for text in (NUMBER, "901"):
        found = find(shop, text)
        assert found.more and found.outside[0] == first
        assert found.exactly(text) == first


@pytest.mark.parametrize("action", [ImportAction.SKIP, ImportAction.VALID])
@pytest.mark.parametrize(("stored", "typed"), [("#1001", "1001"), ("1001", "#1001"), ("#1001", "#1001")])
def test_the_sign_before_a_number_does_not_matter(
    shop: Integration, action: ImportAction, stored: str, typed: str
) -> None:
    """Also where many others begin so, or where its words are not known."""
    load(shop, action)
    RemoteOrder.objects.filter(external_id="901").update(number=stored, search="")
    Order.objects.filter(remote_order__external_id="901").update(number=stored, search="")
    one = find(shop, typed).exactly(typed)
    assert one is not None and one.number == stored


def test_an_erased_order_is_found_by_its_number_alone(shop: Integration) -> None:
    load(shop, ImportAction.SKIP)
    ids = RemoteOrder.objects.filter(external_id="901").values_list("pk", flat=True)
    erase_remote_orders(list(ids), Confirmed(timezone.now(), None))
    for text in (NUMBER, "901"):
        one = find(shop, text).exactly(text)
        assert isinstance(one, RemoteOrder) and one.erased_at is not None
    assert not find(shop, "bozena.nemcova@ratiborice.example").outside


def test_other_books_are_looked_through_only_where_they_are_given(shop: Integration) -> None:
    load(shop, ImportAction.SKIP)
    other: Project = ProjectFactory.create()
    assert not everywhere.find([other], "901")
    assert everywhere.find([other, shop.project], "901")


def test_customers_and_products_are_found(shop: Integration) -> None:
    give_stock(shop.project, MUG_BLUE=1)
    Customer.objects.create(project=shop.project, email="ada@lovelace.example", name="Ada", created_at=timezone.now())
    assert [product.sku for product in find(shop, "mug-b").products] == ["MUG-BLUE"]
    assert [customer.name for customer in find(shop, "Ada@love").customers] == ["Ada"]
    assert [customer.name for customer in find(shop, "ada").customers] == ["Ada"]
    assert [product.sku for product in find(shop, "blue product").products] == ["MUG-BLUE"]


@pytest.mark.parametrize("text", ["", " ", "%", "':*", "\\", "☃", "a" * 5_000])
def test_what_is_no_word_finds_nothing_and_fails_nothing(shop: Integration, text: str) -> None:
    load(shop, ImportAction.SKIP)
    assert not find(shop, text)
