"""A form that is sent twice at once is booked once; each guard has a control with the guard off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import QuerySet

from config.kit.refusals import Refused
from integrations.invariants import broken
from integrations.models import Project
from orders.intake import postings
from orders.intake.postings import PostingRow
from stock import ledger
from stock.choices import PostingKind
from stock.models import Product, StockLevel, StockMovement, StockPosting
from tests.factories import ProjectFactory, give_stock, line
from tests.orders.intake.test_races import at_once
from tests.orders.work.desk import order_of, standing

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 4


@pytest.fixture
def project() -> Project:
    made: Project = ProjectFactory.create()
    give_stock(made, A_17=5, B_2=0)
    return made


def sender(project: Project, kind: PostingKind, quantity: int, token: UUID) -> Callable[[], None]:
    """Sends one page, as its server would."""
    products = list(Product.objects.filter(project=project).order_by("sku"))
    seen = {row.pk: StockLevel.objects.get(product=row).on_hand for row in products}

    def send() -> None:
        with suppress(Refused):
            postings.post(
                project.pk,
                kind,
                [PostingRow(row, quantity, [1]) for row in products],
                token=token,
                place=None,
                note="",
                seen=seen,
                actor_id=None,
            )

    return send


def on_hand(project: Project) -> list[int]:
    levels = StockLevel.objects.filter(product__project=project).order_by("product__sku")
    return list(levels.values_list("on_hand", flat=True))


def test_a_receipt_is_booked_once_and_serves_once(project: Project) -> None:
    order = order_of(project, line("B-2", 3))
    assert at_once(*[sender(project, PostingKind.RECEIPT, 3, uuid4())] * THREADS) == []
    assert on_hand(project) == [8, 3]
    assert standing(order) == ("processing", "in_stock")
    assert (StockPosting.objects.count(), StockMovement.objects.filter(reason="receipt").count()) == (1, 3)
    assert broken() == {}


def test_of_two_people_who_counted_the_same_shelf_one_is_booked(project: Project) -> None:
    sends = [sender(project, PostingKind.COUNT, 7, uuid4()) for _ in range(THREADS)]
    assert at_once(*sends) == []
    assert on_hand(project) == [7, 7]
    assert StockPosting.objects.count() == 1
    assert broken() == {}


def meeting(patch: pytest.MonkeyPatch) -> None:
    """All meet between the look at the token and the booking."""
    gate = threading.Barrier(THREADS)
    add_levels = postings._add_levels

    def meet(*given: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            gate.wait(2)
        add_levels(*given)

    patch.setattr(postings, "_add_levels", meet)
    patch.setattr(ledger, "lock_project", lambda project_id: None)
    patch.setattr(QuerySet, "select_for_update", lambda rows, **_named: rows.all())


def test_control_without_the_lock_the_constraint_is_the_last_net(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as off:
        meeting(off)
        errors = at_once(*[sender(project, PostingKind.RECEIPT, 3, uuid4())] * THREADS)
    assert len(errors) == THREADS - 1, "an error, where the lock gives an answer"
    assert on_hand(project) == [8, 3]


def test_control_without_the_lock_a_count_is_booked_twice(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sends = [sender(project, PostingKind.COUNT, 7, uuid4()) for _ in range(THREADS)]
    with monkeypatch.context() as off:
        meeting(off)
        at_once(*sends)
    assert on_hand(project) != [7, 7]
