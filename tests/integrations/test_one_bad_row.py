"""One row that nobody foresaw ends no portion: it is named, and the others land. Each handler has a fault planted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError

from config.kit.isolating import in_halves
from integrations import jobs
from integrations.choices import ImportAction, RunKind, RunState
from integrations.connectors.listings import ProductPage, RemoteProduct
from integrations.distributions import triggers
from integrations.follow_up import fan_out
from integrations.following import newer
from integrations.importing import fetch_missing, orders_page, synchronize
from integrations.importing.load import request_load
from integrations.invariants import broken
from integrations.models import Integration, Project, RemoteOrder, Run, WebhookDelivery
from integrations.partner_runs import exports
from integrations.review import decisions
from integrations.runs import control
from integrations.shops.connection import set_up
from integrations.webhooks import deliveries
from orders.choices import EarningTrigger
from orders.exported import order_rows
from orders.models import Announcement, DueCustomer, Order, PointsMovement, SegmentEntry, SegmentMember
from orders.partners import store
from orders.points import earning, earning_rules
from orders.points.earning_rules import EarningRuleWish
from orders.segments import filling, placing
from orders.work.refresh import overwrite
from stock import catalogue
from stock.models import Product
from tests.api.conftest import Partner, work_off
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, ProjectFactory
from tests.fake_connector import FakeConnector, exchange
from tests.integrations.webhooks.deliveries import endpoint_at, sell
from tests.orders.segments.book import automatic, customer, settle, write

pytestmark = pytest.mark.django_db

BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:12]}
ODD = list(BODIES)[5]
Plant = Callable[[Any, str, Callable[..., bool]], None]


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Let a function of a module fail, unforeseen, for what is guilty."""

    def planted(module: Any, name: str, guilty: Callable[..., bool]) -> None:
        real = getattr(module, name)

        def fails(*given: Any, **named: Any) -> Any:
            if guilty(*given, **named):
                raise ZeroDivisionError("personal data")
            return real(*given, **named)

        monkeypatch.setattr(module, name, fails)

    return planted


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Integration:
    FakeConnector(dict(BODIES)).install(monkeypatch)
    integration = IntegrationFactory.create()
    set_up(integration)
    integration.rules.exclude(action=ImportAction.SKIP).update(action=ImportAction.VALID)
    return integration


def worked(run: Run) -> Run:
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason.count("personal")) == (RunState.SUCCEEDED, 0), run.reason
    return run


# --- partners ---


def test_the_database_is_no_rows_fault() -> None:
    met: list[int] = []

    def away(rows: Any) -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        in_halves([1, 2], away, lambda row, error: met.append(row))
    assert met == []


@pytest.mark.parametrize("known", [False, True])
def test_an_import(project: Project, plant: Plant, commits: None, known: bool) -> None:
    partner = Partner(project)
    rows = [{"source_id": f"o-{number}", "amount": 5 + number} for number in range(20)]
    if known:
        partner.imported([row | {"amount": 1} for row in rows])
        plant(store, "apply", lambda book, change: change.sent.source_id == "o-7")
    else:
        plant(store, "to_incoming", lambda order, *given, **named: order.source_id == "o-7")
    result = partner.imported(rows)["result"]
    assert (result["done_count"], result["updated_count"]) == (19, 19 if known else 0)
    [failed] = result["failed"]
    assert (failed["index"], failed["source_id"], failed["key"]) == (7, "o-7", "fault")
    why = "A fault of Countinghouse keeps this order from being written (ZeroDivisionError in fails, line "
    assert failed["reason"].startswith(why)
    totals = dict(Order.objects.values_list("source_id", "total"))
    assert totals.pop("o-7", None) == (Decimal("0.01") if known else None)
    assert {name: int(total * 100) for name, total in totals.items()} == {
        f"o-{number}": 5 + number for number in range(20) if number != 7
    }
    assert broken() == {}


def test_control_without_halves_the_import_ends(
    project: Project, plant: Plant, commits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.partner_runs import bulk_import

    monkeypatch.setattr(bulk_import, "in_halves", lambda rows, write, failed: write(rows))
    plant(store, "to_incoming", lambda order, *given, **named: order.source_id == "o-7")
    partner = Partner(project)
    action = partner.imported([{"source_id": f"o-{number}", "amount": 5} for number in range(20)])
    assert (action["status"], Order.objects.count()) == ("FAILED", 0)


def test_an_export(project: Project, plant: Plant, commits: None) -> None:
    partner = Partner(project)
    partner.imported([{"source_id": f"o-{number}", "amount": 5 + number} for number in range(4)])
    plant(order_rows, "minor", lambda total, digits: total == Decimal("0.07"))
    asked = {"parameters": {"fields": ["source_id", "amount"], "order": "created_at"}}
    partner.post("/v1/orders/export", asked)
    work_off()
    run = Run.objects.get(kind=RunKind.EXPORT_BY_API)
    assert [row["number"] for row in run.results] == ["o-2"]
    content = b"".join(exports.file_of(run.export)[0]).decode().split()
    assert content == ["source_id,amount", "o-0,5", "o-1,6", "o-2,", "o-3,8"]


# --- shops ---


def test_a_page_of_a_shop(shop: Integration, plant: Plant) -> None:
    plant(orders_page, "take_in", lambda source, intakes: any(each.order.external_id == ODD for each in intakes))
    run = worked(request_load(shop))
    assert (run.created, run.failed) == (len(BODIES) - 1, 1)
    odd = RemoteOrder.objects.get(external_id=ODD)
    assert (odd.state, odd.reason_code, odd.retry) == ("failed", "fault", True)
    assert odd.reason.startswith("A fault of Countinghouse keeps this order from being imported (ZeroDivisionError")


def test_a_page_with_an_order_that_cannot_even_be_judged(shop: Integration, plant: Plant) -> None:
    plant(orders_page, "judge_page", lambda _shop, seen, *rest: any(each.external_id == ODD for each, _ in seen))
    run = worked(request_load(shop))
    assert (run.created, run.failed) == (len(BODIES) - 1, 1)
    assert RemoteOrder.objects.get(external_id=ODD).state == "failed"


def test_an_order_that_cannot_be_told_from_others(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shop.connector

    def fails(work: Callable[..., Any]) -> Callable[..., Any]:
        def worked(payload: bytes, *rest: Any) -> Any:
            return work(payload, *rest) if f'"id": {ODD},'.encode() not in payload else 1 / 0

        return worked

    exchange(monkeypatch, shop.platform, identify=fails(real.identify), parse=fails(real.parse))
    run = worked(request_load(shop))
    assert (run.created, run.failed) == (len(BODIES) - 1, 1)
    odd = RemoteOrder.objects.get(state="failed")
    assert (odd.external_id[:6], odd.reason_code, ODD in odd.payload) == ("no-id-", "fault", True)


def loaded(shop: Integration) -> dict[str, Order]:
    worked(request_load(shop))
    return {order.remote_order.external_id: order for order in Order.objects.all() if order.remote_order}


def test_statuses_that_are_carried_over(shop: Integration, plant: Plant) -> None:
    odd = loaded(shop)[ODD].pk
    RemoteOrder.objects.update(status="on-hold")
    plant(overwrite, "follow_status", lambda order_id, *rest: order_id == odd)
    run = worked(control.request(RunKind.ORDER_UPDATE, shop))
    assert (run.failed, [row["id"] for row in run.results]) == (1, [odd])
    assert run.updated + run.unchanged == run.fetched - 1


def test_synchronizing_many(shop: Integration, plant: Plant) -> None:
    orders = loaded(shop)
    odd = orders[ODD].pk
    plant(overwrite, "refresh", lambda order_id, *rest, **named: order_id == odd)
    [run] = synchronize.request(shop.project_id, [order.pk for order in orders.values()]).runs
    worked(run)
    assert [row["id"] for row in run.results if row["outcome"] == "refused"] == [odd]
    assert (run.failed, run.unchanged) == (1, len(BODIES) - 1)


def test_newer_documents_of_orders_in_the_book(shop: Integration, plant: Plant) -> None:
    loaded(shop)
    RemoteOrder.objects.update(digest=bytes(16))
    plant(newer, "_pairs", lambda rows: any(seen.external_id == ODD for _, seen in rows))
    run = worked(request_load(shop))
    assert (run.failed, run.updated) == (1, len(BODIES) - 1)


def test_buyers_that_are_accepted(shop: Integration, plant: Plant, django_user_model: Any) -> None:
    worked(fetch_missing.request_hours(shop, 6))
    ids = dict(RemoteOrder.objects.values_list("external_id", "pk"))
    person = django_user_model.objects.create(username="kim")
    plant(decisions, "read_stored", lambda _connector, _reader, payload: ODD in payload)
    reviewed = decisions.accept(shop.project_id, list(ids.values()), actor_id=person.pk, actor="kim")
    sentences = {each.remote_id: each.sentence for each in reviewed if not each.done}
    assert (len(reviewed), list(sentences)) == (len(ids), [ids[ODD]])
    assert sentences[ids[ODD]].startswith("A fault of Countinghouse keeps this order back (ZeroDivisionError")


def test_products_of_a_shop(project: Project, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    def listing(shop: Any, cursor: Any) -> Any:
        yield from ()
        return ProductPage(tuple(RemoteProduct(sku, sku, sku, True, 1) for sku in ("A-1", "B-2", "C-3")), None, 3)

    exchange(monkeypatch, "woocommerce", products=listing)
    plant(catalogue, "create", lambda project_id, names: "B-2" in names)
    run = worked(control.request(RunKind.PRODUCTS, IntegrationFactory.create(project=project)))
    assert (run.created, run.failed, run.results[0]["number"]) == (2, 1, "Product B-2")
    assert set(Product.objects.values_list("sku", flat=True)) == {"A-1", "C-3"}


# --- what follows ---


def paid(number: int) -> dict[str, Any]:
    return {"source_id": f"o-{number}", "status": "PAID", "amount": 500, "customer": {"source_id": f"c-{number}"}}


def test_entries_that_earn_points(project: Project, plant: Plant) -> None:
    segment = automatic(project, ("total_count", "at_least", 1))
    settle(project)
    earning_rules.create(project.pk, EarningRuleWish("In", EarningTrigger.SEGMENT_ENTERED, 5, segment.pk))
    write(project, *map(paid, range(6)))
    settle(project)
    odd = customer(project, "c-3").pk
    plant(earning, "record", lambda project_id, rows, at: any(row.customer_id == odd for row in rows))
    assert earning.earn_from_entries(project.pk) is False
    assert PointsMovement.objects.count() == 5
    assert SegmentEntry.objects.get(earned_at=None).customer_id == odd  # and waits for its next turn


def test_announcements_that_are_passed_on(project: Project, plant: Plant) -> None:
    endpoint_at(project, "https://app.example/hooks")
    orders = sell(project, 5)
    plant(deliveries, "publish", lambda ids, found: orders[2] in found)
    fan_out.pass_on(project.pk)
    assert sorted(WebhookDelivery.objects.values_list("number", flat=True)) == sorted(
        order.number for order in orders if order != orders[2]
    )
    assert Announcement.objects.get(taken_at=None).order == orders[2]


def test_entries_that_are_answered(project: Project, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    automatic(project, ("total_count", "at_least", 1))
    settle(project)
    write(project, *map(paid, range(6)))
    settle(project)
    odd = customer(project, "c-3").pk
    answered: list[int] = []
    monkeypatch.setattr(triggers, "start", lambda _, some, at: answered.extend(each.customer_id for each in some))
    plant(triggers, "start", lambda _, some, at: any(each.customer_id == odd for each in some))
    triggers.answer_entries(project.pk)
    assert len(answered) == 5
    assert SegmentEntry.objects.get(told_at=None).customer_id == odd


@pytest.mark.parametrize("how", ["placing", "filling"])
def test_customers_that_are_placed(project: Project, plant: Plant, how: str) -> None:
    if how == "placing":
        automatic(project, ("total_count", "at_least", 1))
        settle(project)
        write(project, *map(paid, range(6)))
    else:
        write(project, *map(paid, range(6)))
        settle(project)
        automatic(project, ("total_count", "at_least", 1))
    odd = customer(project, "c-3").pk
    step = placing.place_due if how == "placing" else filling.fill
    plant(placing if how == "placing" else filling, "enter", lambda *given: odd in next(filter(is_list, given)))
    step(project.pk)
    assert set(SegmentMember.objects.values_list("customer__source_id", flat=True)) == {
        f"c-{number}" for number in range(6) if number != 3
    }
    assert DueCustomer.objects.get().customer_id == odd


def is_list(value: Any) -> bool:
    return isinstance(value, list)
