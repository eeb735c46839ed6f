"""Import Orders and Synchronize as staff do them, for the check of the demo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User

from config.demo.world import BROOKLYN
from integrations.choices import RemoteState
from integrations.importing import fetch_missing, synchronize
from integrations.models import Project, RemoteOrder, Run
from integrations.review import decisions
from orders.models import Order

Row = Callable[[str, object, object], None]


@dataclass(frozen=True)
class Shop:
    """What the check does with the shop: place an order, change its status; and waits for open runs."""

    place: Callable[[str], str]
    change: Callable[[str, str], object]
    wait: Callable[[], None]


def import_and_synchronize(project: Project, shop: Shop, row: Row) -> None:
    """An order nobody has loaded is fetched by its id, accepted, cancelled in the shop, and synchronised."""
    brooklyn = project.integrations.get(title=BROOKLYN.title)
    person = User.objects.get(username="orders")
    placed = shop.place("pending")
    run = fetch_missing.request_order(brooklyn, placed, user_id=person.pk)
    shop.wait()
    row(f"Import Orders: {Run.objects.get(pk=run.pk).reason}", _state(brooklyn.pk, placed), RemoteState.PENDING)
    remote = RemoteOrder.objects.get(integration=brooklyn, external_id=placed)
    results = decisions.accept(project.pk, [remote.pk] * 2, actor_id=person.pk, actor=str(person))
    again = decisions.accept(project.pk, [remote.pk], actor_id=person.pk, actor=str(person))
    row("Accept Buyer, and once more", [result.done for result in (*results, *again)], [True, False])
    order = Order.objects.get(remote_order=remote)
    shop.change(placed, "cancelled")
    others = (
        Order.objects.filter(integration=brooklyn).exclude(pk=order.pk).order_by("-pk").values_list("pk", flat=True)
    )
    requested = synchronize.request(project.pk, [order.pk, *others[:99]], user_id=person.pk)
    shop.wait()
    done = Run.objects.get(pk=requested.runs[0].pk)
    row(f"Synchronize 100 orders: {done.reason}", done.fetched, 100)
    order.refresh_from_db()
    row("The order that was cancelled in the shop", order.status, "cancelled")


def _state(integration_id: int, external_id: str) -> str | None:
    found = RemoteOrder.objects.filter(integration_id=integration_id, external_id=external_id)
    return found.values_list("state", flat=True).first()
