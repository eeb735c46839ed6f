"""What is known of an order's place in its shop, for lists and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import CharField, F, Value
from django.db.models.functions import Coalesce, NullIf

from orders.choices import InShop

if TYPE_CHECKING:
    from orders.models import Order


def newest_status() -> Coalesce:
    """The newest status known of an order in its shop; `remote_status` is the one it was last written from."""
    known = NullIf(F("remote_order__status"), Value(""))
    return Coalesce(known, F("remote_status"), output_field=CharField())


def version_of(order: Order) -> str:
    """A word for what the shop says of an order with a mark, another one whenever it says something else; else ""."""
    if not marks_of(order) or order.remote_order is None:
        return ""
    digest = bytes(order.remote_order.digest).hex()
    return f"gone-{digest}" if order.shop_gone_at is not None else digest


def marks_of(order: Order) -> list[InShop]:
    """What of an order a person should look at. Of one that is gone nothing else matters."""
    if order.shop_gone_at is not None:
        return [InShop.GONE]
    return [InShop.CHANGED] if order.shop_changed_at is not None else []
