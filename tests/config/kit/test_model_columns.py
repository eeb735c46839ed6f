"""Rows that are read by statements of ours are what a queryset makes of them."""

from __future__ import annotations

import pytest
from django.db import models

from config.kit.postgresql.model_columns import Columns
from config.kit.sql import execute
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


@pytest.mark.parametrize("model", [Order, OrderLine])
def test_a_new_one_has_the_defaults_of_its_model(model: type[models.Model]) -> None:
    ours, djangos = Columns(model, "it").new(id=7, name="Lamp"), model(id=7)
    own = {name: value for name, value in vars(ours).items() if name != "_state"}
    expected = {name: value for name, value in vars(djangos).items() if name != "_state"}
    assert own == expected | ({"name": "Lamp"} if model is OrderLine else {})
    assert (ours._state.adding, ours._state.db) == (True, None)


DOCUMENTS = [
    '{"a": [1, 1.5, "x", null, true]}',
    "[]",
    '"text"',
    "null",
    '{"n": 123456789012345678901234567890, "f": 0.1234567890123456789, "e": 1E+2}',
    '{"far": 1e400}',
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_what_django_makes_of_it(shop: Integration, document: str) -> None:
    execute("UPDATE orders_order SET metadata = %s::jsonb", [document])
    columns = Columns(Order, "it")
    [order] = columns.rows(f"SELECT {columns} FROM orders_order AS it", [])
    assert repr(order.metadata) == repr(Order.objects.get().metadata)
