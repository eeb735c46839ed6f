"""The page of routing rules: typed, tried with zero writes, saved once, by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.choices import Role
from integrations.models import Integration, Project
from orders.intake import routing_rules
from orders.models import RoutingRule
from stock import warehouses
from stock.models import Warehouse
from tests.admin.conftest import Login, imported
from tests.factories import ProjectFactory, give_stock, incoming, line

EDIT, LIST = "/orders/routingrule/edit/", "/orders/routingrule/"


@pytest.fixture
def brno(project: Project) -> Warehouse:
    give_stock(project, A_17=5)
    return warehouses.add(project.pk, "Brno")


def sent(project: Project, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"rows": len(rows), "seen": routing_rules.saved(project.pk)[1], **more}
    for number, row in enumerate(rows):
        values |= {f"rule-{number}-{name}": value for name, value in ({"position": number + 1} | row).items()}
    return values


def test_rules_are_saved_in_the_order_of_their_turns(
    admin: Client, project: Project, shop: Integration, brno: Warehouse
) -> None:
    last = {"target": "stock", "position": 9}
    first = {
        "target": brno.pk, "integration": shop.pk, "countries": "sk,  cz", "postcodes": "6", "shipping": "DHL*",
        "currency": "eur", "total_from": "10", "total_to": "20.5", "sku_prefix": "A-", "position": 2,
    }  # fmt: skip
    shown = admin.post(EDIT, sent(project, last, first, {}), follow=True).content.decode()
    assert "The routing rules are saved." in shown
    said = "shop Garden shop; country SK, CZ; postcode 6…; shipping DHL*; currency EUR; total from 10; total to 20.5"
    assert said in shown and "First by priority that has everything" in shown
    assert list(RoutingRule.objects.values_list("position", "warehouse")) == [(1, brno.pk), (2, None)]
    again = admin.get(EDIT).content.decode()
    assert 'value="20.5"' in again and 'value="SK, CZ"' in again


def test_a_try_counts_and_writes_nothing(admin: Client, project: Project, shop: Integration, brno: Warehouse) -> None:
    imported(shop, [incoming(line("A-17")) for _ in range(3)])
    shown = admin.post(EDIT, sent(project, {"target": brno.pk, "countries": "CZ"}, **{"try": 1})).content.decode()
    assert "3 orders of the last 30 days" in shown and "3 would have been served from another warehouse." in shown
    assert f'<option value="{brno.pk}" selected>Brno</option>' in shown
    assert not RoutingRule.objects.exists()


def test_more_rows_keep_what_is_typed(admin: Client, project: Project, brno: Warehouse) -> None:
    shown = admin.post(EDIT, sent(project, {"target": brno.pk, "shipping": "DHL*"}, more=1)).content.decode()
    assert 'value="DHL*"' in shown and "Rule 2" in shown


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"countries": "Czechia"}, "Enter countries as two letters"),
        ({"currency": "EURO"}, "three letters"),
        ({"total_from": "9", "total_to": "8"}, "enter a higher total"),
        ({"total_from": "x"}, "Enter a number"),
        ({"target": "", "countries": "CZ"}, "Choose a warehouse"),
        ({"target": "999999"}, "Select a valid choice"),
        ({"position": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    admin: Client, project: Project, brno: Warehouse, row: dict[str, Any], sentence: str
) -> None:
    answer = admin.post(EDIT, sent(project, {"target": brno.pk} | row))
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert not RoutingRule.objects.exists()


def test_two_people_do_not_overwrite_each_other(admin: Client, project: Project, brno: Warehouse) -> None:
    mine = sent(project, {"target": brno.pk, "countries": "CZ"})
    admin.post(EDIT, sent(project, {"target": brno.pk, "countries": "SK"}))
    answer = admin.post(EDIT, mine)
    assert (answer.status_code, "changed since you opened this page" in answer.content.decode()) == (422, True)
    assert RoutingRule.objects.get().countries == "SK"


def test_shops_and_warehouses_of_others_cannot_be_chosen(admin: Client, project: Project, brno: Warehouse) -> None:
    other = warehouses.add(ProjectFactory.create().pk, "Elsewhere")
    assert admin.post(EDIT, sent(project, {"target": other.pk})).status_code == 422


@pytest.mark.parametrize("role", list(Role))
def test_import_admins_change_rules_and_all_see_them(
    role: Role, project: Project, login: Login, brno: Warehouse
) -> None:
    browser = login(project, role)
    shown = browser.get(LIST).content.decode()
    assert "every new order is served from the default warehouse" in shown
    assert ("Change routing rules" in shown) == (role == Role.IMPORT_ADMIN)
    assert (browser.get(EDIT).status_code == 200) == (role == Role.IMPORT_ADMIN)
