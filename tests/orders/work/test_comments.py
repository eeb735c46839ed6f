"""Comments of the shop come with the order and again when it is synchronised; they are no work of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connectors.kit import comments as kit
from integrations.connectors.kit.order_reading import OrderReading
from integrations.models import Project
from orders.intake.incoming import IncomingComment
from orders.intake.plans import VALID
from orders.models import Order
from orders.work import notes
from orders.work.refresh.overwrite import RefreshOutcome, ShopAnswer, refresh
from orders.work.worked_on import worked_on
from tests.factories import ProjectFactory, incoming, line
from tests.orders.intake.test_new_orders import take

AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
FIRST = IncomingComment(key="7", at=AT, text="Customer asked for a gift box.", author="Customer")
SECOND = IncomingComment(key="8", at=AT.replace(hour=10), text="<b>Packed</b>")


def said(order: Order) -> list[tuple[str, str, str]]:
    return list(order.notes.order_by("at").values_list("remote_key", "remote_author", "text"))


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def put(project: Project, *comments: IncomingComment) -> tuple[Order, Any]:
    wanted = incoming(line("A-17", 1), comments=comments)
    take(project, (wanted, VALID))
    return Order.objects.get(number=wanted.number), wanted


@pytest.mark.django_db
class TestOfAnOrder:
    def test_they_come_with_it_and_are_no_work(self, project: Project) -> None:
        order, _ = put(project, FIRST, SECOND)
        assert said(order) == [("7", "Customer", FIRST.text), ("8", "", SECOND.text)]
        assert (worked_on([order.pk]), notes.newest(order.pk)) == (set(), 0)
        notes.add_note(order.pk, "Ours", seen=0, author_id=None)
        assert worked_on([order.pk]) == {order.pk}, "the control: a note of ours is"

    def test_new_ones_come_by_synchronising_each_once(self, project: Project) -> None:
        order, wanted = put(project, FIRST)
        answer = incoming(
            *wanted.lines, **{name: getattr(wanted, name) for name in ("external_id", "number", "email", "billing")},
            comments=(FIRST, SECOND), status=wanted.status,
        )  # fmt: skip
        for expected in (("New comments of the shop: 1.",), ()):
            done = refresh(order.pk, ShopAnswer(answer, None))
            assert (done.outcome, done.reports) == (RefreshOutcome.SAME, expected)
        assert [key for key, _, _ in said(order)] == ["7", "8"]

    def test_the_page_says_where_they_come_from(self, project: Project, admin_client: Client) -> None:
        order, _ = put(project, FIRST, SECOND)
        shown = admin_client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
        assert shown.count("From the shop</span>") == 2
        assert "Customer asked for a gift box." in shown and "&lt;b&gt;Packed" in shown


def test_html_is_left_out_and_what_says_nothing(read: OrderReading) -> None:
    found = kit.comment(read, "1", AT, "<p>Two &lt;3 &amp; more<br />lines</p> a < b", "  Jana ")
    assert found == IncomingComment(key="1", at=AT, text="Two <3 & more\nlines\n a < b", author="Jana")
    assert kit.comment(read, "1", AT, " <br> ") is None
    assert kit.comment(read, "1", AT, None) is None
    cut = kit.comment(read, "1", AT, "x" * 5000)
    assert cut is not None and len(cut.text) == 4000


def test_each_key_once_and_the_newest_of_too_many(read: OrderReading) -> None:
    found = [IncomingComment(key=str(number), at=AT.replace(second=number % 60), text="x") for number in range(250)]
    kept = kit.comments(read, [*found, None, found[0]])
    assert (len(kept), read.notes) == (200, ["Of 250 comments the newest 200 were taken in."])
    assert min(each.at for each in kept) >= found[8].at


@pytest.fixture
def read() -> OrderReading:
    return OrderReading(b"{}")
