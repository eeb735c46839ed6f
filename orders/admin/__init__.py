"""The admin of the order book."""

from orders.admin import customers, documents, earning_rules, letterheads, orders, points, routing, segments
from orders.admin.preparing import preparations

__all__ = [
    "customers",
    "documents",
    "earning_rules",
    "letterheads",
    "orders",
    "points",
    "preparations",
    "routing",
    "segments",
]
