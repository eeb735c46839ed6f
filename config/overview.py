"""The first page: where the orders are, what runs, how the shops are."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse

from integrations import attention, runs
from integrations.admin.open_project import shops_of
from integrations.admin.tones import HEALTH_TONES, RUN_TONES
from integrations.choices import RunKind
from integrations.models import Integration, Run
from orders import counting
from stock.admin.base import project_of
from stock.admin.listing import capped


def overview(request: HttpRequest) -> dict[str, Any]:
    """Everything the first page shows; empty where no project is open."""
    project = project_of(request)
    if project is None:
        return {}
    counts = counting.by_tab(project.pk)
    orders = reverse("admin:orders_order_changelist")
    tabs = [
        {"label": tab.label, "count": capped(counts.get(tab.value, 0)), "url": f"{orders}?tab={tab.value}"}
        for tab in (*counting.TABS, *counting.ENDED)
    ]
    return {
        "tabs": tabs,
        "failures": capped(attention.open_failures(project.pk)),
        "running": [(run, RUN_TONES[run.state]) for run in runs.open_runs(project.pk)],
        "shops": _shops(request),
    }


def _shops(request: HttpRequest) -> list[dict[str, Any]]:
    shops = shops_of(request)
    newest = Run.objects.filter(integration=OuterRef("pk"), kind=RunKind.LOAD).order_by("-id").values("pk")[:1]
    last = dict(Integration.objects.filter(pk__in=[shop.pk for shop in shops]).values_list("pk", Subquery(newest)))
    loads = Run.objects.in_bulk([pk for pk in last.values() if pk])
    return [
        {"shop": shop, "tone": HEALTH_TONES[shop.health], "load": loads.get(last.get(shop.pk) or 0)} for shop in shops
    ]
