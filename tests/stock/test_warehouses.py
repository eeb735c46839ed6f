"""Warehouses of a project: the first one stands for none, the default takes the rest."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from integrations.models import Project
from orders.intake.allocation import change_stock
from stock import warehouses
from stock.choices import MovementReason
from stock.ledger import Change, StockError
from stock.models import StockLevel, Warehouse
from stock.warehouses import WarehouseRefused
from tests.factories import ProjectFactory, give_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def test_a_project_has_one_warehouse_until_somebody_adds_another(project: Project) -> None:
    assert warehouses.of(project.pk).rows == ()
    first = warehouses.first_of(project.pk)
    here = warehouses.of(project.pk)
    assert [(row.name, row.is_default, row.active) for row in here.rows] == [("Main warehouse", True, True)]
    assert (here.several, here.default, here.first) == (False, None, first)
    brno = warehouses.add(project.pk, " Brno ")
    here = warehouses.of(project.pk)
    assert (here.several, [here.place(row.pk) for row in here.active]) == (True, [None, brno.pk])
    assert (here.name(brno.pk), here.name(None)) == ("Brno", "Main warehouse")


def test_warehouses_are_asked_by_priority(project: Project) -> None:
    brno = warehouses.add(project.pk, "Brno")
    warehouses.change(brno, "Brno", 0)
    assert [row.name for row in warehouses.of(project.pk).active] == ["Brno", "Main warehouse"]


def test_another_default_leaves_what_the_first_one_means(project: Project) -> None:
    first, brno = warehouses.first_of(project.pk), warehouses.add(project.pk, "Brno")
    warehouses.make_default(brno)
    here = warehouses.of(project.pk)
    assert (here.default, here.first, warehouses.first_of(project.pk)) == (brno.pk, first, first)


@pytest.mark.parametrize("name, sentence", [("  ", "Enter a name"), ("Main warehouse", "this name already")])
def test_a_name_is_there_and_is_there_once(project: Project, name: str, sentence: str) -> None:
    warehouses.first_of(project.pk)
    with pytest.raises(WarehouseRefused, match=sentence) as refused:
        warehouses.add(project.pk, name)
    assert refused.value.field == "name"
    assert Warehouse.objects.filter(project=project).count() == 1


def test_the_default_and_one_with_goods_stay_on(project: Project) -> None:
    brno = warehouses.add(project.pk, "Brno")
    with pytest.raises(WarehouseRefused, match="is the default"):
        warehouses.switch_off(Warehouse.objects.get(project=project, is_default=True))
    ids = give_stock(project, A_17=0)
    change_stock(project.pk, [Change(ids["A-17"], 2, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    with pytest.raises(WarehouseRefused, match="goods on hand"):
        warehouses.switch_off(brno)
    change_stock(project.pk, [Change(ids["A-17"], -2, MovementReason.ADJUSTMENT, "Moved out", place=brno.pk)])
    assert not warehouses.switch_off(brno).active
    with pytest.raises(StockError, match="Brno is switched off"):
        change_stock(project.pk, [Change(ids["A-17"], 2, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    with pytest.raises(WarehouseRefused, match="switched off"):
        warehouses.make_default(brno)
    assert warehouses.switch_on(brno).active


def test_the_database_keeps_the_default_on(project: Project) -> None:
    warehouses.first_of(project.pk)
    with pytest.raises(IntegrityError, match="default_warehouse_is_on"), transaction.atomic():
        Warehouse.objects.filter(project=project).update(active=False)


def test_a_receipt_makes_the_level_of_its_warehouse_and_no_other(project: Project) -> None:
    brno, ids = warehouses.add(project.pk, "Brno"), give_stock(project, A_17=1)
    change_stock(project.pk, [Change(ids["A-17"], 4, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    rows = StockLevel.objects.order_by("pk").values_list("warehouse__name", "on_hand")
    assert list(rows) == [("Main warehouse", 1), ("Brno", 4)]
