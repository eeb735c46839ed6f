"""Rows for tests, and incoming orders as connectors make them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.choices import AccountPlan, Role
from integrations.models import Account, Integration, Membership, Project
from integrations.secrets import Secrets
from orders.intake.allocation import change_stock
from orders.intake.incoming import IncomingAddress, IncomingLine, IncomingOrder
from stock import catalogue
from stock.choices import MovementReason
from stock.ledger import Change

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
_numbers = itertools.count(1000)


class AccountFactory(factory.django.DjangoModelFactory[Account]):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Account {n}")
    plan = AccountPlan.STANDARD


class ProjectFactory(factory.django.DjangoModelFactory[Project]):
    class Meta:
        model = Project

    account = factory.SubFactory(AccountFactory)
    name = factory.Sequence(lambda n: f"Project {n}")
    currency = "EUR"
    time_zone = "Europe/Prague"


class IntegrationFactory(factory.django.DjangoModelFactory[Integration]):
    class Meta:
        model = Integration

    project = factory.SubFactory(ProjectFactory)
    platform = "woocommerce"
    title = factory.Sequence(lambda n: f"Shop {n}")
    base_url = "https://shop.example"
    credentials = factory.LazyFunction(lambda: Secrets(consumer_key="ck_1", consumer_secret="cs_1"))
    time_zone = "Europe/Prague"
    start_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=30))


def member(account: Account, role: Role, username: str = "") -> User:
    """A person with a role in an account; the password is `secret`."""
    user = User.objects.create_user(username or f"{role}-{next(_numbers)}", password="secret", is_staff=True)
    Membership.objects.create(account=account, user=user, role=role)
    return user


def line(sku: str = "A-17", quantity: int = 1, **values: Any) -> IncomingLine:
    price = Decimal(values.pop("price", "10.00"))
    fields: dict[str, Any] = {
        "key": str(next(_numbers)),
        "name": f"Product {sku}",
        "sku": sku,
        "unit_price": price,
        "total": price * quantity,
    }
    return IncomingLine(quantity=quantity, **(fields | values))


def incoming(*lines: IncomingLine, **values: Any) -> IncomingOrder:
    """An order placed at START plus its running number of minutes; e-mail and address given."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "external_id": str(number),
        "number": str(number),
        "status": "processing",
        "placed_at": START + timedelta(minutes=number),
        "modified_at": START + timedelta(minutes=number),
        "currency": "EUR",
        "email": f"buyer{number}@mail.example",
        "billing": IncomingAddress(first_name="Jana", last_name="Nováková", city="Brno", country="CZ"),
        "total": sum((item.total + item.tax for item in lines), Decimal(0)),
    }
    return IncomingOrder(lines=lines, **(fields | values))


def give_stock(project: Project, **units: int) -> dict[str, int]:
    """Products with units on hand, by SKU with `_` for `-`; product ids by SKU."""
    wanted = {sku.replace("_", "-"): quantity for sku, quantity in units.items()}
    ids = catalogue.create(project.pk, {sku: f"Product {sku}" for sku in wanted})
    changes = [Change(ids[sku], units, MovementReason.RECEIPT, "test") for sku, units in wanted.items() if units]
    if changes:
        change_stock(project.pk, changes)
    return ids
