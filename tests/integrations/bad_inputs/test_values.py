"""Bad values in single fields, on every platform: the order is imported or shown as failed, the rest lands."""

from __future__ import annotations

from itertools import islice

import pytest
from django.test import Client
from django.urls import reverse

from integrations.choices import Role, RunState
from integrations.connectors.contract import Shop
from integrations.connectors.woocommerce import payload
from integrations.invariants import broken
from integrations.models import Project, RemoteOrder
from orders.intake.incoming import IncomingOrder
from orders.models import Order
from tests.factories import member
from tests.fake_connector import exchange
from tests.integrations.bad_inputs.playing import Playing, Spoiler, outcome, setting
from tests.integrations.bad_inputs.rows import ROWS, Row
from tests.integrations.bad_inputs.wires import WIRES, Wire
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db


def rows_of(platform: str) -> list[Row]:
    """But those that make no sense there."""
    return [row for row in ROWS if row.field not in WIRES[platform].lacks and platform not in row.without]


def spoilers_of(row: Row, wire: Wire) -> list[Spoiler]:
    return [setting(wire.fields[row.field], wire.written(case.json)) for case in row.cases]


def loads_of(platform: str) -> list[list[Row]]:
    """Ten rows in a load, which any platform lists in one page: each order is judged by itself, none spoils another.

    But for P18: where half of a pair makes a page unreadable, NULs of other orders are replaced along with it.
    """
    rows = [row for row in rows_of(platform) if row.field != "id"]
    alone = [row for row in rows if row.number == "P18"]
    rest = [row for row in rows if row.number != "P18"]
    return [alone, *(rest[first : first + 10] for first in range(0, len(rest), 10))]


@pytest.mark.parametrize("platform", WIRES)
def test_values(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EveryRow() as every:
        for rows in loads_of(platform):
            spoilers = [spoiler for row in rows for spoiler in spoilers_of(row, WIRES[platform])]
            remotes = iter(play(platform, spoilers, monkeypatch))
            for row in rows:
                found = list(islice(remotes, len(row.cases)))
                with every.row(row.number):
                    assert [outcome(remote) for remote in found] == [case.on(platform) for case in row.cases]
                    pages_open(found)
            assert list(remotes) == []


@pytest.mark.parametrize("platform", WIRES)
def test_ids(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in a load of its own: an order is found by its id, and a bad one may be anybody's."""
    with EveryRow() as every:
        for row in rows_of(platform):
            if row.field == "id":
                for index, (spoiler, case) in enumerate(zip(spoilers_of(row, WIRES[platform]), row.cases, strict=True)):
                    with every.apart(f"{row.number}.{index}"):
                        found = play(platform, [spoiler], monkeypatch, last=not row.is_last)
                        assert [outcome(remote) for remote in found] == [case.on(platform)]
                        pages_open(found)


def play(
    platform: str, spoilers: list[Spoiler], monkeypatch: pytest.MonkeyPatch, last: bool = True
) -> list[RemoteOrder]:
    """The spoiled orders of one load, beside whole ones, which land."""
    playing = Playing(platform, monkeypatch)
    whole = playing.place([str])
    spoiled = playing.place(spoilers)
    whole += playing.place([str] if last else [])
    run = playing.load()
    assert (run.state, run.fetched) == (RunState.SUCCEEDED, len(spoiled) + len(whole))
    remotes = RemoteOrder.objects.filter(integration=playing.integration).order_by("pk")  # as they were listed
    found = {remote.external_id: remote for remote in remotes}
    assert {outcome(found.pop(name)) for name in whole} == {"imported"}
    if found.keys() >= set(spoiled):  # not where the bad field is a part of the id
        found = {name: found[name] for name in spoiled}
    assert broken() == {}
    lists = ("admin:integrations_remoteorder_changelist", "admin:orders_order_changelist")
    show(playing.integration.project, *map(reverse, lists))
    return list(found.values())


def pages_open(remotes: list[RemoteOrder]) -> None:
    """0 server errors on the pages of these orders. (The client raises what a view raises.)"""
    opened = {remote: Order.objects.filter(remote_order=remote).first() or remote for remote in remotes}
    show(
        remotes[0].project,
        *(reverse(f"admin:{each._meta.db_table}_change", args=[each.pk]) for each in opened.values()),
    )


def show(project: Project, *addresses: str) -> None:
    browser = Client()
    browser.force_login(member(project.account, Role.IMPORT_ADMIN))
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert b"<script>alert(1)" not in answer.content


def test_a_fault_of_ours_fails_its_order_and_not_its_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = payload.parse

    def faulty(document: bytes, shop: Shop) -> IncomingOrder:
        order = parse(document, shop)
        if order.note == "secret":
            raise RuntimeError(f"cannot read {order.note}")
        return order

    exchange(monkeypatch, "woocommerce", parse=faulty)
    [remote] = play("woocommerce", [setting([("customer_note",)], '"secret"')], monkeypatch)
    assert outcome(remote) == "fault"
    reason = RemoteOrder.objects.get(state="failed").reason
    assert "RuntimeError in faulty" in reason and "secret" not in reason
