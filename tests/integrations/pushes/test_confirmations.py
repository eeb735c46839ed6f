"""A shop is told of each shipment once, whatever fails between us; and nothing at all before it is live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from integrations import jobs
from integrations.choices import CrossingKind, CrossingState, Outgoing, RunKind, RunState
from integrations.connectors.errors import Failure, ShopError
from integrations.follow_up.steps import follow_up
from integrations.models import CarrierMapping, Crossing, Integration, Run
from integrations.pushes import going_live, outcomes, sending, starting
from integrations.pushes.going_live import LiveRefused, OutgoingSettings
from integrations.runs import claims, pages
from orders.intake.incoming import IncomingLine
from orders.models import Order, Shipment
from orders.work import invoicing, paying, shipping
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.pushes.shops_that_listen import AWAY, REFUSED, ListeningShop

pytestmark = pytest.mark.django_db


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> ListeningShop:
    return ListeningShop().install(monkeypatch)


@pytest.fixture
def shop(remote: ListeningShop) -> Integration:
    shop = IntegrationFactory.create(title="Garden shop")
    give_stock(shop.project, A_17=50, B_1=50)
    going_live.go_live(shop, leave_out=False)
    return shop


def ordered(shop: Integration, *lines: IncomingLine) -> Order:
    [order] = imported(shop, [incoming(*(lines or (line("A-17", 2),)))], "valid")
    return order


def told(shop: Integration) -> list[Run]:
    """All that follows, until nothing does."""
    runs = []
    for _ in range(10):
        follow_up(shop.project_id)
        open_ones = list(Run.objects.filter(state=RunState.WAITING, kind=RunKind.OUTGOING))
        if not open_ones:
            break
        for run in open_ones:
            Run.objects.filter(pk=run.pk).update(next_attempt_at=None)
            jobs.work(run.pk)
            runs.append(Run.objects.get(pk=run.pk))
    return runs


def later(shop: Integration) -> None:
    """Let time pass for what is tried again."""
    Crossing.objects.filter(integration=shop, next_try_at__isnull=False).update(
        next_try_at=Now() - timedelta(seconds=1)
    )
    Run.objects.filter(state=RunState.FAILED).update(finished_at=timezone.now() - timedelta(hours=1))


def crossing(shop: Integration) -> Crossing:
    return Crossing.objects.get(integration=shop, kind=CrossingKind.SHIPMENT)


def test_a_shipment_is_told_with_what_left(shop: Integration, remote: ListeningShop) -> None:
    CarrierMapping.objects.create(integration=shop, carrier="DHL*", code="dhl-express")
    order = ordered(shop, line("A-17", 2, key="71"), line("B-1", 1, key="72"))
    shipment = shipping.ship(order.pk, carrier="dhl Paket", tracking_number="JD0146")
    told(shop)
    [dispatch] = remote.shipments
    assert dispatch.reference == shipment.code
    assert order.remote_order is not None
    assert dispatch.order_id == order.remote_order.external_id
    assert [(each.key, each.quantity) for each in dispatch.lines] == [("71", 2), ("72", 1)]
    assert (dispatch.carrier, dispatch.carrier_title, dispatch.tracking_number) == (
        "dhl-express",
        "dhl Paket",
        "JD0146",
    )
    assert dispatch.completes
    row = crossing(shop)
    assert (row.state, row.remote_id, row.tries) == (CrossingState.SENT, f"r-{shipment.code}", 0)
    assert row.checked_at is not None


def test_parts_are_told_one_by_one(shop: Integration, remote: ListeningShop) -> None:
    order = ordered(shop, line("A-17", 3, key="71"))
    line_id = order.lines.get().pk
    shipping.ship(order.pk, {line_id: 1})
    told(shop)
    shipping.ship(order.pk, {line_id: 2})
    told(shop)
    assert [(each.completes, each.lines[0].quantity) for each in remote.shipments] == [(False, 1), (True, 2)]


def test_a_platform_without_parts_is_told_when_all_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = ListeningShop().install(monkeypatch, parts=False)
    shop = IntegrationFactory.create()
    give_stock(shop.project, A_17=5)
    going_live.go_live(shop, leave_out=False)
    order = ordered(shop, line("A-17", 3, key="71"))
    line_id = order.lines.get().pk
    shipping.ship(order.pk, {line_id: 1})
    told(shop)
    assert remote.shipments == []
    assert (crossing(shop).state, crossing(shop).answer) == (CrossingState.NOT_NEEDED, sending.PARTS)
    shipping.ship(order.pk, {line_id: 2})
    told(shop)
    assert [(each.completes, each.lines[0].quantity) for each in remote.shipments] == [(True, 3)]


def test_nothing_goes_out_before_it_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = ListeningShop().install(monkeypatch)
    shop = IntegrationFactory.create()
    give_stock(shop.project, A_17=5)
    shipping.ship(ordered(shop).pk)
    assert told(shop) == []
    assert remote.calls == []
    look = going_live.outlook(shop)
    assert (look.waiting, look.by_kind) == (1, {"Shipment": 1})
    going_live.go_live(shop, leave_out=False)
    told(shop)
    assert len(remote.shipments) == 1


def test_what_has_gathered_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = ListeningShop().install(monkeypatch)
    shop = IntegrationFactory.create()
    give_stock(shop.project, A_17=5)
    shipping.ship(ordered(shop).pk)
    follow_up(shop.project_id)
    going_live.go_live(shop, leave_out=True)
    told(shop)
    assert remote.shipments == []
    assert (crossing(shop).state, crossing(shop).answer) == (CrossingState.NOT_NEEDED, going_live.LEFT_OUT)


def test_a_lost_answer_is_asked_after(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    remote.loses.add(shipment.code)
    told(shop)
    assert (crossing(shop).state, crossing(shop).answer) == (CrossingState.FAILED, str(AWAY))
    later(shop)
    told(shop)
    assert [each.reference for each in remote.shipments] == [shipment.code]
    assert crossing(shop).state == CrossingState.SENT


def test_without_asking_it_would_be_doubled(
    shop: Integration, remote: ListeningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the shop takes a shipment as often as it is sent."""
    tell = sending._tell
    monkeypatch.setattr(sending, "_tell", lambda *given, unsure: tell(*given, unsure=False))
    shipment = shipping.ship(ordered(shop).pk)
    remote.loses.add(shipment.code)
    told(shop)
    later(shop)
    told(shop)
    assert [each.reference for each in remote.shipments] == [shipment.code] * 2


def test_a_worker_that_dies_after_sending_doubles_nothing(
    shop: Integration, remote: ListeningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipment = shipping.ship(ordered(shop).pk)

    class Died(BaseException):
        pass

    def die(*given: object, **more: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "record", die)
        with pytest.raises(Died):
            told(shop)
    assert crossing(shop).state == CrossingState.SENDING
    run = Run.objects.get(kind=RunKind.OUTGOING)
    Run.objects.filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=1))
    jobs.work(run.pk)
    assert remote.calls == [f"send {shipment.code}", f"find {shipment.code}", f"find {shipment.code}"]
    assert (crossing(shop).state, len(remote.shipments)) == (CrossingState.SENT, 1)


@pytest.mark.parametrize("again", ["by itself", "by a click"])
def test_what_a_run_left_behind_is_asked_after(
    shop: Integration, remote: ListeningShop, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    """Its worker died after the shop had been told, and the run was ended before another went on with it."""
    shipment = shipping.ship(ordered(shop).pk)
    follow_up(shop.project_id)
    run = Run.objects.get(kind=RunKind.OUTGOING)
    held = claims.claim(run.pk)
    assert held is not None
    pages.write(held, sending.outgoing_page(held, run, shop))
    run.refresh_from_db()
    sending.outgoing_page(held, run, shop)  # told, and never written down
    Run.objects.filter(pk=run.pk).update(state=RunState.CANCELLED, finished_at=timezone.now())
    if again == "by a click":
        going_live.send_again(shop, [crossing(shop).pk])
    told(shop)
    assert [each.reference for each in remote.shipments] == [shipment.code]
    assert crossing(shop).state == CrossingState.SENT


def test_a_shop_that_asks_to_wait_half_way_is_asked_after(shop: Integration, remote: ListeningShop) -> None:
    first, second = (shipping.ship(ordered(shop).pk) for _ in range(2))
    remote.busy_after.add(second.code)
    told(shop)
    later(shop)
    told(shop)
    assert sorted(each.reference for each in remote.shipments) == sorted([first.code, second.code])


def test_what_the_shop_forgot_is_found_by_the_check(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    remote.forgets.add(shipment.code)
    told(shop)
    assert (crossing(shop).state, crossing(shop).answer) == (CrossingState.FAILED, outcomes.NOT_KEPT)
    later(shop)
    told(shop)
    assert [each.reference for each in remote.shipments] == [shipment.code]
    assert crossing(shop).state == CrossingState.SENT


def test_a_refusal_waits_for_a_person(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    other = shipping.ship(ordered(shop).pk)
    remote.refuses[shipment.code] = REFUSED
    told(shop)
    assert [each.reference for each in remote.shipments] == [other.code]
    row = Crossing.objects.get(subject=shipment.pk)
    assert (row.state, row.answer, row.next_try_at) == (CrossingState.FAILED, str(REFUSED), None)
    remote.refuses.clear()
    assert going_live.send_again(shop, [row.pk]) == 1
    told(shop)
    assert len(remote.shipments) == 2


def test_a_shop_that_is_away_is_not_asked_for_each(shop: Integration, remote: ListeningShop) -> None:
    codes = [shipping.ship(ordered(shop).pk).code for _ in range(8)]
    remote.refuses = dict.fromkeys(codes, AWAY)
    follow_up(shop.project_id)
    run = Run.objects.get(kind=RunKind.OUTGOING)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert len(remote.calls) == sending.AWAY_AFTER + 1
    assert (run.state, run.failures) == (RunState.WAITING, 1)
    remote.refuses.clear()
    later(shop)
    told(shop)
    assert sorted(each.reference for each in remote.shipments) == sorted(codes)


def test_rejected_credentials_end_the_run_and_lose_nothing(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    remote.refuses[shipment.code] = ShopError(Failure.CREDENTIALS, "The key is not known.")
    [run] = told(shop)
    assert run.state == RunState.FAILED
    assert starting.waiting_projects() == set()
    remote.refuses.clear()
    Integration.objects.update(health="ok")
    later(shop)
    told(shop)
    assert [each.reference for each in remote.shipments] == [shipment.code]


def test_a_number_that_comes_later_is_told(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    told(shop)
    shipping.set_tracking(shipment.pk, "DHL", "JD0147")
    told(shop)
    assert [(each.reference, each.tracking_number) for each in remote.shipments] == [(shipment.code, "JD0147")]
    assert remote.calls[-2] == f"correct {shipment.code}"


def test_a_number_that_comes_while_it_is_sent_is_told(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)

    def change() -> None:
        shipping.set_tracking(shipment.pk, "DHL", "JD0147")
        follow_up(shop.project_id)

    remote.meanwhile = change
    told(shop)
    assert [(each.reference, each.tracking_number) for each in remote.shipments] == [(shipment.code, "JD0147")]


def test_a_shipment_taken_back_before_is_not_told(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    shipping.take_shipment_back(shipment.pk)
    told(shop)
    assert (remote.shipments, crossing(shop).state) == ([], CrossingState.NOT_NEEDED)


def test_a_shipment_taken_back_afterwards_is_for_a_person(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    told(shop)
    shipping.take_shipment_back(shipment.pk)
    told(shop)
    row = crossing(shop)
    assert (row.state, row.next_try_at) == (CrossingState.FAILED, None)
    assert "after the shop had been told" in row.answer


def test_history_is_not_told(shop: Integration, remote: ListeningShop) -> None:
    imported(shop, [incoming(line("A-17"))], "history")
    told(shop)
    assert Shipment.objects.count() == 1
    assert Crossing.objects.count() == 0


def test_payments_and_papers_are_told_where_that_is_set(
    shop: Integration, remote: ListeningShop, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://office.example"
    order = ordered(shop)
    invoicing.issue(order.pk)
    paying.mark_paid(order.pk)
    told(shop)
    assert (remote.paid, remote.papers) == ([], [])
    going_live.change_settings(shop, OutgoingSettings([Outgoing.PAYMENTS, Outgoing.PAPERS], 0, tells_buyers=True))
    other = ordered(shop)
    invoice = invoicing.issue(other.pk)
    paying.mark_paid(other.pk)
    told(shop)
    [(_, paid)] = remote.paid
    [(_, paper)] = remote.papers
    assert (paid.reference, paid.amount, paper.code) == (invoice.code, other.total, invoice.code)
    assert paper.url == f"https://office.example/orders/invoice/{invoice.pk}/pdf/"


def test_a_shop_that_is_off_cannot_be_switched_live(remote: ListeningShop) -> None:
    shop = IntegrationFactory.create(enabled=False)
    with pytest.raises(LiveRefused, match="switched off"):
        going_live.go_live(shop, leave_out=False)


def test_a_run_of_a_shop_that_was_stopped_tells_nothing(shop: Integration, remote: ListeningShop) -> None:
    shipping.ship(ordered(shop).pk)
    follow_up(shop.project_id)
    going_live.stop(shop)
    run = Run.objects.get(kind=RunKind.OUTGOING)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason, remote.calls) == (RunState.SUCCEEDED, sending.NOT_LIVE, [])


def test_who_has_lost_the_run_writes_nothing(shop: Integration, remote: ListeningShop) -> None:
    shipment = shipping.ship(ordered(shop).pk)
    follow_up(shop.project_id)
    run = Run.objects.get(kind=RunKind.OUTGOING)
    held = claims.claim(run.pk)
    assert held is not None
    pages.write(held, sending.outgoing_page(held, run, shop))
    run.refresh_from_db()
    page = sending.outgoing_page(held, run, shop)
    Run.objects.filter(pk=run.pk).update(token=held.token + 1)
    with pytest.raises(claims.LostClaim):
        pages.write(held, page)
    assert crossing(shop).state == CrossingState.SENDING
    assert [each.reference for each in remote.shipments] == [shipment.code]
