"""The newest migrations go back on a database with data in it, or say at once that they do not."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from integrations.invariants import broken
from integrations.models import ErasureRequest, Project
from orders.models import Order
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
    with pytest.raises(IrreversibleError, match="People were erased here"):
        call_command("migrate", "integrations", "0017", verbosity=0, interactive=False)
    assert set(MigrationLoader(connection).applied_migrations) == before
