"""Which article of ours a shop means: by its SKU, by its EAN, or as somebody has said by hand.

What is mapped by hand comes first. An EAN that several of our products have is never guessed at, unless one of them
has the very SKU that the shop names. A line without a SKU is known by its EAN.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from config.kit.sql import execute
from integrations.choices import ArticleKey
from integrations.models import Integration
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingLine, IncomingOrder
from stock import catalogue

# The reason code of orders that wait until somebody has said which product an EAN means.
AMBIGUOUS = "ambiguous_ean"
# What a shop knows an article by: its SKU and its EAN, either may be "".
Keys = tuple[str, str]


class Articles(Struct, frozen=True):
    """What is set for an integration and what is here, as far as some keys ask for it."""

    by: str = ArticleKey.SKU
    mapped: dict[str, str] = {}
    """Our SKU by the shop's SKU, or by an EAN."""
    known: frozenset[str] = frozenset()
    """Of the shop's SKUs those that are products here; looked up only where EANs count."""
    of_eans: dict[str, tuple[str, ...]] = {}
    """The SKUs of our products by their EAN."""

    def meant(self, sku: str, ean: str) -> str | Obstacle:
        """Our SKU, or the shop's where no product of ours is meant; what several products share is in the way."""
        if self.by == ArticleKey.SKU:
            return self.mapped.get(sku, sku)
        for key in (sku, ean):
            if key and key in self.mapped:
                return self.mapped[key]
        if not ean or (self.by == ArticleKey.SKU_EAN and sku in self.known):
            return sku
        found = self.of_eans.get(ean, ())
        own = next((key for key in (sku, ean) if key in found), "")
        if len(found) > 1 and not own:
            return _ambiguous(ean, found)
        return own or next(iter(found), sku or ean)

    def sku_of(self, line: IncomingLine) -> str:
        """Our SKU of a line, "" where nothing is certain."""
        meant = self.of(line)
        return "" if isinstance(meant, Obstacle) else meant

    def of(self, line: IncomingLine) -> str | Obstacle:
        """As `meant`; the EAN of what takes no part in stock says nothing."""
        return self.meant(line.sku, line.ean if line.stocked else "")

    def together(self, others: Articles) -> Articles:
        """What these and the others know."""
        return Articles(self.by, self.mapped | others.mapped, self.known | others.known, self.of_eans | others.of_eans)


def _ambiguous(ean: str, skus: Collection[str]) -> Obstacle:
    message = f"The EAN {ean} belongs to several products ({', '.join(skus)}): say which one it means here."
    return Obstacle(AMBIGUOUS, message[:500], ean)


def keys_of(orders: Iterable[IncomingOrder]) -> frozenset[Keys]:
    return frozenset((line.sku, line.ean) for order in orders for line in order.lines)


def load(integration: Integration, keys: Collection[Keys] | None) -> Articles:
    """What these keys ask for; None: all that is mapped by hand, and no EANs."""
    if keys is None:
        mapped = dict(integration.sku_mappings.order_by().values_list("shop_sku", "sku"))
        return Articles(integration.articles_by, mapped)
    skus = {sku for sku, _ in keys}
    if integration.articles_by == ArticleKey.SKU:
        return Articles(mapped=_mapped(integration, skus))
    eans = {ean for _, ean in keys if ean}
    known = catalogue.find(integration.project_id, sorted(skus)) if eans else {}
    of_eans = catalogue.skus_of_eans(integration.project_id, eans)
    return Articles(integration.articles_by, _mapped(integration, skus | eans), frozenset(known), of_eans)


def _mapped(integration: Integration, wanted: Collection[str]) -> dict[str, str]:
    """Asked for as one array: a parameter for each SKU costs more than the look-up."""
    found = execute(
        "SELECT shop_sku, sku FROM integrations_skumapping WHERE integration_id = %s AND shop_sku = ANY(%s)",
        [integration.pk, sorted(wanted)],
    )
    return dict(found)
