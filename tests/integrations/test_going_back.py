"""Migrations go back on a database with data in it, or say at once that they do not: then nothing has changed."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from integrations.invariants import broken
from integrations.models import ErasureRequest, Project
from orders.models import Order
from stock import warehouses
from tests.api.conftest import Partner
from tests.crash.scenario import Scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long, pytest.mark.timeout(600)]


def lived_in() -> None:
    """What a site has after a while: orders of shops in every state, and what partners sent."""
    shop = Scenario.create()
    shop.go_on(shop.request().pk)
    partner = Partner(shop.integration.project)
    customer = {"source_id": "jana", "name": "Jana"}
    partner.imported([{"source_id": "a", "amount": 100, "customer": customer}])
    order = {"source_id": "b", "items": [{"source_id": "B-2", "quantity": 1, "amount": 5}], "customer": customer}
    assert partner.post("/v1/orders", order, Idempotency_Key="1").status_code == 200
    ErasureRequest.objects.create(
        project=shop.integration.project, integration=shop.integration, external_id="1", told_at=timezone.now()
    )


def test_the_newest_steps_go_back_and_forward_again() -> None:
    lived_in()
    orders, project_id = Order.objects.count(), Project.objects.get().pk
    try:
        call_command("migrate", "orders", "0017", verbosity=0, interactive=False)
        call_command("migrate", "integrations", "0015", verbosity=0, interactive=False)
    finally:
        call_command("migrate", verbosity=0, interactive=False)
    assert (Order.objects.count(), ErasureRequest.objects.get().project_id) == (orders, project_id)
    assert broken() == {}


def test_an_erasure_is_not_taken_back() -> None:
    lived_in()
    ErasureRequest.objects.update(confirmed_at=timezone.now())
    before = set(MigrationLoader(connection).applied_migrations)
    with pytest.raises(CommandError, match=r"People were erased here.* Nothing was changed"):
        call_command("migrate", "integrations", "0017", verbosity=0, interactive=False)
    assert set(MigrationLoader(connection).applied_migrations) == before


def test_several_warehouses_are_not_taken_back() -> None:
    lived_in()
    warehouses.add(Project.objects.get().pk, "Brno")
    before = set(MigrationLoader(connection).applied_migrations)
    with pytest.raises(CommandError, match=r"several warehouses here.* Nothing was changed"):
        call_command("migrate", "orders", "0026", verbosity=0, interactive=False)
    assert set(MigrationLoader(connection).applied_migrations) == before


TARGETS = [
    ("orders", "0001"),
    ("orders", "0010"),
    ("integrations", "0001"),
    ("integrations", "0010"),
    ("stock", "0001"),
]


def state() -> dict[str, object]:
    """Every table with its columns and how many rows it has."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found: dict[str, object] = {}
        for table in sorted(tables):
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = columns, cursor.fetchone()
    return found


@pytest.mark.parametrize(("app", "name"), TARGETS)
def test_further_back_is_whole_or_refused(app: str, name: str) -> None:
    lived_in()
    before = state()
    try:
        call_command("migrate", app, name, verbosity=0, interactive=False)
    except CommandError as error:
        assert str(error).endswith("Nothing was changed.")
        assert state() == before
    else:
        assert state() != before
    finally:
        call_command("migrate", verbosity=0, interactive=False)
    assert set(state()) == set(before)


def test_without_the_whole_a_step_that_fails_leaves_the_others_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    lived_in()
    ErasureRequest.objects.update(confirmed_at=timezone.now())
    before = state()
    try:
        with pytest.raises(IrreversibleError):
            call_command(migrate.Command(), "integrations", "0017", verbosity=0, interactive=False)
        assert state() != before
    finally:
        call_command("migrate", verbosity=0, interactive=False)
