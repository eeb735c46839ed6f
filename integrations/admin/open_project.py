"""What several parts of one page ask about the open project, asked once per request."""

from __future__ import annotations

from django.http import HttpRequest

from integrations.access.tenancy import project_of
from integrations.choices import RunKind
from integrations.models import Integration, Run
from integrations.runs import control
from integrations.shops import attention
from integrations.shops.attention import Waiting
from stock import warehouses
from stock.warehouses import Warehouses


def shops_of(request: HttpRequest) -> list[Integration]:
    """The integrations of the open project, by title, each with `undecided`."""
    known: list[Integration] | None = getattr(request, "_shops", None)
    if known is None:
        project = project_of(request)
        known = attention.shops(project.pk) if project else []
        for shop in known:
            shop.project = project  # type: ignore[assignment]  # known: no query when it is asked for
        request._shops = known  # type: ignore[attr-defined]
    return known


def warehouses_of(request: HttpRequest) -> Warehouses:
    """The warehouses of the open project; they came with it."""
    known: Warehouses | None = getattr(request, "_warehouses", None)
    if known is None:
        project = project_of(request)
        known = warehouses.read(project.warehouses_told) if project else Warehouses((), 0)  # type: ignore[attr-defined]
        request._warehouses = known  # type: ignore[attr-defined]
    return known


def loadable_shops_of(request: HttpRequest) -> list[Integration]:
    """Those of them that can be asked for orders."""
    return [shop for shop in shops_of(request) if not shop.connector.by_files]


def waiting_of(request: HttpRequest) -> Waiting:
    """What of the open project waits for somebody, asked once per page."""
    known: Waiting | None = getattr(request, "_waiting", None)
    if known is None:
        project = project_of(request)
        known = attention.waiting(project.pk) if project else Waiting()
        request._waiting = known  # type: ignore[attr-defined]
    return known


def open_failures_of(request: HttpRequest) -> int:
    """How many orders of the open project can not be imported."""
    return waiting_of(request).failed


def open_runs_of(request: HttpRequest, *kinds: RunKind) -> list[Run]:
    """Runs of these kinds that wait or run in the open project."""
    known: list[Run] | None = getattr(request, "_open_runs", None)
    if known is None:
        project = project_of(request)
        known = control.open_runs(project.pk) if project else []
        request._open_runs = known  # type: ignore[attr-defined]
    return [run for run in known if run.kind in kinds]
