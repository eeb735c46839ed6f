"""An erasure erases: a copy of the database says nothing of the person, but where the answer says that it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import jobs
from integrations.choices import ImportAction, RemoteState, Role, RunState
from integrations.erasing import confirming, persons, portions
from integrations.erasing.confirming import ErasureRefused
from integrations.erasing.holdings import PLACES, PersonalPlace
from integrations.importing.rules import Mode
from integrations.invariants import broken
from integrations.models import ErasureRequest, Project, RemoteOrder, Run, StatusRule
from integrations.partner_runs import bulk_calls
from integrations.review import decisions
from integrations.runs import control
from orders.models import Customer, Invoice, Order, OrderEvent, OrderLine, OrderNote, PointsMovement, Shipment
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import RefreshOutcome
from stock.models import StockLevel
from tests.api.conftest import Partner
from tests.factories import ProjectFactory, member
from tests.integrations.erasing.dump import named
from tests.integrations.erasing.planting import (
    CANARIES,
    CANARY,
    EMAIL,
    OTHER,
    Planted,
    again,
    everybody_is,
    fetched,
    put,
    shop_of,
)
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db

# What stays, and the answer says so.
ALLOWED = {
    "orders_invoice.buyer", "orders_invoice.billing", "integrations_buyerentry.pattern",
    "integrations_mailoptout.email",
}  # fmt: skip


def ask(planted: Planted) -> ErasureRequest:
    return confirming.ask(planted.project, email=EMAIL.upper(), user_id=planted.user.pk)


def erase(planted: Planted, request: ErasureRequest | None = None) -> ErasureRequest:
    asked = request or ask(planted)
    run = confirming.confirm(asked.pk, user_id=planted.user.pk, forced=True)
    while Run.objects.get(pk=run.pk).is_open:
        jobs.work(run.pk)
    assert Run.objects.get(pk=run.pk).state == RunState.SUCCEEDED, Run.objects.get(pk=run.pk).reason
    asked.refresh_from_db()
    return asked


def left() -> dict[str, set[str]]:
    return {place: canaries for place, canaries in named(CANARIES).items() if place not in ALLOWED}


def test_nothing_of_the_person_is_left_but_what_the_answer_names(planted: Planted) -> None:
    before = named(CANARIES)
    assert set().union(*before.values()) == set(CANARIES)
    request = ask(planted)
    look = confirming.look(request)
    assert {held.place.title for held in look.erased if not held.count} == set()
    assert {held.place.title for held in look.stays if held.count} >= {"Invoices", "Credit notes", "Block list"}
    done = erase(planted, request)
    assert left() == {}
    assert ALLOWED >= set(named(CANARIES)) >= {"orders_invoice.billing", "integrations_buyerentry.pattern"}
    assert set(done.report) == {place.key for place in PLACES} | {"mentions"}
    assert (done.email, done.found, len(done.whom)) == ("", {}, 32)
    assert broken() == {}


@pytest.mark.timeout(600)
def test_each_place_is_needed(planted: Planted) -> None:
    """The control of the test above: with any one place left out, something is left."""
    with EveryRow() as every:
        for place in PLACES:
            with every.apart(place.key):
                others: Sequence[PersonalPlace] = [each for each in PLACES if each is not place]
                with patch.object(portions, "PLACES", others):
                    erase(planted)
                assert left(), place.key
        with every.apart("mentions"):
            with patch.object(portions, "BLOTTED", ()):
                erase(planted)
            assert left()


def test_what_the_shops_say_later_brings_nobody_back(planted: Planted) -> None:
    erase(planted)
    with everybody_is(CANARY):
        for shop, site in planted.shops.values():
            for sale in list(site.shop.sales):
                site.shop.change(sale)
            ids = tuple(shop.remote_orders.exclude(erased_at=None).values_list("external_id", flat=True))
            seen = again(shop, site, ids)
            assert len(seen) >= 2, shop.platform
            assert "cnry9vgl" in seen[0].payload.lower()
            put(shop, seen)
            put(shop, seen, Mode.REVIEW)
            put(shop, seen, Mode.LOOK_AGAIN)
    assert left() == {}
    assert broken() == {}


def test_an_erased_order_is_synchronized_and_sent_again_in_vain(planted: Planted) -> None:
    shop, site = planted.shops["bigcommerce"]
    with everybody_is(CANARY):
        answers = {each.external_id: each.order for each in fetched(shop, site)}
    erase(planted)
    order = Order.objects.select_related("remote_order").get(pk=planted.worked_on.pk)
    answer = answers[order.remote_order.external_id]  # type: ignore[union-attr]
    assert answer is not None
    done = overwrite.refresh(order.pk, overwrite.ShopAnswer(answer, None))
    assert (done.outcome, "erased" in done.sentence) == (RefreshOutcome.REFUSED, True)
    synchronized = OrderEvent(order=order, kind="synchronized", message="-", at=order.updated_at)
    synchronized.save()
    assert overwrite.revert(order.pk, synchronized.pk).outcome == RefreshOutcome.SAME
    partner = Partner(planted.project)
    sent = {
        "source_id": "po-1",
        "amount": 5,
        "customer": {"source_id": "loyal-canary-1", "email": EMAIL, "name": "Canarina"},
    }
    assert partner.post("/v1/orders", sent).status_code == 400
    assert partner.imported([sent])["result"]["failed"][0]["key"] == "customer_erased"
    bulk_calls.clear_payloads()  # as every tick does
    assert left() == {}


def test_dismissed_orders_of_an_erased_person_cannot_be_taken_back(planted: Planted) -> None:
    erase(planted)
    rows = RemoteOrder.objects.filter(state=RemoteState.DISMISSED)
    assert rows.count() == 3
    ids = list(rows.values_list("pk", flat=True))
    back = decisions.take_back(planted.project.pk, ids, actor_id=planted.user.pk, actor="Ann")
    assert [each.done for each in back] == [False] * 3
    assert "asked to be forgotten" in back[0].sentence


def test_goods_amounts_and_dates_stay(planted: Planted) -> None:
    def kept() -> list[object]:
        columns = ("pk", "number", "status", "tab", "total", "tax_total", "placed_at", "paid_at", "customer_id")
        lines = OrderLine.objects.order_by("pk").values_list("sku", "quantity", "shipped", "total", "reserved")
        points = PointsMovement.objects.order_by("pk").values_list("points", "customer_id")
        return [*Order.objects.order_by("pk").values_list(*columns), *lines, *points]

    before, levels = kept(), list(StockLevel.objects.order_by("pk").values_list("on_hand", "reserved"))
    erase(planted)
    assert kept() == before
    assert list(StockLevel.objects.order_by("pk").values_list("on_hand", "reserved")) == levels
    order = Order.objects.get(pk=planted.worked_on.pk)
    assert (order.buyer, order.billing) == (persons.label(timezone.now()), {"country": "DE"})
    invoice = Invoice.objects.filter(order=order, document_type="invoice").get()
    assert "Canarina" in invoice.buyer
    shipment = Shipment.objects.get(order=order)
    assert (shipment.buyer, shipment.tracking_number) == (order.buyer, "")


def test_other_orders_only_lose_the_address(planted: Planted) -> None:
    erase(planted)
    bystander = Order.objects.get(pk=planted.bystander.pk)
    assert (bystander.erased_at, bystander.email) == (None, OTHER.email)
    assert OrderNote.objects.get(order=bystander).text == "Paid by erased."
    assert bystander.remote_order is not None and OTHER.phone in bystander.remote_order.payload


class Killed(BaseException):
    """The worker is gone."""


def test_it_goes_on_wherever_it_was_stopped(planted: Planted) -> None:
    """Killed in every portion once, after its rows were written: each is done again, and everything once."""
    reported, told = portions._report, 0

    def dies(request: ErasureRequest, key: str, count: int) -> None:
        nonlocal told
        reported(request, key, count)
        told += 1
        if told % 2:
            raise Killed

    run = confirming.confirm(ask(planted).pk, user_id=planted.user.pk, forced=True)
    deaths = 0
    with patch.object(portions, "PORTION", 3), patch.object(portions, "_report", dies):
        while Run.objects.get(pk=run.pk).is_open:
            try:
                jobs.work(run.pk)
            except Killed:
                deaths += 1
                Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    assert deaths > len(PLACES)
    assert left() == {}
    done = ErasureRequest.objects.get(run=run)
    assert done.report["orders"] == Order.objects.exclude(erased_at=None).count()
    assert broken() == {}


def test_a_stopped_run_is_taken_up_by_another(planted: Planted) -> None:
    request = ask(planted)
    run = confirming.confirm(request.pk, user_id=planted.user.pk, forced=True)
    with pytest.raises(ErasureRefused, match="under way"):
        confirming.confirm(request.pk, user_id=planted.user.pk)
    assert control.cancel(run)
    again = confirming.confirm(request.pk, user_id=planted.user.pk)
    assert again.pk != run.pk
    jobs.work(again.pk)
    assert left() == {}
    with pytest.raises(ErasureRefused, match="done already"):
        confirming.confirm(request.pk, user_id=planted.user.pk)


def test_open_orders_and_imports_are_in_the_way(planted: Planted) -> None:
    request = ask(planted)
    assert ask(planted).pk == request.pk
    with pytest.raises(ErasureRefused, match="still open"):
        confirming.confirm(request.pk, user_id=planted.user.pk)
    assert Partner(planted.project).post("/v1/orders/import", [{"amount": 5}]).status_code == 200
    with pytest.raises(ErasureRefused, match="bulk call of a partner"):
        confirming.confirm(request.pk, user_id=planted.user.pk, forced=True)
    assert ErasureRequest.objects.get().found == {}


def test_all_projects_of_the_account_and_no_others(planted: Planted) -> None:
    account = planted.project.account
    same, other = ProjectFactory.create(account=account), ProjectFactory.create()
    for project in (same, other):
        Customer.objects.create(project=project, email=EMAIL, name="Canarina", created_at=timezone.now())
    erase(planted)
    names = {each.project_id: each.name for each in Customer.objects.filter(project__in=[same, other])}
    assert names == {same.pk: persons.label(timezone.now()), other.pk: "Canarina"}


def test_a_buyer_whom_only_the_shop_names_is_found_by_that_name(project: Project) -> None:
    shop, site = shop_of(project, "ebay", seed=5)  # orders that are collected at a counter
    with everybody_is(CANARY):
        seen = fetched(shop, site)
        assert not any(EMAIL in each.payload for each in seen)
        for candidate in seen:
            StatusRule.objects.create(integration=shop, status=candidate.status, action=ImportAction.HISTORY)
        put(shop, seen)
    user = member(project.account, Role.IMPORT_ADMIN)
    with pytest.raises(ErasureRefused, match="names a buyer"):
        confirming.ask_by_name(project, shop, "nobody", user_id=user.pk)
    asked = confirming.ask_by_name(project, shop, f"buyer_{CANARY.postal_code.lower()}", user_id=user.pk)
    jobs.work(confirming.confirm(asked.pk, user_id=user.pk).pk)
    assert left() == {}


def test_texts_are_read_once_for_an_address(planted: Planted) -> None:
    request = ask(planted)
    with CaptureQueriesContext(connection) as asked:
        seen = confirming.look(request)
    reading = [query["sql"] for query in asked if "~*" in query["sql"]]
    for table in ("integrations_remoteorder", "integrations_webhookdelivery"):
        assert len([sql for sql in reading if f'FROM "{table}"' in sql]) == 1
    assert {held.place.title: len(held.first) for held in seen.erased if held.place.page and held.count}
    assert all(len(held.first) == min(held.count, confirming.SHOWN) for held in seen.erased if held.place.page)
