"""What changed rules would have done to the orders of the last days. Reads stored documents, writes nothing.

Orders are judged and share the stock as an import would do it: by the same functions, in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial

from config.kit import true_time
from integrations.choices import ImportAction
from integrations.importing import rule_table
from integrations.importing.judgement import Lookups, judge, look_up
from integrations.importing.payloads import Candidate, read_stored
from integrations.importing.rules import Rule, Verdict
from integrations.models import Integration
from integrations.shops.rule_settings import WantedRule
from orders.intake import routing_rules
from orders.intake.drafts import Draft, Intake, Obstacle
from orders.intake.incoming import IncomingOrder
from orders.intake.new_orders import draft
from stock import catalogue, ledger

DAYS = (30, 90)
# Orders looked at, newest first: a second or two of reading.
MOST = 20_000


@dataclass
class RuleOutcome:
    """All orders that one Import value gets."""

    action: ImportAction
    orders: int = 0
    """Imported, or, by “Do not import”, ignored."""
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """Their totals by currency."""
    reserved: int = 0
    waiting: int = 0
    """Units that find no stock."""
    issued: int = 0
    """Units that leave the stock."""
    invoices: int = 0
    pending: int = 0
    """Orders that would wait for a person, because their buyers are blocked."""
    failed: int = 0
    """Orders that could not be imported: a code or a product has no name here, or units are missing."""


@dataclass(frozen=True)
class Preview:
    """The same orders under the rules as they are and as they would be, by Import value."""

    days: int
    orders: int
    cut: bool
    """More than MOST orders: the oldest were left out."""
    unreadable: int
    now: list[RuleOutcome]
    then: list[RuleOutcome]

    @property
    def differs(self) -> bool:
        return self.now != self.then


def preview(integration: Integration, wanted: Sequence[WantedRule], days: int) -> Preview:
    """Decide the stored orders of the last `days` twice, each time from the stock as it is at present.

    Orders are taken oldest first, as an import would.
    """
    documents, cut = _stored(integration, days)
    connector, reader = integration.connector, integration.reader()
    seen = [read_stored(connector, reader, document) for document in documents]
    return preview_of(integration, seen, wanted, days, cut=cut)


def preview_of(
    integration: Integration, candidates: Sequence[Candidate], wanted: Sequence[WantedRule], days: int, *, cut: bool
) -> Preview:
    """The same for orders that somebody has read, of the last `days`. `cut`: there are more."""
    seen = _oldest_first(candidates)
    orders = [each.order for each in seen if each.order is not None]
    found = look_up(integration, orders)
    products = _products(integration, orders, found)
    present = rule_table.saved(integration)
    ids = {rule.pk: rule.status for rule in integration.rules.all()}
    typed = [Rule(ids.get(row.rule_id or 0, row.status), ImportAction(row.action), row.retry) for row in wanted]
    changed = present | {rule.status: rule for rule in typed}
    now, then = (_decided(integration, seen, found, products, rules) for rules in (present, changed))
    return Preview(days, len(seen), cut, len(candidates) - len(seen), now, then)


def _stored(integration: Integration, days: int) -> tuple[list[str], bool]:
    """The newest documents of these days, at most MOST; whether there are more."""
    since = true_time.now() - timedelta(days=days)
    stored = integration.remote_orders.filter(placed_at__gte=since).exclude(payload="").order_by("-placed_at")
    documents = list(stored.values_list("payload", flat=True)[: MOST + 1])
    return documents[:MOST], len(documents) > MOST


def _oldest_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that could be read."""
    readable = [(each.order.placed_at, each) for each in candidates if each.order is not None]
    return [each for _, each in sorted(readable, key=lambda pair: pair[0])]


def _products(integration: Integration, orders: Sequence[IncomingOrder], found: Lookups) -> dict[str, int]:
    """Product ids by SKU, in our words; those that an import would create get ids that nobody has."""
    ours = {found.words.articles.sku_of(line) for order in orders for line in order.lines} - {""}
    known = catalogue.find(integration.project_id, sorted(ours))
    return known | {sku: -number for number, sku in enumerate(sorted(ours - set(known)), start=1)}


def _decided(
    integration: Integration,
    seen: Sequence[Candidate],
    found: Lookups,
    products: Mapping[str, int],
    rules: Mapping[str, Rule],
) -> list[RuleOutcome]:
    project_id = integration.project_id
    routing = routing_rules.of(project_id)
    shelves = ledger.seen_levels(project_id, dict.fromkeys(routing.places, products.values()))
    decided = partial(draft, integration.pk, products=products, rules=routing, shelves=shelves)
    outcomes = {action: RuleOutcome(action) for action in ImportAction}
    for candidate in seen:
        item = judge(candidate, rules, found)
        outcome = outcomes[ImportAction(item.decision.action)]
        if item.decision.verdict == Verdict.REVIEW:
            outcome.pending += 1
        elif item.obstacle is not None:
            outcome.failed += 1
        elif item.to_import is None:
            _count(outcome, candidate.order)
        elif isinstance(made := decided(Intake(*item.to_import, None)), Obstacle):
            outcome.failed += 1
        else:
            _count(outcome, candidate.order)
            _add(outcome, made)
    return [outcome for outcome in outcomes.values() if outcome.orders or outcome.pending or outcome.failed]


def _count(outcome: RuleOutcome, order: IncomingOrder | None) -> None:
    outcome.orders += 1
    if order is not None:
        outcome.amounts[order.currency] = outcome.amounts.get(order.currency, Decimal(0)) + order.total


def _add(outcome: RuleOutcome, made: Draft) -> None:
    """What an order takes of the stock, and its invoice."""
    plan = made.intake.plan
    goods = [line for line in made.lines if line.product_id is not None]
    outcome.reserved += sum(line.reserved for line in goods)
    outcome.waiting += sum(line.waiting for line in goods)
    outcome.issued += sum(line.shipped for line in goods) if plan.move_stock else 0
    outcome.invoices += int(plan.invoice)
