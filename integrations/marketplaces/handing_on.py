"""Orders of a marketplace that go into a shop: written down with the page that saw them, made there by a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.choices import CrossingKind
from integrations.models import Crossing, Integration
from orders import bell


class HandOnRefused(Refused):
    """The orders of this integration cannot go there; the message is for staff."""


def hand_on(marketplace: Integration, orders: Sequence[tuple[int, str]]) -> None:
    """Have these remote orders, as (id, number), made in the shop they go into. In the caller's transaction."""
    if not orders or marketplace.into_shop_id is None:
        return
    now = true_time.now()
    Crossing.objects.bulk_create(
        [
            Crossing(
                integration_id=marketplace.into_shop_id,
                kind=CrossingKind.ORDER,
                subject=pk,
                order_id=pk,
                label=f"{marketplace.title} {number}".strip()[:100],
                next_try_at=now,
                created_at=now,
            )
            for pk, number in orders
        ],
        ignore_conflicts=True,  # whoever accepts what was handed on before hands on nothing new
    )
    bell.something_follows(marketplace.project_id)


def choices(marketplace: Integration) -> list[Integration]:
    """The shops that its orders can go into."""
    return choices_among(marketplace, Integration.objects.filter(project=marketplace.project_id).defer("credentials"))


def choices_among(marketplace: Integration, shops: Iterable[Integration]) -> list[Integration]:
    """Those of the shops of its project that its orders can go into."""
    others = (shop for shop in shops if shop.into_shop_id is None and shop.pk != marketplace.pk)
    return [shop for shop in others if shop.connector.outward.creation is not None]


def set_target(marketplace: Integration, shop_id: int | None, *, invoice_after_import: bool, takes_stock: bool) -> bool:
    """Where its new orders go from now on. Whether anything is different. Raises HandOnRefused."""
    if shop_id is not None:
        if shop_id not in {shop.pk for shop in choices(marketplace)}:
            raise HandOnRefused("Orders cannot go into this shop: choose one of the list.")
        if marketplace.handed_on_by.exists():
            raise HandOnRefused("Orders of other marketplaces go into this one: it cannot hand them on.")
    wanted = (shop_id, invoice_after_import, takes_stock)
    if (marketplace.into_shop_id, marketplace.invoice_after_import, marketplace.takes_stock) == wanted:
        return False
    marketplace.into_shop_id, marketplace.invoice_after_import, marketplace.takes_stock = wanted
    marketplace.save(update_fields=["into_shop", "invoice_after_import", "takes_stock"])
    return True
