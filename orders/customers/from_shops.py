"""Customers of orders from shops: one per e-mail address of a project, whatever its case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from config.kit.sql import execute
from orders.intake.incoming import IncomingOrder


def find_or_create(project_id: int, orders: Sequence[IncomingOrder], at: datetime) -> dict[str, int]:
    """Customer ids by e-mail in lower case, for all orders that carry one."""
    named: dict[str, IncomingOrder] = {}
    for order in orders:
        if order.email:
            named.setdefault(order.email.lower(), order)
    if not named:
        return {}
    known = find(project_id, sorted(named))
    new = [email for email in sorted(named) if email not in known]
    if new:
        made = execute(
            "INSERT INTO orders_customer (project_id, email, name, phone, created_at)"
            " SELECT %s, email, name, phone, %s FROM unnest(%s::text[], %s::text[], %s::text[])"
            " AS new (email, name, phone)"
            " ON CONFLICT (project_id, lower(email)) WHERE source_id = '' AND email <> '' DO NOTHING"
            " RETURNING lower(email), id",
            [
                project_id,
                at,
                [named[email].email for email in new],
                [named[email].buyer_name[:200] for email in new],
                [named[email].phone[:40] for email in new],
            ],
        )
        known |= dict(made)
        if len(made) < len(new):  # somebody else has made one in this moment
            known |= find(project_id, [email for email in new if email not in known])
    return known


def find(project_id: int, emails: Sequence[str]) -> dict[str, int]:
    """Customer ids by these e-mails, which are in lower case; of several, one whom no partner has named goes first."""
    return dict(
        execute(
            "SELECT DISTINCT ON (lower(email)) lower(email), id FROM orders_customer"
            " WHERE project_id = %s AND lower(email) = ANY(%s) ORDER BY lower(email), source_id <> '', id",
            [project_id, list(emails)],
        )
    )
