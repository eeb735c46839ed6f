"""The first page: where the orders are, what runs, how the shops are."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import ngettext

from config.kit import true_time
from config.kit.admin.change_lists import capped
from config.site.trading import imports_plot, stock_figures, trading
from integrations.access.tenancy import project_of
from integrations.admin.cause_cards import title_of
from integrations.admin.open_project import open_failures_of, shops_of
from integrations.admin.tones import HEALTH_TONES, RUN_TONES
from integrations.choices import RunKind
from integrations.models import Integration, Run
from integrations.review import causes
from integrations.runs import control
from integrations.runs.daily_imports import daily_imports
from orders import counting, daily_figures
from orders.choices import InShop, Tab
from orders.models import Order
from stock.worth import stock_worth

MOST_SHOWN = 5


def overview(request: HttpRequest) -> dict[str, Any]:
    """Everything the first page shows; empty where no project is open."""
    project = project_of(request)
    if project is None:
        return {}
    now = true_time.now()
    counts = counting.by_tab(project.pk)
    orders = reverse("admin:orders_order_changelist")
    failures = open_failures_of(request)
    tabs = [
        {"label": tab.label, "count": capped(counts.get(tab.value, 0)), "url": f"{orders}?tab={tab.value}"}
        for tab in (*counting.TABS, *counting.ENDED)
    ]
    tabs += [
        {"label": mark.label, "count": capped(counts[mark]), "url": f"{orders}?tab={mark.value}"}
        for mark in InShop
        if counts.get(mark)
    ]
    return {
        "tabs": tabs,
        "failures": capped(failures),
        "causes": _causes(project.pk) if failures else [],
        "to_ship": _oldest(project.pk, Tab.IN_STOCK, 1) if counts.get(Tab.IN_STOCK) else [],
        "backorders": _oldest(project.pk, Tab.BACKORDER) if counts.get(Tab.BACKORDER) else [],
        "running": [(run, RUN_TONES[run.state]) for run in control.open_runs(project.pk)],
        "shops": _shops(request),
        **trading(project, shops_of(request), daily_figures.figures(project.pk, project.zone, now)),
        "imports": imports_plot(daily_imports(project.pk, project.zone, now)),
        "stock": stock_figures(project.currency, stock_worth(project.pk, project.currency, now)),
    }


def _causes(project_id: int) -> list[dict[str, Any]]:
    """What holds most orders up, the worst first."""
    address = reverse("admin:integrations_remoteorder_cause")
    shown = []
    groups = causes.groups(project_id)[:MOST_SHOWN]
    for group in groups:
        cause = group.cause
        query = urlencode({"shop": str(cause.integration_id), "code": cause.code, "subject": cause.subject})
        count = ngettext("%(number)s order", "%(number)s orders", group.count) % {"number": capped(group.count)}
        share = round(100 * group.count / max(groups[0].count, 1))
        shown.append({"title": title_of(cause), "count": count, "share": share, "url": f"{address}?{query}"})
    return shown


def _oldest(project_id: int, tab: Tab, most: int = MOST_SHOWN) -> list[Order]:
    """The orders of a tab that wait longest: for stock of which there is none, or to be shipped."""
    waiting = Order.objects.filter(project_id=project_id, tab=tab)
    return list(waiting.only("number", "buyer", "placed_at").order_by("placed_at", "id")[:most])


def _shops(request: HttpRequest) -> list[dict[str, Any]]:
    shops = [shop for shop in shops_of(request) if shop.archived_at is None]
    newest = Run.objects.filter(integration=OuterRef("pk"), kind=RunKind.LOAD).order_by("-id").values("pk")[:1]
    last = dict(Integration.objects.filter(pk__in=[shop.pk for shop in shops]).values_list("pk", Subquery(newest)))
    loads = Run.objects.in_bulk([pk for pk in last.values() if pk])
    return [
        {"shop": shop, "tone": HEALTH_TONES[shop.health], "load": loads.get(last.get(shop.pk) or 0)} for shop in shops
    ]
