"""Internal notes of an order."""

from __future__ import annotations

from django.db import transaction

from config.kit import true_time
from orders.models import Order, OrderNote
from orders.work.changing import ChangeRefused


def add_note(order_id: int, text: str, *, seen: int, author_id: int | None) -> OrderNote:
    """Write a note. `seen` is the newest note the person saw, 0 for none: a second click writes nothing."""
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).only("pk").get(pk=order_id)
        if newest(order_id) != seen:
            raise ChangeRefused("A note was added since you opened this page, maybe by your own click before.")
        return OrderNote.objects.create(order_id=order_id, text=text, author_id=author_id, at=true_time.now())


def newest(order_id: int) -> int:
    return OrderNote.objects.filter(order_id=order_id).order_by("-id").values_list("pk", flat=True).first() or 0
