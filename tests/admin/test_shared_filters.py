"""A filter that the API and the admin share shows the same rows in both: every dropdown, every choice, every span."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from django_filters import FilterSet

from config.kit.admin.change_lists import ChoiceFilter, DateRange
from config.kit.admin.model_admins import TenantAdmin
from config.kit.list_filters import IdFilter
from config.kit.public_ids import PublicIds
from integrations.api.partner_views import OfficeViewSet
from integrations.choices import DeliveryState, MessageState, RemoteState, RunKind, WebhookEvent
from integrations.models import (
    Distribution,
    Integration,
    Message,
    Project,
    Run,
    WebhookDelivery,
    WebhookEndpoint,
)
from orders.intake.allocation import change_stock
from orders.models import Order
from orders.preparing import gathering
from orders.work import invoicing, lifecycle, rerouting, shipping
from stock import warehouses
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product
from tests.admin.conftest import imported, remote
from tests.api.conftest import Partner, told
from tests.api.test_tenancy import patterns, takes
from tests.factories import IntegrationFactory, give_stock, incoming, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]

# The list of the API for each set of filters.
ROUTES = {
    view.cls.filterset_class: f"/{route}"
    for route, view in patterns(get_resolver())
    if issubclass(view.cls, OfficeViewSet) and takes(view, "GET") and "<" not in route
}


def shared() -> Iterator[tuple[TenantAdmin[Any], type[ChoiceFilter | DateRange]]]:
    for each in django_admin.site._registry.values():
        if isinstance(each, TenantAdmin):
            for spec in each.list_filter:
                if isinstance(spec, type) and issubclass(spec, ChoiceFilter | DateRange) and spec.filters in ROUTES:
                    yield each, spec


SHARED = list(shared())


@pytest.fixture
def partner(project: Project, shop: Integration) -> Partner:
    """Rows that differ in everything that is filtered by, at two shops."""
    give_stock(project, A_17=7)
    other = IntegrationFactory.create(project=project, title="Other shop")
    for rule in ("valid", "hold", "cancel", "history", "complete", "invoice"):
        imported(shop, [incoming(line("A-17", 2), number=f"S-{rule}")], rule)
    imported(other, [incoming(line("B-2"), number="O-1")])
    first = Order.objects.get(number="S-valid")
    shipping.ship(first.pk)
    invoicing.issue(first.pk)
    lifecycle.hold(Order.objects.get(number="O-1").pk)
    Order.objects.filter(number="O-1").update(shop_changed_at=timezone.now())
    Order.objects.filter(number="S-hold").update(shop_gone_at=timezone.now())
    brno, product = warehouses.add(project.pk, "Brno"), Product.objects.get(sku="A-17")
    change_stock(project.pk, [Change(product.pk, 2, MovementReason.RECEIPT, "Delivery", place=brno.pk)])
    rerouting.serve_from(Order.objects.get(number="O-1").pk, brno.pk)
    gathering.gather(project.pk, [Order.objects.get(number="S-invoice").pk], actor_id=None)
    remote(shop, "1", RemoteState.FAILED, retry=True)
    remote(other, "2", RemoteState.FAILED)
    remote(other, "3", RemoteState.IGNORED, retry=True)
    Run.objects.create(project=project, integration=shop, kind=RunKind.LOAD)
    Run.objects.create(project=project, integration=other, kind=RunKind.RETRY)
    _tell(project, first)
    found = Partner(project)
    found.post("/v1/orders", {"source_id": "p-1", "amount": 5, "customer": {"source_id": "jana"}})
    found.post("/back-office/v1/segments", {"name": "VIP", "kind": "static"})
    return found


def _tell(project: Project, order: Order) -> None:
    """Two distributions with a message each, and two endpoints with a delivery each."""
    now = timezone.now()
    for number, (message, delivery, event) in enumerate(
        [
            (MessageState.SENT, DeliveryState.DELIVERED, WebhookEvent.ORDER_PAID),
            (MessageState.FAILED, DeliveryState.FAILED, WebhookEvent.ORDER_CREATED),
        ]
    ):
        letter = Distribution.objects.create(
            project=project, name=f"Letter {number}", trigger="order_paid", channel="email"
        )
        Message.objects.create(
            distribution=letter, cause="order-1", customer_id=order.customer_id or 0, state=message, created_at=now,
            next_attempt_at=now,
        )  # fmt: skip
        endpoint = WebhookEndpoint.objects.create(project=project, url=f"https://{number}.example/", events=[event])
        WebhookDelivery.objects.create(
            endpoint=endpoint, project=project, event_id=f"evt_{number}", event=event, happened_at=now, body=b"{}",
            state=delivery, next_try_at=None, finished_at=now,
        )  # fmt: skip


def of_api(partner: Partner, kind: str, path: str) -> set[int]:
    answer = partner.get(f"{path}{'&' if '?' in path else '?'}limit=200")
    assert answer.status_code == 200, answer.content
    ids = PublicIds(bytes(partner.project.id_key))
    return {ids.take(kind, row["id"]) or 0 for row in told(answer)["data"]}


def of_admin(browser: Client, page: TenantAdmin[Any], query: str) -> set[int]:
    answer = browser.get(f"{page.url('changelist')}?{query}")
    assert answer.status_code == 200, (query, answer.headers)
    return {row.pk for row in answer.context["cl"].queryset}


def kind_of(filters: type[FilterSet]) -> str:
    view = next(
        view.cls for route, view in patterns(get_resolver()) if getattr(view.cls, "filterset_class", None) is filters
    )
    return str(view.id_prefix)


def named(partner: Partner, filters: type[FilterSet], name: str, value: str) -> str:
    """A value as the API knows it: rows by their public ids."""
    each = filters.base_filters[name]
    if isinstance(each, IdFilter):
        return PublicIds(bytes(partner.project.id_key)).give(each.kind, int(value))
    return value


@pytest.mark.parametrize(("page", "spec"), SHARED, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_it_shows_the_same_rows_in_both(
    page: TenantAdmin[Any], spec: type[Any], partner: Partner, admin: Client
) -> None:
    filters, kind, tab = spec.filters, kind_of(spec.filters), TABS.get(type(page).__name__, ("", ""))
    asked = of_days(spec) if issubclass(spec, DateRange) else of_choices(admin, page, spec, partner)
    assert asked
    seen = set()
    for ours, theirs in asked:
        here = of_admin(admin, page, f"{tab[0]}{ours}")
        assert here == of_api(partner, kind, f"{ROUTES[filters]}?{tab[1]}{theirs}"), ours
        seen.add(frozenset(here))
    assert len(seen) > 1 or len(asked) == 1, "every value shows the same rows: nothing is proved"


# A tab of the admin's list that hides nothing - or what it hides, as the API asks for it.
TABS = {
    "OrderAdmin": ("tab=all&", ""),
    "RunAdmin": ("tab=all&", ""),
    "RemoteOrderAdmin": ("tab=failed&", "state=failed&"),
}


def of_days(spec: type[Any]) -> list[tuple[str, str]]:
    days = ("2020-01-01", "2100-01-01")
    first = [(f"from={day}", f"{spec.span}_from={day}") for day in days]
    # The last day is included here, and the API's is not; days of the project's zone are those of UTC here.
    return first + [(f"to={day}", f"{spec.span}_before={day[:-1]}2") for day in days]


def of_choices(browser: Client, page: TenantAdmin[Any], spec: type[Any], partner: Partner) -> list[tuple[str, str]]:
    name = str(spec.parameter_name)
    tab = TABS.get(type(page).__name__, ("", ""))[0]
    specs = browser.get(f"{page.url('changelist')}?{tab}").context["cl"].filter_specs
    values = [str(value) for each in specs if isinstance(each, spec) for value, _label in each.lookup_choices]
    return [(f"{name}={value}", f"{name}={named(partner, spec.filters, name, value)}") for value in values]


def test_these_are_shared() -> None:
    names = {
        (type(page).__name__, spec.span if issubclass(spec, DateRange) else spec.parameter_name)
        for page, spec in SHARED
    }
    assert names == {
        ("OrderAdmin", "integration"), ("OrderAdmin", "status"), ("OrderAdmin", "rule"), ("OrderAdmin", "placed"),
        ("OrderAdmin", "in_shop"), ("OrderAdmin", "prepared"),
        ("OrderAdmin", "warehouse"), ("MovementAdmin", "warehouse"),
        ("RemoteOrderAdmin", "integration"), ("RemoteOrderAdmin", "retry"), ("RemoteOrderAdmin", "changed"),
        ("RunAdmin", "integration"), ("RunAdmin", "kind"), ("RunAdmin", "created"),
        ("InvoiceAdmin", "type"), ("InvoiceAdmin", "issued"), ("ShipmentAdmin", "shipped"),
        ("MovementAdmin", "reason"), ("MovementAdmin", "booked"),
        ("CustomerAdmin", "segment"), ("SegmentAdmin", "kind"),
        ("MessageAdmin", "distribution"), ("MessageAdmin", "state"), ("MessageAdmin", "created"),
        ("DeliveryAdmin", "webhook"), ("DeliveryAdmin", "event"), ("DeliveryAdmin", "state"),
        ("DeliveryAdmin", "created"),
    }  # fmt: skip


def test_control_another_filter_in_the_admin_is_found(
    partner: Partner, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, spec = next(each for each in SHARED if each[1].__name__ == "StatusFilter")
    monkeypatch.setattr(spec, "queryset", lambda self, request, queryset: queryset)
    with pytest.raises(AssertionError):
        test_it_shows_the_same_rows_in_both(page, spec, partner, admin)
