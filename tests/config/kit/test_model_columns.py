"""Rows that are read by statements of ours are what a queryset makes of them."""

from __future__ import annotations

import pytest
from django.db import models

from config.kit.postgresql.model_columns import Columns
from integrations.access import api_keys
from integrations.models import ApiKey, Integration, Project
from orders.intake.plans import VALID
from orders.models import Order, OrderLine
from tests.factories import IntegrationFactory, incoming, line
from tests.orders.intake.test_new_orders import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Integration:
    shop = IntegrationFactory.create()
    api_keys.make(shop.project_id, "Till")
    take(shop.project, (incoming(line("A-17", 2), metadata={"channel": ["till", 1.5]}), VALID))
    return shop


@pytest.mark.parametrize("model", [Order, OrderLine, ApiKey, Project, Integration])
def test_they_have_the_values_of_a_queryset(shop: Integration, model: type[models.Model]) -> None:
    columns = Columns(model, "it")
    found = list(columns.read(f'SELECT {columns}, 7 FROM "{model._meta.db_table}" AS it', []))
    assert found
    for row, beside in found:
        same = model._default_manager.get(pk=row.pk)
        own = {name: value for name, value in vars(row).items() if name != "_state"}
        assert own == {name: value for name, value in vars(same).items() if name != "_state"}
        assert (row._state.adding, row._state.db) == (False, "default")
        assert beside == (7,)


def test_what_is_left_out_is_read_once_it_is_asked_for(shop: Integration) -> None:
    columns = Columns(Order, "it", without=["search"])
    [(order, _)] = columns.read(f"SELECT {columns} FROM orders_order AS it", [])
    assert order.get_deferred_fields() == {"search"}
    assert order.search == Order.objects.get().search
