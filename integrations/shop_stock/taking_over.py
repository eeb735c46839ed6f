"""What people ask for: compare a shop's quantities, take them over, take them back.

A take-over books differences to what was read, so that one that is asked for again finds nothing left to book; and each
look is confirmed at most once. Another one begins with another look, which shows what it would change.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Abs

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.choices import RunKind
from integrations.models import Integration, ShopQuantity, TakeOver
from integrations.runs import control
from integrations.runs.control import RunRefused
from integrations.shop_stock.adjusting import BACK
from stock.models import StockLevel
from stock.warehouses import Place

# How long a look is believed: the shop goes on selling.
FRESH_FOR = timedelta(hours=2)
BUSY = "The shop's quantities are being read or booked at this moment: wait until that has ended."


class TakeOverRefused(Refused):
    """Nothing was done; the message says why, to staff."""


def has_stock(project_id: int) -> bool:
    """Whether any product of the project has units on hand."""
    return stock_of(project_id).exists()


def stock_of(project_id: int) -> QuerySet[StockLevel]:
    """The levels of a project that have units on hand."""
    return StockLevel.objects.filter(warehouse__project=project_id, on_hand__gt=0)


def looked_at(integration: Integration) -> TakeOver | None:
    """The comparison that waits for somebody to confirm it, or is being read."""
    return integration.take_overs.filter(confirmed_at=None).select_related("run", "asked_by").first()


def confirmed(integration: Integration) -> TakeOver | None:
    """The newest take-over, booked or being booked or taken back."""
    found = integration.take_overs.filter(confirmed_at__isnull=False)
    return found.select_related("run", "confirmed_by", "back_by").first()


def compare(integration: Integration, *, user_id: int, place: Place = None) -> TakeOver:
    """Read the shop's quantities anew, to be compared with what lies in a warehouse. Raises TakeOverRefused."""
    if integration.connector.products is None:
        raise TakeOverRefused(f"{integration.connector.label} does not list its products: receive the stock by hand.")
    if not integration.enabled:
        raise TakeOverRefused(f"{integration} is switched off: switch it on in its settings first.")
    with transaction.atomic():
        _alone(integration)
        TakeOver.objects.filter(integration=integration, confirmed_at=None).delete()
        take_over = TakeOver(integration=integration, asked_by_id=user_id, asked_at=true_time.now(), place=place)
        take_over.save()
        return _start(take_over, RunKind.STOCK_COMPARISON, user_id)


def confirm(integration: Integration, take_over_id: int, *, user_id: int) -> TakeOver:
    """Book what a comparison shows, or go on with it where that was stopped. Raises TakeOverRefused."""
    with transaction.atomic():
        _alone(integration)
        take_over = _found(integration, take_over_id)
        if take_over.booked_at is not None or take_over.back_asked_at is not None:
            raise TakeOverRefused("This was taken over already: compare again to see what differs now.")
        if take_over.read_at is None:
            raise TakeOverRefused("The shop's quantities were not read to their end: compare again.")
        if take_over.read_at < true_time.now() - FRESH_FOR:
            raise TakeOverRefused("The shop has sold on since these quantities were read: compare again.")
        if take_over.confirmed_at is None:
            take_over.confirmed_at, take_over.confirmed_by_id = true_time.now(), user_id
            # What was taken over before cannot be taken back any more; the movements keep what it was.
            TakeOver.objects.filter(integration=integration).exclude(pk=take_over.pk).delete()
        return _start(take_over, RunKind.STOCK_TAKE_OVER, user_id)


def take_back(integration: Integration, take_over_id: int, *, user_id: int) -> TakeOver:
    """Book the opposite of what was booked, but for units that orders hold or have used. Raises TakeOverRefused.

    Asked for again, it takes back what orders have let go of meanwhile.
    """
    with transaction.atomic():
        _alone(integration)
        take_over = _found(integration, take_over_id)
        if take_over.confirmed_at is None:
            raise TakeOverRefused("Nothing of it was booked: there is nothing to take back.")
        if not left(take_over):
            raise TakeOverRefused("All of it was taken back already.")
        take_over.back_asked_at, take_over.back_by_id, take_over.back_at = true_time.now(), user_id, None
        return _start(take_over, RunKind.STOCK_TAKE_OVER, user_id, back=True)


def left(take_over: TakeOver) -> int:
    """How many units of a take-over stand booked, those that came and those that went alike."""
    booked = ShopQuantity.objects.filter(take_over=take_over, booked__isnull=False).exclude(booked=F("taken_back"))
    return int(booked.aggregate(units=Sum(Abs(F("booked") - F("taken_back"))))["units"] or 0)


def _alone(integration: Integration) -> None:
    """Let one person at a time ask for something, and nobody while a run is at it."""
    Integration.objects.select_for_update(no_key=True).only("pk").get(pk=integration.pk)
    recent = TakeOver.objects.filter(integration=integration).select_related("run")
    if any(take_over.is_busy for take_over in recent):
        raise TakeOverRefused(BUSY)


def _found(integration: Integration, take_over_id: int) -> TakeOver:
    found = TakeOver.objects.filter(integration=integration, pk=take_over_id).first()
    if found is None:
        raise TakeOverRefused("The shop's quantities were read again since: look at the newest comparison.")
    return found


def _start(take_over: TakeOver, kind: RunKind, user_id: int, *, back: bool = False) -> TakeOver:
    scope = {"take_over": take_over.pk} | ({BACK: True} if back else {})
    try:
        take_over.run = control.request(kind, take_over.integration, user_id=user_id, scope=scope)
    except RunRefused as refusal:
        raise TakeOverRefused(BUSY) from refusal
    take_over.save()
    return take_over
