"""What has happened to an order, from the shop's own times to what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from config.kit import true_time
from integrations.choices import RunKind, RunState
from integrations.finding.whereabouts import OrderAnswer
from integrations.models import OrderHint, RemoteOrder, Run
from orders.models import Order, OrderEvent

MOST_EVENTS = 50
MOST_FAILED_LOADS = 5


@dataclass(frozen=True)
class Moment:
    """One thing that happened, or that will."""

    at: datetime
    text: str
    who: str = ""
    """The person behind it; "" where it went by itself."""
    run_id: int | None = None

    @property
    def is_to_come(self) -> bool:
        return self.at > true_time.now()


def timeline(answer: OrderAnswer) -> list[Moment]:
    """The newest first; what comes next stands above it."""
    moments = list(_in_shop(answer))
    if answer.remote is not None:
        moments += _of_remote(answer.remote)
    if answer.order is not None:
        moments += _of_order(answer.order)
    # Of one second, what is told last came last.
    return sorted(moments, key=lambda moment: moment.at)[::-1]


def _in_shop(answer: OrderAnswer) -> Iterator[Moment]:
    if answer.placed_at is not None:
        yield Moment(answer.placed_at, "Placed.")
    external_id = answer.remote.external_id if answer.remote else answer.external_id
    hint = OrderHint.objects.filter(integration=answer.integration, external_id=external_id).first()
    if hint is not None:
        yield Moment(hint.last_at, f"The shop told of it by webhook ({hint.deliveries} ×).")
        yield Moment(hint.look_at, "It is read again because of that.")


def _of_remote(remote: RemoteOrder) -> Iterator[Moment]:
    if remote.stamp is not None and remote.stamp != remote.placed_at:
        yield Moment(remote.stamp, f"Changed in the shop; its status there is “{remote.status}”.")
    yield from _failed_loads(remote)
    yield Moment(remote.first_seen_at, "Fetched from the shop for the first time.")
    who = remote.decided_by.get_username() if remote.decided_by else ""
    yield Moment(remote.changed_at, remote.reason, who, remote.run_id)
    if remote.next_attempt_at is not None:
        yield Moment(remote.next_attempt_at, "It is looked at again.")


def _failed_loads(remote: RemoteOrder) -> Iterator[Moment]:
    """Loads that failed while it was waiting to be seen."""
    if remote.placed_at is None:
        return
    bad = Run.objects.filter(
        project_id=remote.project_id,
        integration=remote.integration_id,
        kind=RunKind.LOAD,
        state__in=[RunState.FAILED, RunState.ERRORED],
        finished_at__range=(remote.placed_at, remote.first_seen_at),
    )
    for run in bad.order_by("-id")[:MOST_FAILED_LOADS]:
        if run.finished_at is not None:
            yield Moment(run.finished_at, f"A load failed: {run.reason}", run_id=run.pk)


def _of_order(order: Order) -> Iterator[Moment]:
    for event in OrderEvent.objects.filter(order=order).select_related("actor")[:MOST_EVENTS]:
        yield Moment(event.at, event.message, event.actor.get_username() if event.actor else "")
