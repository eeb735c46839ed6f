"""What changed rules would have done to the orders of the last days. Reads stored payloads, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from integrations.choices import ImportAction
from integrations.connectors.errors import PayloadError
from integrations.importing import mapping
from integrations.importing.mapping import Unmapped
from integrations.models import Integration
from integrations.shops.rule_settings import Wanted
from orders.intake.incoming import IncomingOrder
from orders.intake.plans import PLANS
from stock import catalogue
from stock.availability import Level, issue, shortages
from stock.models import StockLevel

DAYS = (30, 90)
MOST = 20_000
"""Orders looked at, newest first: a second or two of reading."""


@dataclass
class Outcome:
    """All orders that one Import value gets."""

    action: ImportAction
    orders: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """Totals by currency."""
    reserved: int = 0
    waiting: int = 0
    """Units that find no stock."""
    issued: int = 0
    """Units that leave the stock."""
    invoices: int = 0
    refused: int = 0
    """Orders of “Import and complete” for which units are missing."""


@dataclass(frozen=True)
class Preview:
    """The same orders under the rules as they are and as they would be, by Import value."""

    days: int
    orders: int
    cut: bool
    """More than MOST orders: the oldest were left out."""
    unreadable: int
    now: list[Outcome]
    then: list[Outcome]

    @property
    def differs(self) -> bool:
        return self.now != self.then


def preview(integration: Integration, wanted: Sequence[Wanted], days: int) -> Preview:
    """Decide the stored orders of the last `days` twice, each time from the stock as it is at present.

    Orders are taken oldest first, as an import would. Raises ShopError when the credentials cannot be read.
    """
    orders, unreadable, cut = _orders(integration, days)
    products = catalogue.find(
        integration.project_id, sorted({line.sku for o in orders for line in o.lines if line.sku})
    )
    present = {rule.status: ImportAction(rule.action) for rule in integration.rules.all()}
    ids = {rule.pk: rule.status for rule in integration.rules.all()}
    changed = present | {ids.get(row.rule_id or 0, row.status): ImportAction(row.action) for row in wanted}
    return Preview(
        days,
        len(orders),
        cut,
        unreadable,
        _decided(integration, orders, products, present),
        _decided(integration, orders, products, changed),
    )


def _orders(integration: Integration, days: int) -> tuple[list[IncomingOrder], int, bool]:
    connector, shop = integration.connector, integration.shop()
    since = timezone.now() - timedelta(days=days)
    stored = integration.remote_orders.filter(placed_at__gte=since).order_by("-placed_at")
    payloads = list(stored.values_list("payload", flat=True)[: MOST + 1])
    orders, unreadable = [], 0
    for payload in payloads[:MOST]:
        try:
            orders.append(connector.parse(payload.encode(), shop))
        except PayloadError:
            unreadable += 1
    words = mapping.load(integration)
    mapped = [(order, words.apply(order)) for order in orders]
    ours = [order if isinstance(put, Unmapped) else put for order, put in mapped]
    return sorted(ours, key=lambda order: order.placed_at), unreadable, len(payloads) > MOST


def _decided(
    integration: Integration,
    orders: Sequence[IncomingOrder],
    products: Mapping[str, int],
    rules: Mapping[str, ImportAction],
) -> list[Outcome]:
    levels = {
        level.product_id: Level(level.pk, level.on_hand, level.reserved)
        for level in StockLevel.objects.filter(product_id__in=products.values(), warehouse__is_default=True)
    }
    outcomes = {action: Outcome(action) for action in ImportAction}
    for order in orders:
        outcome = outcomes[rules.get(order.status, ImportAction.SKIP)]
        outcome.orders += 1
        outcome.amounts[order.currency] = outcome.amounts.get(order.currency, Decimal(0)) + order.total
        _share(outcome, order, products, levels)
    return [outcome for outcome in outcomes.values() if outcome.orders]


def _share(outcome: Outcome, order: IncomingOrder, products: Mapping[str, int], levels: Mapping[int, Level]) -> None:
    """Count what an order would take, from the levels as the orders before have left them."""
    plan = PLANS.get(outcome.action)
    if plan is None:
        return
    wanted: dict[int, int] = {}
    for line in order.lines:
        if line.stocked and line.sku:
            product = products.get(line.sku, 0)
            wanted[product] = wanted.get(product, 0) + line.quantity
    if plan.move_stock:
        if shortages(levels, wanted):
            outcome.refused += 1
            return
        issue(levels, wanted)
        outcome.issued += sum(wanted.values())
    elif plan.reserve:
        for product, units in wanted.items():
            taken = levels[product].take(units) if product in levels else 0
            outcome.reserved += taken
            outcome.waiting += units - taken
    outcome.invoices += int(plan.invoice)
