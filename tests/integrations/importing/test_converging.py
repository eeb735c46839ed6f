"""Whatever order a shop's answers come in, doubled, by two workers, with a person deciding meanwhile: one end.

Each round has a project of its own. The shop goes through five versions of one order; two workers import them in some
order while somebody accepts or synchronises. After a last synchronisation the book is what the shop says.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from integrations import client, jobs
from integrations.choices import ImportAction, RemoteState, Role, RunKind
from integrations.connectors import get
from integrations.connectors.listings import OrderPage
from integrations.importing import synchronize as syncing
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import Candidate, digest_of
from integrations.importing.rules import Mode
from integrations.importing.synchronize import SyncRefused
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, StatusRule
from integrations.review import decisions as reviewing
from integrations.runs import claims, control, pages
from integrations.runs.claims import Claim
from integrations.shops.connection import set_up
from orders.intake.incoming import IncomingOrder
from orders.models import Order
from orders.work.changing import ChangeRefused
from orders.work.refresh import overwrite
from stock.models import Reservation, StockLevel, StockMovement
from tests.factories import IntegrationFactory, give_stock, incoming, line, member
from tests.fake_connector import exchange
from tests.orders.intake.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

RULES = {"pending": "hold", "processing": "valid", "cancelled": "cancel", "refunded": "cancel"}
EVENTS = ("create", "pay", "edit", "cancel", "refund")


def course() -> list[IncomingOrder]:
    """One order as the shop has it after each of EVENTS, a minute apart."""
    first = incoming(line("A-17", 2, key="1"), line("B-2", 1, key="2"), status="pending")

    def after(before: IncomingOrder, **values: Any) -> IncomingOrder:
        return msgspec.structs.replace(before, modified_at=before.modified_at + timedelta(minutes=1), **values)

    paid = after(first, status="processing", payment_title="Card")
    edited = after(paid, note="Ring twice", lines=(line("A-17", 5, key="1"), line("C-3", 1, key="3")))
    cancelled = after(edited, status="cancelled")
    return [first, paid, edited, cancelled, after(cancelled, status="refunded", refunded_total=first.total)]


def seen(order: IncomingOrder) -> Candidate:
    document = msgspec.json.encode(order).decode()
    digest = digest_of(document.encode())
    return Candidate(order.external_id, order.number, order.status, order.modified_at, document, digest, order=order)


class Shop:
    """A project with one shop, and what that shop would answer now."""

    def __init__(self) -> None:
        self.integration: Integration = IntegrationFactory.create()
        set_up(self.integration)
        StatusRule.objects.filter(integration=self.integration).delete()
        StatusRule.objects.bulk_create(
            StatusRule(integration=self.integration, status=status, action=action) for status, action in RULES.items()
        )
        give_stock(self.integration.project, A_17=4, B_2=4)
        self.versions = course()
        self.answer = self.versions[-1]

    def claim(self, kind: RunKind) -> Claim:
        held = claims.claim(control.request(kind, self.integration).pk)
        assert held is not None
        return held

    def import_(self, held: Claim, versions: Sequence[IncomingOrder], mode: Mode = Mode.SWEEP) -> None:
        for version in versions:
            pages.write(held, import_page(self.integration, [seen(version)], None, mode=mode))

    def state(self) -> dict[str, Any]:
        """All that the end may be told by; no ids, no times of ours."""
        order = Order.objects.get(project=self.integration.project_id)
        remote = RemoteOrder.objects.get(integration=self.integration)
        named = ("status", "tab", "remote_status", "payment_title", "note", "total", "refunded_total", "residual")
        lines = order.lines.order_by("sku").values_list(
            "sku", "quantity", "reserved", "waiting", "cancelled", "shipped"
        )
        levels = StockLevel.objects.filter(product__project=self.integration.project).order_by("product__sku")
        return {
            **{name: str(getattr(order, name)) for name in named},
            "lines": list(lines),
            "levels": list(levels.values_list("product__sku", "on_hand", "reserved")),
            "remote": (remote.state, remote.status, bytes(remote.digest) == seen(self.versions[-1]).digest),
            "documents": (order.invoices.count(), order.shipments.count()),
        }


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch) -> dict[int, Shop]:
    """The shops of this test by integration; the client and the connector answer for them."""
    shops: dict[int, Shop] = {}

    def parse(payload: bytes, shop: Any) -> IncomingOrder:
        return msgspec.json.decode(payload, type=IncomingOrder)

    def ask(shop: Any, ids: tuple[str, ...]) -> Any:
        yield ids

    def drive(operation: Any, **_: Any) -> OrderPage:
        [external_id] = next(operation)
        answer = next(shop.answer for shop in shops.values() if shop.answer.external_id == external_id)
        return OrderPage((msgspec.json.encode(answer),), None)

    exchange(monkeypatch, "woocommerce", parse=parse, orders=replace(get("woocommerce").orders, by_ids=ask))
    monkeypatch.setattr(client, "drive", drive)
    return shops


def nobody(shop: Shop, person: User) -> None:
    """Only the workers."""


def accept(shop: Shop, person: User) -> None:
    ids = list(RemoteOrder.objects.filter(integration=shop.integration).values_list("pk", flat=True))
    reviewing.accept(shop.integration.project_id, ids, actor_id=person.pk, actor="ann")


def synchronize(shop: Shop, person: User) -> None:
    order = Order.objects.filter(project=shop.integration.project_id).first()
    if order is not None:
        with suppress(SyncRefused, ChangeRefused):
            look = syncing.look(order)
            syncing.synchronize(order, look.seen, version=order.version, actor_id=person.pk)


def ways() -> list[tuple[tuple[int, ...], Callable[[Shop, User], None]]]:
    """Every order of the events, each with one of the three; with CONVERGE=all each with all of them."""
    decisions = (nobody, accept, synchronize)
    orders = list(itertools.permutations(range(len(EVENTS))))
    if os.environ.get("CONVERGE") == "all":
        return [(way, meanwhile) for way in orders for meanwhile in decisions]
    return [(way, decisions[number % 3]) for number, way in enumerate(orders)]


def go(shop: Shop, way: tuple[int, ...], meanwhile: Callable[[Shop, User], None], person: User, chance: Random) -> None:
    """One round: two workers and a person at once."""
    doubled = [shop.versions[place] for place in way for _ in range(chance.choice([1, 1, 2]))]
    cut = chance.randrange(len(doubled) + 1)
    load, hints = shop.claim(RunKind.LOAD), shop.claim(RunKind.WEBHOOK_ORDERS)
    if meanwhile is accept:
        shop.import_(shop.claim(RunKind.IMPORT_ORDERS), [shop.versions[way[0]]], Mode.REVIEW)
    elif meanwhile is synchronize:
        shop.import_(load, doubled[:1])
    shop.answer = shop.versions[chance.choice(way)]
    errors = at_once(
        partial(shop.import_, load, doubled[:cut]),
        partial(shop.import_, hints, doubled[cut:]),
        partial(meanwhile, shop, person),
    )
    assert errors == []
    assert RemoteOrder.objects.get(integration=shop.integration).state == RemoteState.IMPORTED
    shop.answer = shop.versions[-1]
    order = Order.objects.get(project=shop.integration.project_id)
    for run in syncing.request(shop.integration.project_id, [order.pk]).runs:
        jobs.work(run.pk)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_permutation_ends_in_the_shops_state(shops: dict[int, Shop]) -> None:
    chance, expected = Random(11), None
    person: User | None = None
    for way, meanwhile in ways():
        shop = Shop()
        shops.clear()
        shops[shop.integration.pk] = shop
        person = person or member(shop.integration.project.account, Role.ORDER_STAFF, "ann")
        go(shop, way, meanwhile, person, chance)
        expected = expected or shop.state()
        assert shop.state() == expected, [EVENTS[place] for place in way]
    assert expected is not None
    assert (expected["status"], expected["remote_status"]) == ("cancelled", "refunded")
    assert expected["levels"] == [("A-17", 4, 0), ("B-2", 4, 0), ("C-3", 0, 0)]
    assert broken() == {}


def test_without_looking_at_stamps_the_end_depends_on_the_way(
    shops: dict[int, Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: stamps ignored, an old answer overwrites a new one."""
    shop = Shop()
    shops[shop.integration.pk] = shop
    blind = [msgspec.structs.replace(version, modified_at=shop.versions[-1].modified_at) for version in shop.versions]
    shop.import_(shop.claim(RunKind.LOAD), [blind[4], blind[1]])
    remote = RemoteOrder.objects.get(integration=shop.integration)
    assert remote.status == "processing"


def test_accept_and_cancel_at_once_have_one_winner(shops: dict[int, Shop]) -> None:
    """FB03: two people decide at once; or one of them twice; or a sweep brings a newer version meanwhile."""
    person: User | None = None
    for _ in range(30):
        shop = Shop()
        shops[shop.integration.pk] = shop
        person = person or member(shop.integration.project.account, Role.ORDER_STAFF, "ann")
        load = shop.claim(RunKind.LOAD)
        shop.import_(shop.claim(RunKind.IMPORT_ORDERS), shop.versions[:1], Mode.REVIEW)
        project_id = shop.integration.project_id
        ids = list(RemoteOrder.objects.filter(integration=shop.integration).values_list("pk", flat=True))
        results: list[reviewing.Reviewed] = []

        def accepts(out: list[reviewing.Reviewed], project: int, ids: list[int], who: User) -> None:
            out += reviewing.accept(project, ids, actor_id=who.pk, actor="ann")

        def cancels(out: list[reviewing.Reviewed], project: int, ids: list[int], who: User) -> None:
            out += reviewing.dismiss(project, ids, "x", actor_id=who.pk, actor="bob")

        clicks = [partial(click, results, project_id, ids, person) for click in (accepts, accepts, cancels)]
        assert at_once(*clicks, partial(shop.import_, load, shop.versions[1:3])) == []
        assert sum(result.done for result in results) == 1
        assert all("already" in result.sentence for result in results if not result.done)
        state = RemoteOrder.objects.get(integration=shop.integration).state
        assert (state == RemoteState.IMPORTED) is Order.objects.filter(project=project_id).exists()
    assert broken() == {}


def test_without_the_lock_two_clicks_accept_twice(shops: dict[int, Shop], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of FB03: the row decided on is read before, and not locked."""
    shop = Shop()
    shops[shop.integration.pk] = shop
    shop.import_(shop.claim(RunKind.IMPORT_ORDERS), shop.versions[:1], Mode.REVIEW)
    person = member(shop.integration.project.account, Role.ORDER_STAFF, "ann")
    ids = [RemoteOrder.objects.get(integration=shop.integration).pk]
    reviewing.accept(shop.integration.project_id, ids, actor_id=person.pk, actor="ann")
    RemoteOrder.objects.update(state=RemoteState.PENDING)  # as a second click would have read it before
    with pytest.raises(Exception, match="orders_order_remote_order_id"):
        reviewing._Acceptance(shop.integration, person.pk, "ann", False).take(ids)
    assert Order.objects.count() == 1  # the key of the table is the last net


def test_a_webhook_and_a_load_at_once_make_one_order(shops: dict[int, Shop]) -> None:
    """FW03."""
    for _ in range(30):
        shop = Shop()
        load, hints = shop.claim(RunKind.LOAD), shop.claim(RunKind.WEBHOOK_ORDERS)
        errors = at_once(*(partial(shop.import_, held, shop.versions[1:2]) for held in (load, hints)))
        assert errors == []
        assert Order.objects.filter(project=shop.integration.project_id).count() == 1
    assert broken() == {}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_hundred_are_synchronised_while_they_are_imported(shops: dict[int, Shop]) -> None:
    """FB08: the same orders by a synchronisation, a load and a receipt of stock, again and again: no deadlock."""
    shop = Shop()
    orders = [shop.versions[1], *(incoming(line("A-17", 1, key="1"), line("B-2", 1, key="2")) for _ in range(24))]
    load = shop.claim(RunKind.LOAD)
    pages.write(load, import_page(shop.integration, [seen(order) for order in orders], None))
    ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    chance = Random(3)

    def answers(round_: int) -> list[IncomingOrder]:
        return [
            msgspec.structs.replace(order, modified_at=order.modified_at + timedelta(minutes=round_), note=str(round_))
            for order in orders
        ]

    for round_ in range(1, 15):
        newest = answers(round_)
        shuffled = chance.sample(newest, len(newest))

        def synchronised(newest: list[IncomingOrder] = newest) -> None:
            for order_id, answer in zip(ids, newest, strict=True):
                overwrite.refresh(order_id, overwrite.ShopAnswer(answer, None))

        def imported(shuffled: list[IncomingOrder] = shuffled) -> None:
            pages.write(load, import_page(shop.integration, [seen(order) for order in shuffled], None))

        assert at_once(synchronised, imported, lambda: give_stock(shop.integration.project, A_17=3)) == []
    assert set(Order.objects.values_list("note", flat=True)) == {"14"}
    assert Reservation.objects.exists()
    assert StockMovement.objects.exists()
    assert broken() == {}


def test_rules_saved_meanwhile_decide_the_next_page_and_nothing_before(shops: dict[int, Shop]) -> None:
    """FB07: rules are changed while an import runs."""
    shop = Shop()
    load = shop.claim(RunKind.LOAD)
    first, second = incoming(line("A-17", 1)), incoming(line("A-17", 1))
    pages.write(load, import_page(shop.integration, [seen(first)], None))
    StatusRule.objects.filter(status="processing").update(action=ImportAction.HOLD)
    pages.write(load, import_page(shop.integration, [seen(first), seen(second)], None))
    assert list(Order.objects.order_by("pk").values_list("status", flat=True)) == ["processing", "on_hold"]
