"""Where an order is that somebody here has seen: one of a closed list, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from integrations.choices import RemoteState, Whereabouts
from integrations.marketplaces import echoes
from integrations.models import Integration, RemoteOrder
from integrations.review.assessment import assess
from orders.choices import OrderStatus
from orders.models import Order


@dataclass(frozen=True)
class OrderAnswer:
    """Where an order is, in a word of the list and a sentence for staff."""

    where: Whereabouts
    subject: str
    """What it is called: its number, or its id in the shop."""
    sentence: str
    integration: Integration | None = None
    order: Order | None = None
    remote: RemoteOrder | None = None
    doubles: list[Order] = field(default_factory=list)
    """Orders of the book that it may be a double of."""
    external_id: str = ""
    """Its id in the shop, of an order that only the shop knows."""
    placed_at: datetime | None = None


def of_order(order: Order) -> OrderAnswer:
    """Where an order of the book is."""
    said = [f"It is in the book as order {order}: {stands(order)}."]
    if order.shop_gone_at is not None:
        said.append("Its shop has it no longer.")
    if order.shop_changed_at is not None:
        said.append("Its shop has changed it since: look at what differs.")
    return OrderAnswer(
        Whereabouts.IN_BOOK,
        order.number,
        " ".join(said),
        order.integration,
        order,
        order.remote_order,
        placed_at=order.placed_at,
    )


def stands(order: Order) -> str:
    """How far an order of the book is: “Processing, Partial”, “Complete”."""
    status = order.get_status_display()
    waits = order.status == OrderStatus.PROCESSING
    return f"{status}, {order.get_tab_display()}" if waits else status


def of_remote(remote: RemoteOrder) -> OrderAnswer:
    """Where an order is that a shop has shown us."""
    made_as = echoes.order_of(remote) if remote.state == RemoteState.HANDED_ON else remote
    order = Order.objects.filter(remote_order=made_as).select_related("integration", "remote_order").first()
    if order is not None:
        return of_order(order)
    where, sentence, doubles = _outside(remote)
    return OrderAnswer(
        where, str(remote), sentence, remote.integration, remote=remote, doubles=doubles, placed_at=remote.placed_at
    )


def _outside(remote: RemoteOrder) -> tuple[Whereabouts, str, list[Order]]:
    reason = remote.reason if remote.reason.endswith((".", "!", "?")) else f"{remote.reason}."
    if remote.state == RemoteState.DISMISSED:
        return Whereabouts.DISMISSED, f"It stays out of the book. {reason}", []
    if remote.state == RemoteState.HANDED_ON:
        return Whereabouts.HANDED_ON, f"It is not in the book by itself. {reason}", []
    if remote.state == RemoteState.FAILED:
        return Whereabouts.FAILED, f"It could not be imported. {reason}", []
    if remote.state == RemoteState.IGNORED:
        return Whereabouts.WAITING if remote.retry else Whereabouts.BY_RULE, f"It is not imported. {reason}", []
    doubles = list(assess(remote).duplicates)
    if doubles:
        named = ", ".join(f"order {double}" for double in doubles[:3])
        return Whereabouts.DUPLICATE, f"It waits for a decision, because it may be {named} once more. {reason}", doubles
    return Whereabouts.PENDING, f"It waits for a decision. {reason}", []
