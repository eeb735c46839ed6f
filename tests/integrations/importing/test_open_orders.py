"""The re-read of open orders goes by an index of them, however many orders its shop has."""

from __future__ import annotations

import pytest

from config.kit.sql import execute
from integrations.importing import retry
from integrations.importing.payloads import Candidate
from integrations.importing.rules import Mode
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage
from integrations.shops.connection import set_up
from orders.models import Order
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.finding.test_plans import copy, scanned

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Integration:
    """20,000 orders that are over, and one in a hundred of them open."""
    shop = IntegrationFactory.create()
    set_up(shop)
    give_stock(shop.project, MUG=5)
    [order] = imported(shop, [incoming(line("MUG"), number="B-1", external_id="b1")])
    assert order.remote_order is not None
    copy(order.remote_order, external_id="'y' || n", number="'Y' || n")
    unused = "(SELECT max(id) - n + 1 FROM integrations_remoteorder)"
    over = "CASE WHEN n %% 100 = 0 THEN {} ELSE '{}' END"
    copy(
        order,
        number="'B' || n",
        remote_order_id=unused,
        status=over.format("status", "complete"),
        tab=over.format("tab", ""),
    )
    return shop


def test_nothing_that_is_over_is_read(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def ask(held: Claim, run: Run, shop: Integration, rows: list[RemoteOrder], mode: Mode) -> list[Candidate]:
        asked.append([row.pk for row in rows])
        return []

    monkeypatch.setattr(retry, "_asked", ask)
    monkeypatch.setattr(retry, "_gone", lambda *_: [])
    pages: list[RunPage] = []

    def read(cursor: object) -> None:
        pages.append(retry.open_orders_page(Claim(0, 0), Run(cursor=cursor), shop))

    assert scanned(lambda: read(None)) == []
    assert pages[0].total == 201
    assert scanned(lambda: read(pages[0].cursor)) == []
    open_ones = Order.objects.filter(status="processing").order_by("remote_order_id")
    rows = list(open_ones.values_list("remote_order_id", flat=True))
    assert len(rows) == 201
    assert [*asked[0], *asked[1]] == rows[: len(asked[0]) + len(asked[1])]


def test_control_without_the_index_all_are_read(shop: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    execute("DROP INDEX order_open_in_shop, order_by_status")
    monkeypatch.setattr(retry, "_asked", lambda *_: [])
    monkeypatch.setattr(retry, "_gone", lambda *_: [])
    assert scanned(lambda: retry.open_orders_page(Claim(0, 0), Run(), shop))
