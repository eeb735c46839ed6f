"""A project with an endpoint at a real receiver, and what workers do for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from integrations.choices import SUBSCRIBABLE
from integrations.follow_up import steps
from integrations.models import Project, WebhookDelivery, WebhookEndpoint
from integrations.simulator.receiver import Received, Reply
from integrations.webhooks import endpoints
from orders.intake.incoming import IncomingOrder
from orders.intake.plans import VALID
from orders.models import Order
from tests.factories import START, incoming, line
from tests.orders.intake.test_new_orders import take


def endpoint_at(project: Project, url: str, events: Sequence[str] = SUBSCRIBABLE) -> WebhookEndpoint:
    return endpoints.create(project, url, events).endpoint


def sell(project: Project, count: int = 1, **values: Any) -> list[Order]:
    """Live orders of a shop, announced and not yet passed on."""
    placed: list[IncomingOrder] = [incoming(line("A-17", 2), **values) for _ in range(count)]
    take(project, *((order, VALID) for order in placed))
    return [Order.objects.get(number=order.number) for order in placed]


def sell_paid(project: Project, count: int = 1) -> list[Order]:
    return sell(project, count, paid_at=START)


def work(project: Project) -> None:
    """What a worker does at a bell."""
    steps.follow_up(project.pk)


def rest_over(endpoint: WebhookEndpoint) -> None:
    """What waiting does: everything that is to be tried again is due now."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(rest_until=None)
    WebhookDelivery.objects.filter(endpoint=endpoint, state="waiting").update(next_try_at=timezone.now())


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Our own clock stands at this moment; the database's goes on."""
    with patch("config.kit.true_time.now", return_value=moment):
        yield


def states() -> list[tuple[str, str, int]]:
    """What was to be told, what became of it, and after how many tries, oldest first."""
    rows = WebhookDelivery.objects.order_by("id").values_list("event", "state", "attempts_made")
    return [(event.removeprefix("customer.order."), state, attempts) for event, state, attempts in rows]


def answering(*statuses: int) -> Callable[[Received], Reply]:
    """These one after another, then 200."""
    left = list(statuses)
    return lambda _: Reply(left.pop(0) if left else 200)
