"""The demo's segments and earning rules; customers enter and earn as their orders come in."""

from __future__ import annotations

from decimal import Decimal

from integrations.models import Project
from orders.choices import EarningTrigger, SegmentKind
from orders.points import earning_rules
from orders.segments import definitions
from orders.segments.conditions import Condition

SEGMENTS = {
    "Regulars": [Condition("total_count", "at_least", 2)],
    "Big spenders": [Condition("total_amount", "at_least", "100")],
    "Gone quiet": [Condition("last_order_date", "more_than_days_ago", 14)],
}


def seed(project: Project) -> None:
    """Segments by conditions, points for new orders and for who becomes a regular."""
    made = {
        name: definitions.create(
            project.pk, definitions.SegmentWish(name, SegmentKind.AUTOMATIC, conditions=conditions)
        )
        for name, conditions in SEGMENTS.items()
    }
    entered = EarningTrigger.SEGMENT_ENTERED
    earning_rules.create(
        project.pk, earning_rules.EarningRuleWish("Welcome, regular", entered, 50, made["Regulars"].pk)
    )
    paid = EarningTrigger.ORDER_PAID
    earning_rules.create(
        project.pk, earning_rules.EarningRuleWish("A point for each euro", paid, 1, per_amount=Decimal("1.00"))
    )
