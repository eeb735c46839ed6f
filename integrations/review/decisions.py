"""A person decides about remote orders: accept the buyer, mark as cancel, take that back. Never twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from config.kit import true_time
from config.kit.isolating import guarded, place_of
from integrations.choices import ImportAction, RemoteState
from integrations.importing import rule_table
from integrations.importing.judgement import Judgement, judge_page
from integrations.importing.orders_page import source_of
from integrations.importing.payloads import read_stored
from integrations.importing.rules import Mode, Verdict
from integrations.marketplaces import handing_on
from integrations.models import Integration, RemoteOrder
from integrations.runs.pages import NOT_STORABLE
from orders.choices import EventKind
from orders.intake.drafts import Intake, Obstacle, Taken
from orders.intake.new_orders import take_in
from orders.models import OrderEvent
from stock.ledger import lock_project

logger = logging.getLogger(__name__)

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
        reviewed += guarded(partial(acceptance.take, ids), partial(acceptance.take_each, ids))
    return reviewed


@dataclass(frozen=True)
class _Acceptance:
    integration: Integration
    actor_id: int
    actor: str
    blocked_too: bool

    def take_each(self, remote_ids: Sequence[int], _: Exception) -> list[Reviewed]:
        """One by one it is told which of them it is."""
        return [
            each
            for remote_id in remote_ids
            for each in guarded(partial(self.take, [remote_id]), partial(self._kept_back, remote_id))
        ]

    @staticmethod
    def _kept_back(remote_id: int, error: Exception) -> list[Reviewed]:
        if isinstance(error, NOT_STORABLE):
            return [Reviewed(remote_id, False, "This order cannot be stored: its data is not what a shop may send.")]
        logger.error("Remote order %s could not be accepted: %s", remote_id, place_of(error))
        return [Reviewed(remote_id, False, f"A fault of Countinghouse keeps this order back ({place_of(error)}).")]

    def take(self, remote_ids: Sequence[int]) -> list[Reviewed]:
        at = true_time.now()
        with transaction.atomic():
            lock_project(self.integration.project_id)
            rows = list(RemoteOrder.objects.select_for_update(of=("self",)).filter(pk__in=remote_ids).order_by("pk"))
            due = [row for row in rows if row.state == RemoteState.PENDING]
            settled = [_decided(row) for row in rows if row.state != RemoteState.PENDING]
            return settled + self._import(due, at)

    def _import(self, due: Sequence[RemoteOrder], at: datetime) -> list[Reviewed]:
        """Judge the orders as every import does, take in what can be, and write down what became of each."""
        connector, reader = self.integration.connector, self.integration.reader()
        seen = [read_stored(connector, reader, row.payload) for row in due]
        rules = rule_table.meet(self.integration, (each.status for each in seen if each.order is not None))
        found = judge_page(
            self.integration, [(each, None) for each in seen], rules, Mode.ACCEPT, blocked_too=self.blocked_too
        )
        judged = list(zip(due, found, strict=True))
        intakes = {row.pk: Intake(*wanted, row.pk) for row, item in judged if (wanted := item.to_import) is not None}
        outcomes = dict(
            zip(intakes, take_in(source_of(self.integration, None, at), list(intakes.values())), strict=True)
        )
        reviewed = [self._written(row, item, outcomes.get(row.pk) or item.obstacle, at) for row, item in judged]
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

    def _written(self, row: RemoteOrder, item: Judgement, outcome: Taken | Obstacle | None, at: datetime) -> Reviewed:
        """Write down on the remote order what became of it."""
        if item.candidate.order is None:
            return Reviewed(row.pk, False, f"{row} cannot be read: {item.candidate.error}")
        if item.decision.verdict == Verdict.REVIEW:
            blocked = f"{row}: the buyer is on the block list (“{item.blocked_by}”)."
            return Reviewed(row.pk, False, f"{blocked} Open the order to accept it anyway.")
        if item.decision.verdict == Verdict.HAND_ON:
            return self._handed_on(row, item, at)
        if isinstance(outcome, Obstacle):
            RemoteOrder.objects.filter(pk=row.pk).update(
                reason_code=outcome.code,
                subject=outcome.subject[:255],
                reason=f"Accepted, but {outcome.message}"[:500],
                changed_at=at,
            )
            return Reviewed(row.pk, False, f"{row} stays pending: {outcome.message}")
        label = ImportAction(item.decision.action).label
        how = f"by the rule “{label}”" if item.by_rule else f"“{label}”: its rule would not import it"
        RemoteOrder.objects.filter(pk=row.pk).update(
            state=RemoteState.IMPORTED,
            reason_code="accepted",
            reason=f"Accepted by {self.actor}, imported {how}."[:500],
            action=item.decision.action,
            retry=False,
            next_attempt_at=None,
            decided_by_id=self.actor_id,
            changed_at=at,
        )
        return Reviewed(row.pk, True, f"{row} is in the book, imported {how}.", outcome.order_id if outcome else None)

    def _handed_on(self, row: RemoteOrder, item: Judgement, at: datetime) -> Reviewed:
        RemoteOrder.objects.filter(pk=row.pk).update(
            state=RemoteState.HANDED_ON,
            reason_code=item.decision.reason_code,
            reason=f"Accepted by {self.actor}. {item.decision.reason}"[:500],
            action=item.decision.action,
            retry=False,
            next_attempt_at=None,
            decided_by_id=self.actor_id,
            changed_at=at,
        )
        handing_on.hand_on(self.integration, [(row.pk, row.number)])
        return Reviewed(row.pk, True, f"{row} is accepted. {item.decision.reason}")


def _decided(row: RemoteOrder) -> Reviewed:
    """Somebody, maybe the same person, was faster."""
    return Reviewed(row.pk, False, f"{row} is {row.get_state_display()} already: {row.reason}")


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
        moved = [row for row in rows if row.state in allowed and row.erased_at is None]
        RemoteOrder.objects.filter(pk__in=[row.pk for row in moved]).update(
            state=to,
            reason_code=reason_code,
            subject="",
            reason=reason[:500],
            retry=False,
            next_attempt_at=None,
            decided_by_id=actor_id,
            changed_at=true_time.now(),
        )
        return [Reviewed(row.pk, True, sentence(row)) if row in moved else _decided(row) for row in rows]
