"""What each Import value makes of an order: status, tab, stock, documents - and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from integrations.invariants import broken
from integrations.models import Project
from orders.choices import Effect, OrderStatus, Tab
from orders.intake.allocation import change_stock
from orders.intake.drafts import Intake, Obstacle, Source, Taken
from orders.intake.incoming import IncomingAddress, IncomingOrder
from orders.intake.new_orders import take_in
from orders.intake.plans import CANCEL, COMPLETE, HISTORY, HOLD, INVOICE, PLANS, VALID, Plan
from orders.models import Customer, Invoice, Order, Shipment
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Reservation, StockLevel, StockMovement
from tests.factories import ProjectFactory, give_stock, incoming, line

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def take(project: Project, *orders: tuple[IncomingOrder, Plan], create: bool = True) -> list[Taken | Obstacle]:
    source = Source(project.pk, None, None, project.zone, timezone.now(), create)
    with transaction.atomic():
        return take_in(source, [Intake(order, plan, None) for order, plan in orders])


def levels(project: Project) -> dict[str, tuple[int, int]]:
    rows = StockLevel.objects.filter(product__project=project).values_list("product__sku", "on_hand", "reserved")
    return {sku: (on_hand, reserved) for sku, on_hand, reserved in rows}


def counts(order: Order) -> dict[str, int]:
    movements = StockMovement.objects.filter(reason="shipment").count()
    return {"invoices": order.invoices.count(), "shipments": order.shipments.count(), "movements": movements}


EXPECTED = {
    # action: status, tab, (on hand, reserved), documents and movements, effects
    "valid": (OrderStatus.PROCESSING, Tab.IN_STOCK, (5, 3), (0, 0, 0), {Effect.RESERVE}),
    "invoice": (OrderStatus.PROCESSING, Tab.IN_STOCK, (5, 3), (1, 0, 0), {Effect.RESERVE, Effect.INVOICE}),
    "cancel": (OrderStatus.CANCELLED, Tab.NONE, (5, 0), (0, 0, 0), set()),
    "hold": (OrderStatus.ON_HOLD, Tab.ON_HOLD, (5, 3), (0, 0, 0), {Effect.RESERVE}),
    "complete": (OrderStatus.COMPLETE, Tab.NONE, (2, 0), (1, 1, 1), {Effect.INVOICE, Effect.SHIP, Effect.MOVE}),
    "history": (OrderStatus.COMPLETE, Tab.NONE, (5, 0), (1, 1, 0), {Effect.INVOICE, Effect.SHIP}),
}


@pytest.mark.parametrize("action", EXPECTED)
def test_each_action_has_exactly_its_effects(project: Project, action: str) -> None:
    give_stock(project, A_17=5)
    status, tab, level, documents, effects = EXPECTED[action]
    [outcome] = take(project, (incoming(line("A-17", 3)), PLANS[action]))
    assert isinstance(outcome, Taken)
    order = Order.objects.get(pk=outcome.order_id)
    assert (order.status, order.tab) == (status, tab)
    assert levels(project) == {"A-17": level}
    assert tuple(counts(order).values()) == documents
    assert set(order.effects.values_list("effect", flat=True)) == effects
    assert order.events.count() == 1


def test_every_plan_is_expected_above() -> None:
    assert set(EXPECTED) == set(PLANS)


def test_part_of_the_stock_makes_a_partial_and_none_a_backorder(project: Project) -> None:
    give_stock(project, A_17=5)
    first, second, third = (incoming(line("A-17", 3)) for _ in range(3))
    take(project, (third, VALID), (second, VALID), (first, VALID))
    tabs = {order.number: order.tab for order in Order.objects.all()}
    assert tabs == {first.number: Tab.IN_STOCK, second.number: Tab.PARTIAL, third.number: Tab.BACKORDER}
    assert levels(project) == {"A-17": (5, 5)}
    assert sorted(Reservation.objects.values_list("quantity", flat=True)) == [2, 3]


def test_an_order_of_services_only_is_in_stock(project: Project) -> None:
    take(project, (incoming(line("", 2, name="Gift wrapping", stocked=False)), VALID))
    order = Order.objects.get()
    assert order.tab == Tab.IN_STOCK
    assert order.lines.get().product is None


def test_complete_is_refused_as_a_whole_when_any_product_lacks_units(project: Project) -> None:
    give_stock(project, A_17=5, B_2=1)
    outcomes = take(project, (incoming(line("A-17", 1), line("B-2", 2)), COMPLETE), (incoming(line("A-17", 5)), VALID))
    assert outcomes[0] == Obstacle(
        "insufficient_stock",
        "“Import and complete” needs every unit on stock; missing: 1 × B-2. Receive them first.",
        "B-2",
    )
    assert isinstance(outcomes[1], Taken)
    assert levels(project) == {"A-17": (5, 5), "B-2": (1, 0)}
    assert Order.objects.count() == 1
    assert not Invoice.objects.exists()
    assert not Shipment.objects.exists()


def test_complete_counts_the_same_product_on_two_lines_together(project: Project) -> None:
    give_stock(project, A_17=3)
    [outcome] = take(project, (incoming(line("A-17", 2), line("A-17", 2)), COMPLETE))
    assert isinstance(outcome, Obstacle)
    assert levels(project) == {"A-17": (3, 0)}


def test_unknown_products_are_created_empty_or_fail_the_order(project: Project) -> None:
    [refused] = take(project, (incoming(line("NEW-1")), VALID), create=False)
    assert isinstance(refused, Obstacle)
    assert refused.code == "unknown_sku"
    assert levels(project) == {}
    [taken] = take(project, (incoming(line("NEW-1")), VALID))
    assert isinstance(taken, Taken)
    assert taken.tab == Tab.BACKORDER
    assert levels(project) == {"NEW-1": (0, 0)}


def test_invoice_numbers_are_gapless_and_in_order(project: Project) -> None:
    take(project, *[(incoming(line("A-17")), HISTORY) for _ in range(3)])
    take(project, *[(incoming(line("A-17")), INVOICE) for _ in range(2)])
    year = timezone.now().astimezone(project.zone).year
    codes = list(Invoice.objects.order_by("id").values_list("code", flat=True))
    assert codes == [f"IN{year}{number:06d}" for number in range(1, 6)]


def test_a_year_ends_at_midnight_in_the_projects_zone_and_each_is_numbered_from_one(project: Project) -> None:
    midnight = datetime(2027, 1, 1, tzinfo=project.zone)
    for seconds in (-2, -1, 0, 1):
        source = Source(project.pk, None, None, project.zone, midnight.astimezone(UTC) + timedelta(seconds=seconds))
        with transaction.atomic():
            take_in(source, [Intake(incoming(line("A-17")), HISTORY, None)])
    codes = ["2026000001", "2026000002", "2027000001", "2027000002"]
    assert [invoice.code[2:] for invoice in Invoice.objects.order_by("id")] == codes
    assert [shipment.code[2:] for shipment in Shipment.objects.order_by("id")] == codes
    assert broken() == {}


def test_two_lines_of_one_product_share_what_there_is(project: Project) -> None:
    ids = give_stock(project, A_17=4)
    take(project, (incoming(line("A-17", 3), line("A-17", 3)), VALID))
    order = Order.objects.get()
    assert list(order.lines.values_list("reserved", "waiting")) == [(3, 0), (1, 2)]
    assert order.tab == Tab.PARTIAL
    change_stock(project.pk, [Change(ids["A-17"], 5, MovementReason.RECEIPT, "Delivery 7")])
    assert list(order.lines.values_list("reserved", "waiting")) == [(3, 0), (3, 0)]
    assert levels(project) == {"A-17": (9, 6)}
    assert broken() == {}


def test_quantities_at_the_end_of_their_columns_wait_or_are_refused(project: Project) -> None:
    give_stock(project, A_17=1)
    most = 2**31 - 1
    huge = incoming(line("A-17", most, price="0.01"), line("A-17", most, price="0.01"))
    outcomes = take(project, (huge, VALID), (huge, COMPLETE))
    assert [type(outcome) for outcome in outcomes] == [Taken, Obstacle]
    assert levels(project) == {"A-17": (1, 1)}
    assert broken() == {}


def test_an_invoice_adds_up_with_shipping_fees_and_what_else_was_charged(project: Project) -> None:
    order = incoming(
        line("A-17", 2),
        total=Decimal("27.51"),
        shipping_title="Courier",
        shipping_total=Decimal("4.00"),
        shipping_tax=Decimal("0.84"),
        fee_total=Decimal("2.00"),
        fee_tax=Decimal("0.42"),
    )
    take(project, (order, INVOICE))
    lines = Invoice.objects.get().lines
    assert [(row["name"], row["total"], row["tax"]) for row in lines] == [
        ("Product A-17", "20.00", "0"),
        ("Courier", "4.00", "0.84"),
        ("Fees", "2.00", "0.42"),
        ("Rounding and other", "0.2500", "0"),
    ]
    assert broken() == {}


def test_a_customer_is_one_per_email_whatever_the_case(project: Project) -> None:
    take(
        project,
        (incoming(line(), email="Jana@Mail.example"), VALID),
        (incoming(line(), email="jana@mail.example"), VALID),
    )
    take(project, (incoming(line(), email="JANA@mail.example"), HOLD))
    assert Customer.objects.count() == 1
    assert Customer.objects.get().orders.count() == 3


def test_a_page_is_the_same_number_of_statements_however_many_orders(
    project: Project, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements(orders: int) -> int:
        page = [(incoming(line("A-17"), line("B-2")), plan) for _ in range(orders) for plan in (VALID, HISTORY, CANCEL)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            take(project, *page)
        return len(captured)

    statements(1)
    assert statements(2) == statements(30)


@pytest.mark.parametrize("plan", [COMPLETE, HISTORY])
def test_what_has_left_for_two_addresses_has_a_shipment_each(project: Project, plan: Plan) -> None:
    give_stock(project, A_17=5, B_2=5)
    own, other = IncomingAddress(city="Brno"), IncomingAddress(city="Prague")
    goods = line("A-17"), line("B-2", 2, shipping=other), line("B-2", 1)
    take(project, (incoming(*goods, shipping=own), plan))
    shipments = [(each.address["city"], each.number, each.lines.count()) for each in Shipment.objects.order_by("pk")]
    assert shipments == [("Brno", 1, 2), ("Prague", 2, 1)]
    assert broken() == {}
