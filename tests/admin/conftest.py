"""A project with shops and people, and browsers that are logged in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from integrations.choices import RemoteState, Role
from integrations.models import Integration, Project, RemoteOrder
from integrations.shops.connection import set_up
from orders.intake.drafts import Intake, Source, Taken
from orders.intake.incoming import IncomingOrder
from orders.intake.new_orders import take_in
from orders.intake.plans import PLANS
from orders.models import Order
from tests.factories import IntegrationFactory, ProjectFactory, member

Login = Callable[..., Client]


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def shop(project: Project) -> Integration:
    made = IntegrationFactory.create(project=project, title="Garden shop")
    set_up(made)
    return made


@pytest.fixture
def login(db: None) -> Login:
    """A browser of a new member of the project's account."""

    def make(project: Project, role: Role = Role.IMPORT_ADMIN) -> Client:
        client = Client()
        client.force_login(member(project.account, role))
        return client

    return make


@pytest.fixture
def admin(project: Project, login: Login) -> Client:
    return login(project)


def imported(shop: Integration, orders: Sequence[IncomingOrder], action: str = "valid") -> list[Order]:
    """Orders of a shop in the book, each with its remote order."""
    now = timezone.now()
    remotes = [
        remote(shop, order.external_id, RemoteState.IMPORTED, number=order.number, status=order.status)
        for order in orders
    ]
    source = Source(shop.project_id, shop.pk, None, shop.project.zone, now)
    intakes = [Intake(order, PLANS[action], row.pk) for order, row in zip(orders, remotes, strict=True)]
    with transaction.atomic():
        outcomes = take_in(source, intakes)
    ids = [outcome.order_id for outcome in outcomes if isinstance(outcome, Taken)]
    return [Order.objects.get(pk=order_id) for order_id in ids]


def remote(shop: Integration, external_id: str, state: RemoteState, **values: object) -> RemoteOrder:
    now = timezone.now()
    fields: dict[str, object] = {
        "number": external_id,
        "payload": '{"id": 1}',
        "digest": b"x" * 16,
        "reason_code": "test",
        "reason": f"It is {state.label.lower()} for a test.",
        "first_seen_at": now,
        "changed_at": now,
    }
    return RemoteOrder.objects.create(
        project=shop.project, integration=shop, external_id=external_id, state=state, **(fields | values)
    )
