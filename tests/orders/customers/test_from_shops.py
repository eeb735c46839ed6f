"""Customers whom orders of shops name by their e-mail."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from orders.customers import ending, from_shops
from orders.models import Customer
from tests.factories import ProjectFactory
from tests.waiting import GENEROUS, somebody_waits_for_a_lock, until

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
EMAIL = "eva@mail.example"


@pytest.mark.django_db
def test_whoever_is_held_is_due() -> None:
    project = ProjectFactory.create()
    assert from_shops.held(project.pk, EMAIL, AT) is None
    eva = Customer.objects.create(project=project, email="Eva@Mail.example", created_at=AT)
    assert from_shops.held(project.pk, EMAIL, AT) == eva.pk
    assert Customer.objects.filter(due__isnull=False).get() == eva


@pytest.mark.django_db(transaction=True)
def test_whoever_is_being_deleted_is_nobody() -> None:
    """The deletion has looked for their orders already."""
    project = ProjectFactory.create()
    eva = Customer.objects.create(project=project, email=EMAIL, created_at=AT)
    deleted = threading.Event()

    def deleting() -> None:
        try:
            with transaction.atomic():
                ending.delete(project.pk, eva.pk, AT)
                deleted.set()
                assert until(somebody_waits_for_a_lock)
        finally:
            connection.close()

    thread = threading.Thread(target=deleting)
    thread.start()
    assert deleted.wait(GENEROUS)
    with transaction.atomic():
        assert from_shops.held(project.pk, EMAIL, AT) is None
    thread.join(GENEROUS)
