"""A cause is put right once, its orders alone are looked at again, and how far they are is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.choices import ImportAction, ListKind, RemoteState, Role, RunKind, RunState
from integrations.models import CodeListEntry, Fix, Integration, RemoteOrder, Run
from integrations.review import fixes
from integrations.review.causes import Cause, orders_of
from integrations.review.fixes import NothingToFix
from integrations.runs import claims
from integrations.shops.connection import set_up
from integrations.shops.mapping_settings import MappingRefused
from integrations.shops.rule_settings import RulesRefused, fingerprint
from orders.intake.receipts import BookedMeanwhile, last_booking
from stock.models import Product, StockLevel, StockMovement
from tests.factories import IntegrationFactory, give_stock, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    made: Integration = IntegrationFactory.create(title="Teahouse")
    set_up(made)
    return made


def broken(
    shop: Integration, code: str, subject: str, count: int = 1, state: RemoteState = RemoteState.FAILED
) -> tuple[Cause, list[RemoteOrder]]:
    now = timezone.now()
    rows = [
        RemoteOrder.objects.create(
            project=shop.project, integration=shop, external_id=f"{code}-{subject}-{number}", digest=b"", state=state,
            reason_code=code, reason="Because.", subject=subject, attempts=1, action="skip", first_seen_at=now,
            changed_at=now, next_attempt_at=now + timedelta(hours=1), retry=True,
        )
        for number in range(count)
    ]  # fmt: skip
    return Cause(shop.pk, code, subject), rows


def due() -> set[int]:
    return set(RemoteOrder.objects.filter(next_attempt_at__lte=timezone.now()).values_list("pk", flat=True))


def test_a_product_is_added_with_its_units_and_every_shop_that_missed_it_retries(integration: Integration) -> None:
    cause, rows = broken(integration, "unknown_sku", "A", 2)
    other = IntegrationFactory.create(project=integration.project)
    _, elsewhere = broken(other, "unknown_sku", "A")
    broken(integration, "unknown_sku", "B")
    broken(IntegrationFactory.create(), "unknown_sku", "A")
    fix = fixes.add_product(integration, cause, "Tea", 5, None)
    assert fix.done == "Product A “Tea” is added with 5 on hand."
    assert due() == set(fix.orders) == {row.pk for row in (*rows, *elsewhere)}
    assert set(Run.objects.values_list("integration_id", "kind")) == {
        (integration.pk, RunKind.RETRY),
        (other.pk, RunKind.RETRY),
    }
    assert StockLevel.objects.get().on_hand == 5
    assert Product.objects.get().project_id == integration.project_id


def test_adding_it_a_second_time_books_nothing_more(integration: Integration) -> None:
    cause, _ = broken(integration, "unknown_sku", "A")
    fixes.add_product(integration, cause, "Tea", 5, None)
    fix = fixes.add_product(integration, cause, "Other tea", 9, None)
    assert fix.done == "Product A was there already; nothing was added."
    assert (StockLevel.objects.get().on_hand, Product.objects.get().name) == (5, "Tea")
    assert StockMovement.objects.count() == 1


def test_control_without_the_look_before_units_would_be_booked_twice(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause, _ = broken(integration, "unknown_sku", "A")
    fixes.add_product(integration, cause, "Tea", 5, None)
    monkeypatch.setattr("stock.catalogue.find", lambda project_id, skus: {})
    monkeypatch.setattr("stock.catalogue.create", lambda *_: {"A": Product.objects.get().pk})
    fixes.add_product(integration, cause, "Tea", 5, None)
    assert StockLevel.objects.get().on_hand == 10


def test_a_sku_is_mapped_for_its_shop_alone_and_never_overwritten(integration: Integration) -> None:
    give_stock(integration.project, A_17=1, B_2=1)
    cause, rows = broken(integration, "unknown_sku", "tea")
    broken(IntegrationFactory.create(project=integration.project), "unknown_sku", "tea")
    assert fixes.map_sku(integration, cause, "A-17", None).orders == [rows[0].pk]
    assert fixes.map_sku(integration, cause, "A-17", None).orders == [rows[0].pk]
    with pytest.raises(MappingRefused, match="tea stands for A-17 already"):
        fixes.map_sku(integration, cause, "B-2", None)
    assert integration.sku_mappings.get().sku == "A-17"


def test_a_payment_is_named_and_somebody_elses_name_stays(integration: Integration) -> None:
    cause, rows = broken(integration, "unmapped_payment", "cod")
    assert fixes.name_code(integration, cause, "Cash", "COD", None).orders == [rows[0].pk]
    entry = CodeListEntry.objects.get()
    assert (entry.kind, entry.code, entry.label, entry.name) == (ListKind.PAYMENT, "cod", "COD", "Cash")
    with pytest.raises(MappingRefused, match="is called “Cash” here already"):
        fixes.name_code(integration, cause, "Bar", "COD", None)
    with pytest.raises(NothingToFix):
        fixes.name_code(integration, Cause(integration.pk, "gone", ""), "Cash", "", None)


def test_stock_is_received_once_per_look(integration: Integration) -> None:
    product_id = give_stock(integration.project, A=1)["A"]
    cause, rows = broken(integration, "insufficient_stock", "A")
    seen = last_booking(product_id)
    fix = fixes.receive(integration, cause, 4, "Delivery", seen=seen, user_id=None)
    assert (fix.done, fix.orders) == ("+4 × A booked. No order was waiting that this could serve.", [rows[0].pk])
    with pytest.raises(BookedMeanwhile):
        fixes.receive(integration, cause, 4, "Delivery", seen=seen, user_id=None)
    assert StockLevel.objects.get().on_hand == 5
    with pytest.raises(NothingToFix):
        fixes.receive(integration, Cause(integration.pk, "x", "NO"), 4, "Delivery", seen=0, user_id=None)


def test_a_status_is_decided_and_not_against_somebody_who_was_quicker(integration: Integration) -> None:
    cause, rows = broken(integration, "rule_retry", "pending", 2, RemoteState.IGNORED)
    rows += broken(integration, "rule", "pending", 1, RemoteState.IGNORED)[1]
    rule = integration.rules.get(status="pending")
    seen = fingerprint(rule)
    fix = fixes.choose_rule(integration, cause, ImportAction.HOLD, True, seen, None)
    assert fix.done == "Status “pending” of Teahouse: Import and hold."
    assert fix.orders == [row.pk for row in rows]
    with pytest.raises(RulesRefused, match="Changed meanwhile by somebody else to “Import and hold”"):
        fixes.choose_rule(integration, cause, ImportAction.VALID, True, seen, None)
    with pytest.raises(NothingToFix):
        fixes.choose_rule(integration, Cause(integration.pk, "rule", "none"), ImportAction.VALID, True, "", None)


def test_a_fix_takes_so_many_orders_at_once_the_oldest_first(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixes, "MOST_AT_ONCE", 2)
    cause, rows = broken(integration, "gone", "", 3)
    RemoteOrder.objects.filter(pk=rows[2].pk).update(first_seen_at=timezone.now() - timedelta(days=1))
    assert fixes.look_again(integration, cause, "Again.", None).orders == [rows[0].pk, rows[2].pk]


def test_a_cause_is_dismissed_with_its_reason_and_taken_back(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixes, "DISMISSED_TOGETHER", 2)
    person = member(integration.project.account, Role.ORDER_STAFF, "ann")
    cause, rows = broken(integration, "gone", "", 5)
    other, _ = broken(integration, "unknown_sku", "A")
    RemoteOrder.objects.filter(pk=rows[4].pk).update(state=RemoteState.IMPORTED)
    by: dict[str, Any] = {"actor_id": person.pk, "actor": "ann"}
    fix = fixes.dismiss(integration, cause, "Test orders", **by)
    assert (fix.done, fix.orders) == ("4 orders dismissed: Test orders", [row.pk for row in rows[:4]])
    gone = RemoteOrder.objects.filter(state=RemoteState.DISMISSED)
    assert {(row.reason, row.decided_by, row.next_attempt_at) for row in gone} == {
        ("Marked as cancel by ann: Test orders", person, None)
    }
    assert fixes.dismiss(integration, cause, "Again", **by).orders == []
    [progress] = fixes.progress_of([fix])
    assert (progress.dismissed, progress.waiting, progress.finished) == (4, 0, True)
    assert not Run.objects.exists()
    back = fixes.take_back(fix, **by)
    assert set(RemoteOrder.objects.filter(pk__in=back.orders).values_list("state", flat=True)) == {"pending"}
    assert (len(back.orders), fixes.take_back(fix, **by).orders) == (4, [])
    assert orders_of(integration.project_id, other).count() == 1


def states(*changes: dict[str, Any]) -> None:
    for row, change in zip(RemoteOrder.objects.order_by("pk"), changes, strict=False):
        RemoteOrder.objects.filter(pk=row.pk).update(**change)


def test_progress_counts_what_became_of_each_order(integration: Integration) -> None:
    cause, _ = broken(integration, "gone", "", 6)
    fix = fixes.look_again(integration, cause, "Again.", None)
    [before] = fixes.progress_of([fix])
    assert (before.total, before.waiting, before.running, before.finished) == (6, 6, True, False)
    later = timezone.now() + timedelta(hours=1)
    states(
        {"state": RemoteState.IMPORTED, "next_attempt_at": None},
        {"state": RemoteState.IMPORTED, "next_attempt_at": None},
        {"next_attempt_at": later},
        {"retry": False, "next_attempt_at": None},
        {"state": RemoteState.IGNORED, "next_attempt_at": later},
    )
    [now] = fixes.progress_of([fix])
    assert (now.imported, now.failed, now.ignored, now.waiting, now.finished) == (2, 2, 1, 1, False)
    held = claims.claim(Run.objects.get().pk)
    assert held is not None
    claims.finish(held, RunState.FAILED, "The shop does not answer.")
    [ended] = fixes.progress_of([fix])
    assert (ended.finished, ended.reason) == (True, "The shop does not answer.")


def test_only_fixes_of_the_last_minutes_that_had_orders_are_shown(integration: Integration) -> None:
    cause, _ = broken(integration, "gone", "")
    fix = fixes.look_again(integration, cause, "Again.", None)
    fixes.look_again(integration, Cause(integration.pk, "gone", "nothing"), "Again.", None)
    assert fixes.recent(integration.project_id) == [fix]
    Fix.objects.update(at=timezone.now() - fixes.SHOWN_FOR)
    assert fixes.recent(integration.project_id) == []
    assert fixes.progress_of([]) == []
