"""What is kept how long: once a day, old rows are cleaned by settings, a window of primary keys at a time.

`KINDS` is the table of all that is cleaned here; what keeps a shorter time of its own beside the rows it belongs to
(exports, answers of the partner API, bodies of webhooks) is cleaned by its own room. Nothing goes that is still
needed: open runs, orders that wait for a person or have failed, deliveries and messages that are still to be sent,
preparations that are open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model, Q

from config.kit import true_time
from integrations.choices import FILES_IN, RUN_OPEN, DeliveryState, FileState, MessageState, RemoteState, RunKind
from integrations.models import CleaningRound, ExchangedFile, Feed, Fix, Message, RemoteOrder, Run, WebhookDelivery
from orders.choices import OrderStatus
from orders.models import Order, Preparation
from stock.models import StockPosting

EVERY = timedelta(days=1)
# Rows looked at in one transaction, and orders that are let go of their run in one.
WINDOW = 500
SETTLED_ORDERS = (OrderStatus.COMPLETE, OrderStatus.CANCELLED)


@dataclass(frozen=True)
class Cleaning:
    """One kind of rows: how long they are kept, which of them may go, and how."""

    name: str
    setting: str
    """Days; 0: for ever."""
    model: type[Model]
    born: str
    """When a row came in; rows come in by primary key, near enough."""
    may_go: Callable[[datetime], Q]
    """Given the moment before which rows are old."""
    clean: Callable[[list[int]], bool]
    """Cleans these rows; False: there is more to do for them, another time."""


def _forget_documents(ids: list[int]) -> bool:
    """Another document, once the shop is asked again, is stored again: the digest is nobody's."""
    RemoteOrder.objects.filter(pk__in=ids).update(payload="", taken="", digest=bytes(16))
    return True


def _delete_runs(ids: list[int]) -> bool:
    """A run may have brought very many orders: they are let go some at a time, and it goes when none is left."""
    for model in (RemoteOrder, Order):
        held = list(model._default_manager.filter(run__in=ids).values_list("pk", flat=True)[:WINDOW])
        model._default_manager.filter(pk__in=held).update(run=None)
        if len(held) == WINDOW:
            return False
    Run.objects.filter(pk__in=ids).delete()
    return True


def _delete(model: type[Model]) -> Callable[[list[int]], bool]:
    def delete(ids: list[int]) -> bool:
        model._default_manager.filter(pk__in=ids).delete()
        return True

    return delete


def _old_documents(old: datetime) -> Q:
    """Of orders that are settled: what is open is read again and looked at."""
    in_the_book = Q(state=RemoteState.IMPORTED, order__status__in=SETTLED_ORDERS)
    passed_by = Q(state__in=[RemoteState.DISMISSED, RemoteState.HANDED_ON]) | Q(state=RemoteState.IGNORED, retry=False)
    return (in_the_book | passed_by) & Q(changed_at__lt=old) & ~Q(payload="")


def _old_runs(old: datetime) -> Q:
    shown = Feed.objects.filter(last_run__isnull=False).values("last_run")
    return Q(finished_at__lt=old) & ~Q(state__in=RUN_OPEN) & ~Q(pk__in=shown)


def _old_webhook_runs(old: datetime) -> Q:
    """There may be one every few seconds, and each says little."""
    return _old_runs(old) & Q(kind=RunKind.WEBHOOK_ORDERS)


def _old_files(old: datetime) -> Q:
    """Files that came in and lie no more where they would be read; by those that went out it is known what was sent."""
    ended = Q(state__in=[FileState.DONE, FileState.REFUSED, FileState.REPEATED], feed__kind__in=FILES_IN)
    return ended & Q(finished_at__lt=old) & ~Q(moved_to="")


KINDS = (
    Cleaning("documents", "RAW_DOCUMENT_DAYS", RemoteOrder, "first_seen_at", _old_documents, _forget_documents),
    Cleaning("runs", "RUN_DAYS", Run, "created_at", _old_runs, _delete_runs),
    Cleaning("webhook runs", "WEBHOOK_RUN_DAYS", Run, "created_at", _old_webhook_runs, _delete_runs),
    Cleaning(
        "deliveries", "WEBHOOK_DAYS", WebhookDelivery, "created_at",
        lambda old: Q(finished_at__lt=old) & ~Q(state=DeliveryState.WAITING), _delete(WebhookDelivery),
    ),
    Cleaning(
        "messages", "MESSAGE_DAYS", Message, "created_at",
        lambda old: Q(created_at__lt=old) & ~Q(state__in=[MessageState.WAITING, MessageState.SENDING]),
        _delete(Message),
    ),
    Cleaning("files", "FILE_DAYS", ExchangedFile, "seen_at", _old_files, _delete(ExchangedFile)),
    Cleaning(
        "preparations", "PREPARATION_DAYS", Preparation, "created_at",
        lambda old: Q(closed_at__lt=old), _delete(Preparation),
    ),
    Cleaning("postings", "POSTING_DAYS", StockPosting, "at", lambda old: Q(at__lt=old), _delete(StockPosting)),
    Cleaning("fixes", "LOG_DAYS", Fix, "at", lambda old: Q(at__lt=old), _delete(Fix)),
    Cleaning("log", "LOG_DAYS", LogEntry, "action_time", lambda old: Q(action_time__lt=old), _delete(LogEntry)),
)  # fmt: skip


def clean() -> int:
    """One window of each kind whose daily round is not over. How many rows that cleaned. For the tick."""
    now = true_time.now()
    return sum(_step(kind, now) for kind in KINDS if getattr(settings, kind.setting))


def _step(kind: Cleaning, now: datetime) -> int:
    CleaningRound.objects.get_or_create(name=kind.name, defaults={"began_at": now})
    with transaction.atomic():
        rounds = CleaningRound.objects.select_for_update(skip_locked=True).filter(name=kind.name)
        this = rounds.first()
        if this is None or (this.ended_at is not None and this.began_at > now - EVERY):
            return 0
        if this.ended_at is not None:
            this.began_at, this.ended_at, this.after, this.cleaned = now, None, 0, 0
        count = _window(kind, this, now - timedelta(days=getattr(settings, kind.setting)))
        this.save()
        return count


def _window(kind: Cleaning, this: CleaningRound, old: datetime) -> int:
    """Clean the next rows of a kind and move the round on; its end where all that is left is young."""
    rows: Any = kind.model._default_manager
    looked = list(rows.filter(pk__gt=this.after).order_by("pk").values_list("pk", kind.born)[:WINDOW])
    ids = [pk for pk, _ in looked]
    due = list(rows.filter(kind.may_go(old), pk__in=ids).order_by("pk").values_list("pk", flat=True))
    whole = kind.clean(due) if due else True
    if not whole:
        return 0
    this.after = ids[-1] if ids else this.after
    this.cleaned += len(due)
    is_last = len(ids) < WINDOW or all(born >= old for _, born in looked)
    this.ended_at = true_time.now() if is_last else None
    return len(due)
