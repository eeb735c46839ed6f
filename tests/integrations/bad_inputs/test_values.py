"""Bad values in single fields, on every platform: the order is imported or shown as failed, the rest lands."""

from __future__ import annotations

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
from tests.integrations.bad_inputs.wires import WIRES

pytestmark = pytest.mark.django_db


COMBINATIONS = [
    (platform, row)
    for platform, wire in WIRES.items()
    for row in ROWS
    if row.field not in wire.lacks and platform not in row.without
]


@pytest.mark.parametrize(("platform", "row"), COMBINATIONS, ids=lambda each: getattr(each, "number", each))
def test_values(platform: str, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = WIRES[platform]
    spoilers = [setting(wire.fields[row.field], wire.written(case.json)) for case in row.cases]
    expected = [case.on(platform) for case in row.cases]
    if row.field == "id":
        found = [became for each in spoilers for became in play(platform, [each], monkeypatch, last=not row.is_last)]
    else:
        found = play(platform, spoilers, monkeypatch)
    assert found == expected


def play(platform: str, spoilers: list[Spoiler], monkeypatch: pytest.MonkeyPatch, last: bool = True) -> list[str]:
    """What became of the spoiled orders of one load, beside whole ones, which land."""
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
    all_pages_open(playing.integration.project, list(found.values()))
    assert broken() == {}
    return [outcome(remote) for remote in found.values()]


def all_pages_open(project: Project, remotes: list[RemoteOrder]) -> None:
    """0 server errors: the lists, and the pages of these orders. (The client raises what a view raises.)"""
    browser = Client()
    browser.force_login(member(project.account, Role.IMPORT_ADMIN))
    addresses = [reverse("admin:integrations_remoteorder_changelist"), reverse("admin:orders_order_changelist")]
    for remote in remotes:
        order = Order.objects.filter(remote_order=remote).first()
        name, pk = ("orders_order", order.pk) if order else ("integrations_remoteorder", remote.pk)
        addresses.append(reverse(f"admin:{name}_change", args=[pk]))
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
    assert play("woocommerce", [setting([("customer_note",)], '"secret"')], monkeypatch) == ["fault"]
    reason = RemoteOrder.objects.get(state="failed").reason
    assert "RuntimeError in faulty" in reason and "secret" not in reason
