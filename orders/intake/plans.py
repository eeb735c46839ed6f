"""What each Import value means for an order, as data."""

from __future__ import annotations

from msgspec import Struct

from orders.choices import OrderStatus


class Plan(Struct, frozen=True, kw_only=True):
    """What intake does with one order."""

    action: str
    status: OrderStatus
    reserve: bool = False
    """Hold back what is available; the rest of each line waits."""
    invoice: bool = False
    ship: bool = False
    move_stock: bool = False
    """The shipped goods leave the stock; refused as a whole when any line lacks units."""

    @property
    def historical(self) -> bool:
        return self.ship and not self.move_stock


VALID = Plan(action="valid", status=OrderStatus.PROCESSING, reserve=True)
INVOICE = Plan(action="invoice", status=OrderStatus.PROCESSING, reserve=True, invoice=True)
CANCEL = Plan(action="cancel", status=OrderStatus.CANCELLED)
HOLD = Plan(action="hold", status=OrderStatus.ON_HOLD, reserve=True)
COMPLETE = Plan(action="complete", status=OrderStatus.COMPLETE, invoice=True, ship=True, move_stock=True)
HISTORY = Plan(action="history", status=OrderStatus.COMPLETE, invoice=True, ship=True)

API_HISTORY = Plan(action="api_history", status=OrderStatus.COMPLETE)
# Orders of a bulk import by the API: no documents, no stock, no tab; the published status stands beside.
API_HISTORY_CANCELLED = Plan(action="api_history", status=OrderStatus.CANCELLED)

# By the value of the integration's import action; an action that is not here imports nothing.
PLANS = {plan.action: plan for plan in (VALID, INVOICE, CANCEL, HOLD, COMPLETE, HISTORY)}

# How history came in: nobody is told of its orders, neither when they come nor when they change.
SILENT = frozenset({HISTORY.action, API_HISTORY.action})
