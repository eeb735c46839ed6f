"""Orders that no answer of their shop survives, on every platform: the others land, and loads go on."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations.choices import RemoteState, RunKind, RunState
from integrations.importing import faulty_pages
from integrations.invariants import broken
from integrations.models import Integration, OrderHint, RemoteOrder, Run
from integrations.runs import control
from integrations.simulator.dialects.shopify.answering import state_of
from tests.integrations.bad_inputs.playing import Playing
from tests.integrations.bad_inputs.wires import WIRES
from tests.integrations.importing.working import worked
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db

ORDERS = 60
# eBay and BigCommerce list no ids without their orders; eBay's cannot be told in any other way.
UNNAMED = {"ebay"}
PLACES = {
    "first": (0,),
    "middle": (31,),
    "last": (ORDERS - 1,),
    "two": (7, 50),
    "in a row": (20, 21, 22),
    "both ends": (0, ORDERS - 1),
}
HOW = {"error": 500, "cut": "cut", "gateway": 502}


def shop_with(platform: str, monkeypatch: pytest.MonkeyPatch, places: tuple[int, ...], how: object) -> Playing:
    playing = plenty(platform, monkeypatch)
    playing.place([str] * ORDERS)
    numbers = sorted(playing.sold.sales)
    fault = {"kind": "breaks", "orders": [numbers[place] for place in places], "names": 1, "how": how, "path": ""}
    playing.site.faults.add(fault)
    return playing


def plenty(platform: str, monkeypatch: pytest.MonkeyPatch) -> Playing:
    """A shop that has no limits: its clock stands still, so points that are used up would never come back."""
    playing = Playing(platform, monkeypatch)
    if platform == "shopify":
        points = state_of(playing.sold)
        points.points = points.most_points = 1_000_000
    return playing


def loaded(playing: Playing) -> Run:
    return worked(control.request(RunKind.LOAD, playing.integration, since=playing.integration.start_at))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("platform", WIRES)
def test_the_others_land(platform: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EveryRow() as every:
        for name, places in PLACES.items():
            with every.apart(name):
                playing = shop_with(platform, monkeypatch, places, HOW[how])
                others_land(playing, len(places))


def others_land(playing: Playing, culprits: int) -> None:
    run = loaded(playing)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, run.reason)
    assert "They were left out" in run.reason
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == ORDERS - culprits
    failed = RemoteOrder.objects.filter(state=RemoteState.FAILED)
    named = 0 if playing.platform in UNNAMED else culprits
    assert [remote.reason_code for remote in failed] == ["breaks_shop"] * named
    assert Integration.objects.get().complete_until is not None
    assert len(playing.site.log) < 250
    assert broken() == {}


@pytest.mark.parametrize("platform", WIRES)
def test_orders_read_by_id_do_not_wait_for_it(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    playing = plenty(platform, monkeypatch)
    names = playing.place([str] * 20)
    loaded(playing)
    culprit = sorted(playing.sold.sales)[4]
    playing.site.faults.add({"kind": "breaks", "orders": [culprit], "how": "cut", "path": ""})
    run = worked(control.request(RunKind.OPEN_ORDERS, playing.integration))
    assert (run.state, run.fetched) == (RunState.SUCCEEDED, 20)
    now = timezone.now()
    seen = {"first_at": now, "last_at": now, "look_at": now}
    OrderHint.objects.bulk_create(
        [OrderHint(integration=playing.integration, external_id=name, **seen) for name in names]
    )
    assert worked(control.request(RunKind.WEBHOOK_ORDERS, playing.integration)).state == RunState.SUCCEEDED
    orders = list(RemoteOrder.objects.values_list("order", flat=True))
    run = worked(control.request(RunKind.SYNCHRONIZE, playing.integration, scope={"orders": orders}))
    assert (run.state, run.fetched, run.failed) == (RunState.SUCCEEDED, 20, 1)
    assert RemoteOrder.objects.filter(state=RemoteState.IMPORTED).count() == 20
    assert broken() == {}


@pytest.mark.parametrize("platform", WIRES)
def test_a_shop_that_is_down_loses_nothing_to_this(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    playing = Playing(platform, monkeypatch)
    names = playing.place([str] * 20)
    playing.site.faults.add({"kind": "status", "status": 500, "count": 15, "path": ""})
    run = loaded(playing)
    assert (run.state, run.reason, run.failed) == (RunState.SUCCEEDED, "", 0)
    assert set(RemoteOrder.objects.values_list("external_id", flat=True)) == set(names)


def test_without_this_the_shop_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faulty_pages, "_may_be_one_order", lambda error, failures: False)
    playing = shop_with("shopify", monkeypatch, (31,), 500)
    with pytest.raises(AssertionError, match="HTTP 500"):
        others_land(playing, 1)
