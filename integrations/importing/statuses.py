"""What a status of the shop means for an order that is in the book."""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.contract import Connector
from integrations.models import Integration
from orders.choices import OrderStatus
from orders.intake.plans import PLANS


def ended_statuses(connector: Connector) -> frozenset[str]:
    """The statuses of a sale that is off (cancelled, refunded, failed): by default not imported and not waited for."""
    return frozenset(
        rule.status for rule in connector.default_rules if rule.action == ImportAction.SKIP and not rule.retry
    )


def meaning(integration: Integration, status: str, action: str | None) -> OrderStatus | None:
    """The local status a remote one stands for, by its rule; None where it says nothing.

    A rule that would not import says nothing, unless the sale is off: then the order is cancelled here, too.
    """
    plan = PLANS.get(action or "")
    if plan is not None:
        return plan.status
    return OrderStatus.CANCELLED if status in ended_statuses(integration.connector) else None
