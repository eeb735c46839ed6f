"""A person decides about remote orders: accept the buyer, mark as cancel, take that back. Never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from integrations.choices import ImportAction, RemoteState
from integrations.importing import block_list, mapping
from integrations.importing.mapping import Unmapped
from integrations.importing.page import NOT_STORABLE, rules_for
from integrations.importing.payloads import Candidate, digest_of, read
from integrations.models import Integration, RemoteOrder
from orders.choices import EventKind
from orders.intake.incoming import IncomingOrder
from orders.intake.new_orders import Intake, Refused, Source, Taken, take_in
from orders.intake.plans import PLANS, VALID, Plan
from orders.models import OrderEvent
from stock.ledger import lock_project

MOST_AT_ONCE = 100
DISMISSABLE = (RemoteState.PENDING, RemoteState.FAILED, RemoteState.IGNORED)


@dataclass(frozen=True)
class Reviewed:
    """What became of one order a person decided about; `sentence` is for them."""

    remote_id: int
    done: bool
    sentence: str
    order_id: int | None = None


def accept(
    project_id: int, remote_ids: Sequence[int], *, actor_id: int, actor: str, blocked_too: bool = False
) -> list[Reviewed]:
    """Take pending orders into the book by the rule of their status; as valid where the rule would not import.

    Orders of blocked buyers stay pending unless `blocked_too`. Whatever was decided meanwhile is left as it is. One
    order the book refuses stays pending with the reason; it stops none of the others.
    """
    shops: dict[int, list[int]] = {}
    rows = RemoteOrder.objects.filter(project_id=project_id, pk__in=remote_ids).order_by("pk")
    for remote_id, integration_id in rows.values_list("pk", "integration_id"):
        shops.setdefault(integration_id, []).append(remote_id)
    reviewed = []
    for integration in Integration.objects.filter(pk__in=shops).select_related("project"):
        ids = shops[integration.pk]
        acceptance = _Acceptance(integration, actor_id, actor, blocked_too)
        try:
            reviewed += acceptance.take(ids)
        except NOT_STORABLE:
            for remote_id in ids:
                reviewed += acceptance.take_alone(remote_id)
    return reviewed


@dataclass(frozen=True)
class _Acceptance:
    integration: Integration
    actor_id: int
    actor: str
    blocked_too: bool

    def take_alone(self, remote_id: int) -> list[Reviewed]:
        try:
            return self.take([remote_id])
        except NOT_STORABLE:
            return [Reviewed(remote_id, False, "This order cannot be stored: its data is not what a shop may send.")]

    def take(self, remote_ids: Sequence[int]) -> list[Reviewed]:
        at = timezone.now()
        with transaction.atomic():
            lock_project(self.integration.project_id)
            rows = list(RemoteOrder.objects.select_for_update(of=("self",)).filter(pk__in=remote_ids).order_by("pk"))
            reviewed = [_decided(row) for row in rows if row.state != RemoteState.PENDING]
            due = [(row, self._candidate(row)) for row in rows if row.state == RemoteState.PENDING]
            reviewed += [_unreadable(row, seen) for row, seen in due if seen.order is None]
            readable = [(row, seen) for row, seen in due if seen.order is not None]
            wanted, refused = self._allowed(readable)
            return reviewed + refused + self._import(wanted, at)

    def _candidate(self, row: RemoteOrder) -> Candidate:
        payload = row.payload.encode()
        return read(self.integration.connector, self.integration.shop(), payload, digest_of(payload))

    def _allowed(
        self, due: Sequence[tuple[RemoteOrder, Candidate]]
    ) -> tuple[list[tuple[RemoteOrder, Candidate]], list[Reviewed]]:
        """Those whose buyers are not blocked, and the refusals of the others."""
        listed = block_list.load(self.integration.project_id, (seen.order.email for _, seen in due if seen.order))
        allowed, refused = [], []
        for row, seen in due:
            pattern = listed.blocked(seen.order.email) if seen.order and not self.blocked_too else ""
            if pattern:
                sentence = f"{row}: the buyer is on the block list (“{pattern}”). Open the order to accept it anyway."
                refused.append(Reviewed(row.pk, False, sentence))
            else:
                allowed.append((row, seen))
        return allowed, refused

    def _import(self, due: Sequence[tuple[RemoteOrder, Candidate]], at: datetime) -> list[Reviewed]:
        rules = rules_for(self.integration, (seen.status for _, seen in due))
        plans = [_plan(rules[seen.status].action) for _, seen in due]
        source = Source(
            self.integration.project_id,
            self.integration.pk,
            None,
            self.integration.project.zone,
            at,
            create_unknown_products=self.integration.unknown_products == "create",
        )
        outcomes = self._take_in(source, [(row.pk, seen.order) for row, seen in due if seen.order], plans)
        reviewed = [
            self._written(row, plan, outcome, at, by_rule=rules[seen.status].action in PLANS)
            for (row, seen), plan, outcome in zip(due, plans, outcomes, strict=True)
        ]
        OrderEvent.objects.bulk_create(
            OrderEvent(
                order_id=result.order_id,
                kind=EventKind.ACCEPTED,
                message="Buyer accepted.",
                actor_id=self.actor_id,
                at=at,
            )
            for result in reviewed
            if result.order_id is not None
        )
        return reviewed

    def _take_in(
        self, source: Source, orders: Sequence[tuple[int, IncomingOrder]], plans: Sequence[Plan]
    ) -> list[Taken | Refused | Unmapped]:
        """Take orders in, in our words, by their remote orders' ids; the outcomes stand in the order of `orders`."""
        words = mapping.load(self.integration, [order for _, order in orders])
        ours = [words.apply(order) for _, order in orders]
        intakes = [
            Intake(order, plan, remote_id)
            for order, plan, (remote_id, _) in zip(ours, plans, orders, strict=True)
            if not isinstance(order, Unmapped)
        ]
        taken = iter(take_in(source, intakes))
        return [order if isinstance(order, Unmapped) else next(taken) for order in ours]

    def _written(
        self, row: RemoteOrder, plan: Plan, outcome: Taken | Refused | Unmapped, at: datetime, *, by_rule: bool
    ) -> Reviewed:
        """Write down on the remote order what became of it."""
        if not isinstance(outcome, Taken):
            sentence = f"{row} stays pending: {outcome.message}"
            RemoteOrder.objects.filter(pk=row.pk).update(
                reason_code=outcome.code,
                subject=outcome.subject[:255],
                reason=f"Accepted, but {outcome.message}"[:500],
                changed_at=at,
            )
            return Reviewed(row.pk, False, sentence)
        label = ImportAction(plan.action).label
        how = f"by the rule “{label}”" if by_rule else f"“{label}”: its rule would not import it"
        RemoteOrder.objects.filter(pk=row.pk).update(
            state=RemoteState.IMPORTED,
            reason_code="accepted",
            reason=f"Accepted by {self.actor}, imported {how}."[:500],
            action=plan.action,
            retry=False,
            next_attempt_at=None,
            decided_by_id=self.actor_id,
            changed_at=at,
        )
        return Reviewed(row.pk, True, f"{row} is in the book, imported {how}.", outcome.order_id)


def _plan(action: ImportAction) -> Plan:
    return PLANS.get(action) or VALID


def _decided(row: RemoteOrder) -> Reviewed:
    """Somebody, maybe the same person, was faster."""
    return Reviewed(row.pk, False, f"{row} is {row.get_state_display()} already: {row.reason}")


def _unreadable(row: RemoteOrder, seen: Candidate) -> Reviewed:
    return Reviewed(row.pk, False, f"{row} cannot be read: {seen.error}")


def dismiss(project_id: int, remote_ids: Iterable[int], reason: str, *, actor_id: int, actor: str) -> list[Reviewed]:
    """Mark orders as cancel: they never enter the book, until somebody takes it back. The reason is kept."""
    why = reason.strip()[:300]
    said = f"Marked as cancel by {actor}: {why}" if why else f"Marked as cancel by {actor}, without a reason."

    def sentence(row: RemoteOrder) -> str:
        return f"{row} is marked as cancel; it can be taken back under Dismissed."

    return _move(project_id, remote_ids, DISMISSABLE, RemoteState.DISMISSED, "dismissed", said, sentence, actor_id)


def take_back(project_id: int, remote_ids: Iterable[int], *, actor_id: int, actor: str) -> list[Reviewed]:
    """Undo Mark as cancel: the orders are pending again."""

    def sentence(row: RemoteOrder) -> str:
        return f"{row} is pending again."

    said = f"{actor} took “Mark as cancel” back: accept the buyer or mark it again."
    return _move(
        project_id, remote_ids, (RemoteState.DISMISSED,), RemoteState.PENDING, "taken_back", said, sentence, actor_id
    )


def _move(
    project_id: int,
    remote_ids: Iterable[int],
    allowed: Sequence[RemoteState],
    to: RemoteState,
    reason_code: str,
    reason: str,
    sentence: Callable[[RemoteOrder], str],
    actor_id: int,
) -> list[Reviewed]:
    """Move remote orders into another state without touching the book; those in no allowed state stay, and say so."""
    with transaction.atomic():
        rows = list(
            RemoteOrder.objects.select_for_update(of=("self",))
            .filter(project_id=project_id, pk__in=list(remote_ids))
            .order_by("pk")
        )
        moved = [row for row in rows if row.state in allowed]
        RemoteOrder.objects.filter(pk__in=[row.pk for row in moved]).update(
            state=to,
            reason_code=reason_code,
            subject="",
            reason=reason[:500],
            retry=False,
            next_attempt_at=None,
            decided_by_id=actor_id,
            changed_at=timezone.now(),
        )
        return [Reviewed(row.pk, True, sentence(row)) if row in moved else _decided(row) for row in rows]
