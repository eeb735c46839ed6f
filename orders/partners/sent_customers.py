"""The customers and referrers of orders that partners send: the same rules as for customers by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import structs

from config.kit.round_trips import Question
from orders.customers.customer_objects import CustomerObject, says_nothing
from orders.customers.upserting import CustomerFailure, Customers
from orders.partners.published import InvalidOrder


def add(customers: Customers, person: CustomerObject | None, public_id: str | None) -> int | None:
    """Remember the customer of an order; the ticket, or None when nothing says who it is."""
    sent = CustomerObject() if person is None else person
    if public_id and not sent.id:
        sent = structs.replace(sent, id=public_id)
    return None if says_nothing(sent) else customers.add(sent)


def pk(customers: Customers, ticket: int | None, path: str) -> int | None:
    """Their primary key, once they are written; `path` leads to them in the order. Raises InvalidOrder."""
    if ticket is None:
        return None
    outcome = customers.outcome(ticket)
    if isinstance(outcome, CustomerFailure):
        key = "invalid_customer" if outcome.key == "not_found" else outcome.key
        raise InvalidOrder(key, outcome.details.replace("Property ", f"Property .{path}", 1))
    return outcome.customer_id


class SentBuyers:
    """The customers of orders that are written before the project's lock is taken, see `orders.intake.new_orders`."""

    ids: Mapping[str, int] = {}  # their orders name them by key

    def __init__(self, customers: Customers) -> None:
        self._customers = customers
        self._foreseen = customers.outcomes

    def asked_again(self, project_id: int, at: datetime) -> Sequence[Question[list[int]]]:
        return [self._customers.meant()]

    def came_true(self, project_id: int, now: Sequence[int], at: datetime) -> bool:
        self._customers.write_as(now, at)
        return self._customers.outcomes == self._foreseen
