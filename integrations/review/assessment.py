"""What a person should know of a remote order before deciding about it; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db.models.functions import Lower

from integrations.choices import ImportAction
from integrations.importing import rule_table
from integrations.importing.judgement import judge_page
from integrations.importing.payloads import read_stored
from integrations.importing.rules import Mode
from integrations.models import RemoteOrder
from orders.intake import routing_rules
from orders.intake.choosing import facts_of, units_of
from orders.intake.incoming import IncomingLine, IncomingOrder
from orders.models import Order
from stock import catalogue, ledger

# How far apart two orders of a buyer with the same total may be to be taken for the same.
NEAR = timedelta(days=7)
MOST_DUPLICATES = 10


@dataclass(frozen=True)
class Need:
    """A line and the stock there is for it."""

    line: IncomingLine
    known: bool
    """Whether its SKU is among the products; True for lines that take no part in stock."""
    available: int | None
    """Units of the product that are free; None where no product stands behind the line."""

    @property
    def short(self) -> int:
        """Units that would have to wait."""
        return max(0, self.line.quantity - self.available) if self.available is not None else 0


@dataclass(frozen=True)
class Assessment:
    """`problem` is why the order cannot be read or put into our words; then nothing else is known."""

    problem: str = ""
    order: IncomingOrder | None = None
    becomes: ImportAction = ImportAction.VALID
    by_rule: bool = True
    """False: the rule of its status would not import it, so accepting imports it as valid."""
    needs: tuple[Need, ...] = ()
    blocked_by: str = ""
    """The entry of the block list that holds its buyer back."""
    duplicates: Sequence[Order] = field(default_factory=list)
    """Orders of the book this one may be a double of."""

    @property
    def residual(self) -> Decimal:
        return self.order.residual if self.order else Decimal(0)


def assess(remote: RemoteOrder) -> Assessment:
    """Read the stored document once more, by the mapping, rules, stock and lists of now."""
    integration = remote.integration
    seen = read_stored(integration.connector, integration.reader(), remote.payload)
    [item] = judge_page(integration, [(seen, None)], rule_table.saved(integration), Mode.ACCEPT, blocked_too=True)
    if item.obstacle is not None:
        return Assessment(problem=item.obstacle.message)
    if item.order is None:
        raise ValueError("an order without an obstacle can be taken in")
    return Assessment(
        order=item.order,
        becomes=ImportAction(item.decision.action),
        by_rule=item.by_rule,
        needs=_needs(remote.project_id, integration.pk, item.order),
        blocked_by=item.blocked_by,
        duplicates=_duplicates(remote, item.order),
    )


def _needs(project_id: int, integration_id: int, order: IncomingOrder) -> tuple[Need, ...]:
    products = catalogue.find(project_id, [line.sku for line in order.lines if line.stocked and line.sku])
    rules = routing_rules.of(project_id)
    shelves = ledger.seen_levels(project_id, dict.fromkeys(rules.places, products.values()))
    place = rules.place(facts_of(order, integration_id), units_of(order, products), shelves)
    free = {product_id: level.available for product_id, level in shelves[place].items()}
    return tuple(_need(line, products, free) for line in order.lines)


def _need(line: IncomingLine, products: dict[str, int], free: dict[int, int]) -> Need:
    if not (line.stocked and line.sku):
        return Need(line, True, None)
    product_id = products.get(line.sku)
    return Need(line, product_id is not None, free.get(product_id, 0) if product_id is not None else 0)


def _duplicates(remote: RemoteOrder, order: IncomingOrder) -> list[Order]:
    """Orders over the same amount by the same buyer about the same time, or with the same number.

    A number alone says little: shops count alike. A payment may carry the number of the shop's order, though.
    """
    same = Order.objects.filter(project_id=remote.project_id, total=order.total, currency=order.currency)
    others = same.exclude(remote_order=remote)
    found: dict[int, Order] = {}
    if order.email:
        twins = others.alias(lowered=Lower("customer__email")).filter(
            lowered=order.email.lower(),
            placed_at__range=(order.placed_at - NEAR, order.placed_at + NEAR),
        )
        found |= {twin.pk: twin for twin in twins.order_by("-pk")[:MOST_DUPLICATES]}
    numbered = RemoteOrder.objects.filter(project_id=remote.project_id, number=order.number).exclude(pk=remote.pk)
    ids = list(numbered.exclude(number="").values_list("pk", flat=True)[:MOST_DUPLICATES])
    found |= {twin.pk: twin for twin in others.filter(remote_order_id__in=ids)}
    return list(found.values())
