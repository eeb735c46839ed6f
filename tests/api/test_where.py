"""Where is my order?, by API: the answers of the search, and shops that are asked when the caller says so."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import client as shop_client
from integrations.choices import RemoteState
from integrations.models import Integration, RemoteOrder
from integrations.shops.connection import set_up
from tests.admin.conftest import imported, remote
from tests.api.conftest import Partner, told
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line
from tests.fake_connector import FakeConnector

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
PATH = "/back-office/v1/where-is-my-order"


@pytest.fixture
def partner() -> Partner:
    return Partner(ProjectFactory.create())


@pytest.fixture
def shop(partner: Partner) -> Integration:
    made = IntegrationFactory.create(project=partner.project, title="Garden shop")
    set_up(made)
    return made


def answers(partner: Partner, query: str) -> list[dict[str, Any]]:
    answer = partner.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = told(answer)["data"]
    return found


def test_one_order_with_what_has_happened(partner: Partner, shop: Integration) -> None:
    give_stock(shop.project, A_17=5)
    imported(shop, [incoming(line("A-17", 2), number="7001", external_id="7001")])
    [found] = answers(partner, "q=7001")
    assert (found["where"], found["number"]) == ("in_book", "7001")
    assert found["sentence"] == "It is in the book as order 7001: Processing, In stock."
    assert found["order_id"].startswith("ord_") and found["remote_order_id"].startswith("rem_")
    assert told(partner.get(f"/back-office/v1/orders/{found['order_id']}"))["number"] == "7001"
    assert found["moments"][-1]["text"] == "Placed."


def test_several_orders_without(partner: Partner, shop: Integration) -> None:
    for key in ("81", "82"):
        remote(shop, key, RemoteState.FAILED, search=f"{key} ann")
    found = answers(partner, "q=ann")
    assert [(each["where"], each["moments"]) for each in found] == [("failed", []), ("failed", [])]


def test_another_projects_orders_are_not_there(partner: Partner, shop: Integration) -> None:
    other = IntegrationFactory.create(title="Foreign shop")
    remote(other, "81", RemoteState.FAILED, search="81")
    assert answers(partner, "q=81") == []
    # The control: it is found where it belongs.
    remote(shop, "81", RemoteState.FAILED, search="81")
    assert len(answers(partner, "q=81")) == 1


def test_shops_are_asked_only_for_what_is_not_on_record(
    partner: Partner, shop: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeConnector()
    fake.install(monkeypatch)
    assert answers(partner, "q=12345") == [] and fake.called == []
    [found] = answers(partner, "q=12345&ask_shops=true")
    assert (found["where"], found["integration_id"] is not None) == ("not_in_shop", True)
    assert RemoteOrder.objects.count() == 0
    assert [each["where"] for each in answers(partner, "q=1%002345&ask_shops=true")] == ["not_in_shop"]
    monkeypatch.setattr(shop_client, "drive", lambda *_, **__: pytest.fail("a shop was asked"))
    remote(shop, "81", RemoteState.FAILED, search="81")
    assert len(answers(partner, "q=81&ask_shops=true")) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", ".q is missing"),
        ("q=", ".q is empty"),
        ("q=1&ask_shops=maybe", ".ask_shops"),
        ("q=1&who=me", ".who"),
    ],
)
def test_what_is_asked_wrongly_is_named(partner: Partner, query: str, said: str) -> None:
    answer = partner.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert said in answer.content.decode()
