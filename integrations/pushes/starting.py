"""Runs that tell shops are started as soon as there is something to tell, at those that are live."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from config.kit import true_time
from integrations.choices import RUN_OPEN, CrossingState, IntegrationHealth, Outgoing, RunKind, RunState
from integrations.models import Crossing, Integration, Run, ShopArticle
from integrations.pushes import sending, shop_articles
from integrations.runs import control
from integrations.runs.control import RunRefused

# After a run that could not be ended, as the shop was away.
REST = timedelta(minutes=15)


def waiting_projects() -> set[int]:
    """Projects with a shop that has something to be told, and nobody telling it."""
    return {shop.project_id for kind in (RunKind.OUTGOING, RunKind.STOCK_EXPORT) for shop in _waiting(kind)}


def start_sending(project_id: int) -> bool:
    """Start the runs that tell this project's shops. There is no more to do at once."""
    for kind in (RunKind.OUTGOING, RunKind.STOCK_EXPORT):
        for shop in _waiting(kind).filter(project=project_id):
            try:
                with transaction.atomic():
                    control.request(kind, shop)
            except RunRefused:
                pass  # somebody was quicker
    return False


def _waiting(kind: RunKind) -> QuerySet[Integration]:
    runs = Run.objects.filter(integration=OuterRef("pk"), kind=kind)
    resting = runs.filter(state=RunState.FAILED, finished_at__gt=true_time.now() - REST)
    able = Integration.objects.filter(live=True, enabled=True).exclude(health=IntegrationHealth.CREDENTIALS)
    able = able.exclude(Exists(runs.filter(state__in=RUN_OPEN))).exclude(Exists(resting))
    if kind == RunKind.OUTGOING:
        mine = Crossing.objects.filter(integration=OuterRef("pk"))
        unchecked = mine.filter(state=CrossingState.SENT, checked_at=None)
        return able.filter(Exists(mine.filter(sending.due())) | Exists(unchecked))
    mine_articles = ShopArticle.objects.filter(shop_articles.TO_TELL, integration=OuterRef("pk"))
    due = Q(next_try_at=None) | Q(next_try_at__lte=true_time.now())
    return able.filter(Exists(mine_articles.filter(due)), sends__contains=[Outgoing.STOCK.value])
