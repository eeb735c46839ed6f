"""A cart that was split: its orders share the reference that people see, and are several orders all the same."""

from __future__ import annotations

import pytest

from integrations.choices import RemoteState
from integrations.importing import fetch_missing
from integrations.models import RemoteOrder
from orders.models import Order
from tests.integrations.bad_inputs.playing import Playing
from tests.integrations.connectors.prestashop.street import prestashop
from tests.integrations.importing.working import worked
from tests.recorded import from_site, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def playing(monkeypatch: pytest.MonkeyPatch) -> Playing:
    playing = Playing("prestashop", monkeypatch)
    playing.place([str, str, str])
    one, two, _ = sorted(playing.sold.sales)
    playing.sold.sales[two].number = playing.sold.sales[one].number
    return playing


def reference(playing: Playing) -> str:
    shop, ids = playing.integration.shop(), (str(min(playing.sold.sales)),)
    page, _ = serve(prestashop.orders.by_ids(shop, ids), lambda request: from_site(playing.site, request))
    return prestashop.identify(page.payloads[0], shop).number


def test_a_load_takes_each(playing: Playing) -> None:
    playing.load()
    assert Order.objects.filter(number=reference(playing)).count() == 2
    assert Order.objects.count() == 3


def test_import_orders_shows_all_of_them_to_be_chosen_from(playing: Playing) -> None:
    run = worked(fetch_missing.request_order(playing.integration, reference(playing).lower()))
    assert run.reason == "2 orders fetched as Pending."
    assert RemoteOrder.objects.filter(state=RemoteState.PENDING).count() == 2
    other = str(max(playing.sold.sales))
    run = worked(fetch_missing.request_order(playing.integration, other))
    assert run.reason == "1 order fetched as Pending.", "by its id, which the back office shows, too"
