"""Internal notes of an order, and what was said of it in its shop."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from config.kit import true_time
from orders.intake.incoming import IncomingComment
from orders.models import Order, OrderNote
from orders.work.changing import ChangeRefused


def add_note(order_id: int, text: str, *, seen: int, author_id: int | None) -> OrderNote:
    """Write a note. `seen` is the newest note the person saw, 0 for none: a second click writes nothing."""
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).only("pk").get(pk=order_id)
        if newest(order_id) != seen:
            raise ChangeRefused("A note was added since you opened this page, maybe by your own click before.")
        return OrderNote.objects.create(order_id=order_id, text=text, author_id=author_id, at=true_time.now())


def take_over(order_id: int, comments: Iterable[IncomingComment]) -> int:
    """Add the comments of the shop that are not here yet; how many. In the transaction that holds the order."""
    known = set(OrderNote.objects.filter(order_id=order_id).values_list("remote_key", flat=True))
    new = [
        OrderNote(order_id=order_id, text=each.text, at=each.at, remote_key=each.key, remote_author=each.author)
        for each in comments
        if each.key not in known
    ]
    OrderNote.objects.bulk_create(new)
    return len(new)


def newest(order_id: int) -> int:
    """The newest note that was written here."""
    ours = OrderNote.objects.filter(order_id=order_id, remote_key="")
    return ours.order_by("-id").values_list("pk", flat=True).first() or 0
