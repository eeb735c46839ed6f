"""Importing a page: states with reasons, what is known, unknown statuses, poison orders, fencing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError

from integrations.choices import ImportAction, RemoteState, RunKind
from integrations.importing import orders_page
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import Candidate, digest_of
from integrations.importing.rules import Mode
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run, StatusRule
from integrations.runs import claims, control, pages
from integrations.runs.claims import Claim, LostClaim
from orders.intake.incoming import IncomingOrder
from orders.models import Order
from tests.factories import IntegrationFactory, incoming, line

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    integration = IntegrationFactory.create()
    rules = [("processing", ImportAction.VALID, True), ("pending", ImportAction.SKIP, True)]
    rules += [("failed", ImportAction.SKIP, False), ("on-hold", ImportAction.HOLD, True)]
    for status, action, retry in rules:
        StatusRule.objects.create(integration=integration, status=status, action=action, retry=retry)
    return integration


@pytest.fixture
def claim(integration: Integration) -> Claim:
    held = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert held is not None
    return held


def seen(order: IncomingOrder, /, **changes: Any) -> Candidate:
    body = f"{order.external_id} {order.status} {order.modified_at} {order.total}"
    fields = {"order": order} | changes
    digest = digest_of(body.encode(errors="replace"))
    return Candidate(order.external_id, order.number, order.status, order.modified_at, body, digest, **fields)


def later(order: IncomingOrder, **changes: Any) -> IncomingOrder:
    """The same order as the shop shows it an hour later."""
    return msgspec.structs.replace(order, **({"modified_at": order.modified_at + timedelta(hours=1)} | changes))


def put(claim: Claim, integration: Integration, *candidates: Candidate, mode: Mode = Mode.SWEEP) -> Run:
    pages.write(claim, import_page(integration, candidates, {"page": 1}, mode=mode))
    return Run.objects.get(pk=claim.run_id)


def remote(order: IncomingOrder) -> RemoteOrder:
    return RemoteOrder.objects.get(external_id=order.external_id)


def test_an_order_becomes_what_its_rule_says_and_the_reason_is_kept(integration: Integration, claim: Claim) -> None:
    valid, waiting, dead = (incoming(line(), status=status) for status in ("processing", "pending", "failed"))
    run = put(claim, integration, seen(valid), seen(waiting), seen(dead))
    assert [remote(order).state for order in (valid, waiting, dead)] == ["imported", "ignored", "ignored"]
    assert remote(valid).order.number == valid.number
    assert remote(waiting).retry and remote(waiting).next_attempt_at is not None
    assert not remote(dead).retry and remote(dead).next_attempt_at is None
    assert remote(waiting).reason == (
        "The rule for status “pending” is “Do not import”; it is looked at again until the status becomes importable."
    )
    assert (run.fetched, run.created, run.ignored, run.failed) == (3, 1, 2, 0)


def test_an_unknown_status_adds_its_row_and_breaks_nothing(integration: Integration, claim: Claim) -> None:
    odd, fine = incoming(line(), status="awaiting-shipment"), incoming(line())
    put(claim, integration, seen(odd), seen(fine))
    rule = integration.rules.get(status="awaiting-shipment")
    assert (rule.action, rule.retry, rule.discovered) == (ImportAction.SKIP, True, True)
    assert remote(odd).state == RemoteState.IGNORED
    assert remote(fine).state == RemoteState.IMPORTED


def test_a_paid_order_is_imported_when_its_status_becomes_importable(integration: Integration, claim: Claim) -> None:
    order = incoming(line(), status="pending")
    put(claim, integration, seen(order))
    put(claim, integration, seen(later(order, status="processing")))
    assert remote(order).state == RemoteState.IMPORTED
    assert Order.objects.count() == 1


def test_once_ignored_with_retry_no_it_is_never_imported(integration: Integration, claim: Claim) -> None:
    order = incoming(line(), status="failed")
    put(claim, integration, seen(order))
    put(claim, integration, seen(later(order, status="processing")))
    assert (remote(order).state, remote(order).status) == (RemoteState.IGNORED, "processing")
    assert not Order.objects.exists()


def test_a_rule_edit_changes_nothing_until_the_retry_looks_again(integration: Integration, claim: Claim) -> None:
    order = incoming(line(), status="pending")
    put(claim, integration, seen(order))
    integration.rules.filter(status="pending").update(action=ImportAction.VALID)
    put(claim, integration, seen(order))
    assert not Order.objects.exists()
    put(claim, integration, seen(order), mode=Mode.LOOK_AGAIN)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("state", [RemoteState.PENDING, RemoteState.DISMISSED])
def test_pending_and_dismissed_are_left_alone_but_kept_up_to_date(
    integration: Integration, claim: Claim, state: RemoteState
) -> None:
    order = incoming(line(), status="pending")
    put(claim, integration, seen(order))
    RemoteOrder.objects.update(state=state)
    run = put(claim, integration, seen(later(order, status="processing")))
    assert (remote(order).state, remote(order).status) == (state, "processing")
    assert run.updated == 1
    assert not Order.objects.exists()


def test_known_orders_are_no_work_and_stale_answers_change_nothing(integration: Integration, claim: Claim) -> None:
    order = incoming(line())
    put(claim, integration, seen(later(order)))
    before = RemoteOrder.objects.values().get()
    put(claim, integration, seen(later(order)))
    run = put(claim, integration, seen(order))
    assert RemoteOrder.objects.values().get() == before
    assert run.unchanged == 2
    assert Order.objects.count() == 1


POISON: dict[str, dict[str, Any]] = {
    "NUL in the note": {"note": "a\x00b"},
    "half of a surrogate pair in the note": {"note": "a\ud800b"},
    "half of a surrogate pair in the number": {"number": "7\udfff"},
    "a number of 300 characters": {"number": "9" * 300},
    "a total beyond the column": {"total": Decimal(10) ** 20},
    "metadata PostgreSQL refuses": {"metadata": {"key": "\x00"}},
}


@pytest.mark.parametrize("what", POISON)
def test_one_poison_order_does_not_stop_the_others(integration: Integration, claim: Claim, what: str) -> None:
    good = [incoming(line()) for _ in range(5)]
    poison = incoming(line(), **POISON[what])
    run = put(claim, integration, *map(seen, good[:3]), seen(poison), *map(seen, good[3:]))
    assert Order.objects.count() == 5
    assert {remote(order).state for order in good} == {RemoteState.IMPORTED}
    assert (remote(poison).state, remote(poison).reason_code) == (RemoteState.FAILED, "not_storable")
    assert "The order cannot be stored" in remote(poison).reason
    assert (run.created, run.failed) == (5, 1)
    assert broken() == {}


def test_control_without_savepoints_one_poison_order_stops_the_page(
    integration: Integration, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def together(run_id: int, shop: Integration, candidate: Candidate, mode: Mode, young: list[str]) -> Any:
        return orders_page._write(run_id, shop, [candidate], mode, young)

    monkeypatch.setattr(orders_page, "_alone", together)
    with pytest.raises(DatabaseError):
        put(claim, integration, seen(incoming(line())), seen(incoming(line(), note="a\x00b")))


def test_an_unreadable_order_is_failed_and_shown_whatever_its_rule(integration: Integration, claim: Claim) -> None:
    order = incoming(line(), status="pending")
    put(claim, integration, seen(order, order=None, error_code="no_total", error="The order has no total. ($.total)"))
    row = remote(order)
    assert (row.state, row.reason_code, row.reason) == ("failed", "no_total", "The order has no total. ($.total)")
    assert row.attempts == 1 and row.next_attempt_at is not None


def test_only_the_newest_claim_may_write(integration: Integration, claim: Claim) -> None:
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    newer = claims.claim(claim.run_id)
    assert newer is not None and newer.token == claim.token + 1
    with pytest.raises(LostClaim):
        put(claim, integration, seen(incoming(line())))
    assert not RemoteOrder.objects.exists()
    put(newer, integration, seen(incoming(line())))
    assert RemoteOrder.objects.count() == 1


def test_control_without_the_fence_an_old_worker_writes_as_well(
    integration: Integration, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    claims.claim(claim.run_id)
    monkeypatch.setattr(claims, "_held", lambda *_: False)
    put(claim, integration, seen(incoming(line())))
    assert RemoteOrder.objects.exists()
