"""Customers that somebody types something of: the beginning of an e-mail address or of a name, a source id."""

from __future__ import annotations

from orders.models import Customer
from orders.models.orders import EMAIL_KEY, NAME_KEY


def first_found(project_id: int, text: str, most: int) -> set[int]:
    """The primary keys of the first of each kind, each by its index; nobody who is deleted."""
    rows = Customer.objects.filter(project=project_id, deleted_at=None).alias(lowered=EMAIL_KEY, key=NAME_KEY)
    found = (
        rows.filter(lowered__startswith=text.lower()).order_by("lowered"),
        rows.exclude(name="").filter(key__startswith=text.upper()).order_by("key"),
        rows.filter(source_id=text).order_by(),
    )
    first = [part.values_list("pk", flat=True)[:most] for part in found]
    return set(first[0].union(*first[1:], all=True))
