"""What stands in the fields of messages: customers, orders and segments of a batch, read in a statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from config.kit.money import money
from config.kit.public_ids import PublicIds
from integrations.models import Message, Project
from orders.models import Customer, CustomerSummary, Order, Segment


@dataclass(frozen=True)
class Values:
    """The rows behind a batch of messages of one project."""

    project: Project
    customers: Mapping[int, Customer]
    orders: Mapping[int, Order]
    segments: Mapping[int, str]

    def email(self, message: Message) -> str:
        """Where the message goes; "" when the customer is not here any more or has no address."""
        customer = self.customers.get(message.customer_id)
        return customer.email if customer else ""

    def of(self, message: Message) -> dict[str, str]:
        """The fields of `wording.fields`, and the customer's metadata, as text."""
        values = {"project.name": self.project.name}
        customer = self.customers.get(message.customer_id)
        if customer is not None:
            values |= _of_customer(customer, self.project.currency)
        order = self.orders.get(message.order_id or 0)
        if order is not None:
            values |= {
                "order.number": order.number,
                "order.total": money(order.total, order.currency),
                "order.id": PublicIds(bytes(self.project.id_key)).give("ord", order.pk),
            }
        if message.distribution.segment_id is not None:
            values["segment.name"] = self.segments.get(message.distribution.segment_id, "")
        return values


def _of_customer(customer: Customer, currency: str) -> dict[str, str]:
    summary = getattr(customer, "summary", None) or CustomerSummary()
    metadata = {
        f"customer.metadata.{key}": str(value)
        for key, value in customer.metadata.items()
        if isinstance(value, str | int | float)
    }
    texts = {f"customer.{name}": getattr(customer, name) for name in ("name", "email", "phone", "source_id")}
    return (
        metadata
        | texts
        | {
            "customer.points": f"{summary.points:,}",
            "customer.order_count": f"{summary.total_count:,}",
            "customer.total_spent": money(Decimal(summary.total_amount), currency),
        }
    )


def load_values(project_id: int, batch: Sequence[Message]) -> Values:
    """Everything the batch needs, in five statements."""
    customers = Customer.objects.select_related("summary").filter(project_id=project_id)
    orders = Order.objects.filter(project_id=project_id).defer("search")
    entered = {message.distribution.segment_id or 0 for message in batch}
    segments = Segment.objects.filter(project_id=project_id, pk__in=entered)
    return Values(
        Project.objects.get(pk=project_id),
        customers.in_bulk({message.customer_id for message in batch}),
        orders.in_bulk({message.order_id for message in batch if message.order_id is not None}),
        dict(segments.values_list("pk", "name")),
    )
