"""The one judgement: what becomes of an order of a shop.

Import, Accept Buyer, the look before accepting and the rule preview all ask here, so that they never disagree. The
questions, in this order:

1. What does the rule of its status say, given what is on record of the order (`rules.decide`)?
2. Can it be read at all?
3. Is its buyer on the block list?
4. Have its payment and its shipping method a name here, where unnamed ones fail an order?
5. Is it certain which products it means, and are they known, where unknown ones fail an order?
6. Does it come into the book here, or does it go into another shop?

Stock is not asked: whether “Import and complete” finds every unit shows when stock is shared out (`orders.intake`).
Nothing is written, and no shop is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from integrations.choices import ImportAction, UnknownProducts
from integrations.importing import block_list, mapping
from integrations.importing.block_list import BlockList
from integrations.importing.payloads import BREAKS, GONE, Candidate
from integrations.importing.rules import Decision, Known, Mode, Rule, Verdict, decide
from integrations.models import Integration
from orders.choices import OrderStatus
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingOrder
from orders.intake.plans import PLANS, Plan
from orders.intake.sharing import unknown_product
from stock import catalogue

# What is decided anew and written down.
DUE = frozenset({Verdict.IMPORT, Verdict.IGNORE, Verdict.REVIEW, Verdict.HAND_ON})
GOES_INTO = "It goes into {}, and comes into the book from there."
OVER = "It was over before it was seen here, and its shop hands its orders on into {}."


class Judgement(Struct, frozen=True):
    """What becomes of a candidate.

    With the verdict IMPORT there is either `order`, in our words, to be taken in by `decision.plan`, or the `obstacle`
    that keeps it out.
    """

    candidate: Candidate
    known: Known | None
    decision: Decision
    order: IncomingOrder | None = None
    obstacle: Obstacle | None = None
    blocked_by: str = ""
    """The entry of the block list that its buyer is on."""
    by_rule: bool = True
    """Whether the rule of its status would import it."""

    @property
    def is_due(self) -> bool:
        """Whether it is decided anew, and not left as it stands."""
        return self.decision.verdict in DUE

    @property
    def to_import(self) -> tuple[IncomingOrder, Plan] | None:
        """What is to be taken in, and how; None where nothing is."""
        plan = self.decision.plan
        if self.decision.verdict != Verdict.IMPORT or self.order is None or plan is None:
            return None
        return self.order, plan


@dataclass(frozen=True)
class Lookups:
    """What is set for an integration at this moment, as far as some orders ask for it."""

    listed: BlockList
    words: mapping.Mapping
    known_skus: Collection[str] | None
    """None: unknown products are created, so none is in the way."""
    into: str = ""
    """The shop its orders go into; "" where they come into the book."""


def look_up(integration: Integration, orders: Sequence[IncomingOrder]) -> Lookups:
    """A handful of statements, however many orders there are; none for no orders."""
    if not orders:
        return Lookups(BlockList({}), mapping.Mapping(), None)
    listed = block_list.load(integration.project_id, (order.email for order in orders))
    words = mapping.load(integration, orders)
    into = integration.into_shop.title if integration.into_shop is not None else ""
    if integration.unknown_products == UnknownProducts.CREATE:
        return Lookups(listed, words, None, into)
    skus = {words.articles.sku_of(line) for order in orders for line in order.lines if line.stocked}
    return Lookups(listed, words, catalogue.find(integration.project_id, sorted(skus - {""})), into)


def judge_page(
    integration: Integration,
    seen: Iterable[tuple[Candidate, Known | None]],
    rules: Mapping[str, Rule],
    mode: Mode = Mode.SWEEP,
    *,
    blocked_too: bool = False,
) -> list[Judgement]:
    """Judge candidates, each with what is on record of it, by the rules of their statuses.

    `blocked_too`: a person has seen that the buyer is blocked, and wants the order nevertheless.
    """
    decided = [_by_rule(candidate, known, rules, mode) for candidate, known in seen]
    wanted = [each.candidate.order for each in decided if each.decision.verdict == Verdict.IMPORT]
    found = look_up(integration, [order for order in wanted if order is not None])
    return [_by_lists(each, found, blocked_too=blocked_too) for each in decided]


def judge(candidate: Candidate, rules: Mapping[str, Rule], found: Lookups) -> Judgement:
    """Judge one order as a sweep would that has never seen it before."""
    return _by_lists(_by_rule(candidate, None, rules, Mode.SWEEP), found, blocked_too=False)


def _by_rule(candidate: Candidate, known: Known | None, rules: Mapping[str, Rule], mode: Mode) -> Judgement:
    rule = rules.get(candidate.status) or Rule(candidate.status, ImportAction.SKIP, retry=True)
    decision = decide(rule, candidate.stamp, candidate.digest, known, mode)
    if candidate.error_code in {BREAKS, GONE} and decision.verdict == Verdict.REFRESH:
        # Settled by another run since it was looked up; what was on record then is no news.
        decision = Decision(Verdict.UNCHANGED)
    elif candidate.order is None and decision.verdict in DUE:
        # What cannot be read is never ignored in silence: it is shown as failed whatever its rule says.
        decision = Decision(Verdict.IMPORT, action=rule.action, retry=True)
    return Judgement(candidate, known, decision, by_rule=rule.action in PLANS)


def _by_lists(judged: Judgement, found: Lookups, *, blocked_too: bool) -> Judgement:
    candidate, decision = judged.candidate, judged.decision
    if decision.verdict != Verdict.IMPORT:
        return judged
    if candidate.order is None:
        return replace(judged, obstacle=Obstacle(candidate.error_code, candidate.error, candidate.subject))
    blocked_by = found.listed.blocked(candidate.order.email)
    ours = found.words.apply(candidate.order)
    obstacle = ours if isinstance(ours, Obstacle) else _unknown(ours, found.known_skus)
    order = ours if isinstance(ours, IncomingOrder) and obstacle is None else None
    if blocked_by and not blocked_too:
        reason = f"The buyer is on the block list (“{blocked_by}”): accept the buyer or mark it as cancel."
        decision = Decision(Verdict.REVIEW, action=decision.action, reason_code="blocked", reason=reason[:500])
    elif found.into and order is not None:
        decision = _elsewhere(decision, found.into)
    return replace(judged, decision=decision, order=order, obstacle=obstacle, blocked_by=blocked_by)


def _elsewhere(decision: Decision, into: str) -> Decision:
    """Of an order that would come into the book here. What is over is made nowhere again."""
    plan = decision.plan
    if plan is None or plan.status in {OrderStatus.CANCELLED, OrderStatus.COMPLETE}:
        return Decision(Verdict.IGNORE, action=decision.action, reason_code="over", reason=OVER.format(into)[:500])
    return Decision(
        Verdict.HAND_ON, action=decision.action, reason_code="handed_on", reason=GOES_INTO.format(into)[:500]
    )


def _unknown(order: IncomingOrder, known_skus: Collection[str] | None) -> Obstacle | None:
    """The first product in the way."""
    if known_skus is None:
        return None
    skus = (line.sku for line in order.lines if line.stocked and line.sku)
    return next((unknown_product(sku) for sku in skus if sku not in known_skus), None)
