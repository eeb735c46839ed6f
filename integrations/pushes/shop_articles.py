"""How many units each shop is to say there are, kept up with the stock.

A shop takes the units off by itself when it sells, so that its own sales need no telling: what it was told last less
what it has sold since is what it says now. Only where that differs from what is available here it is told, absolutely.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from config.kit import true_time
from config.kit.sql import execute
from integrations.choices import ArticleState, Outgoing
from integrations.models import Integration, ShopArticle
from orders import bell
from stock.models import LevelChange, StockWatch

AT_ONCE = 1_000
ADRIFT = Q(state=ArticleState.KNOWN, wanted__isnull=False, in_shop__isnull=False) & ~Q(in_shop=F("wanted"))
TO_TELL = Q(state=ArticleState.KNOWN, wanted__isnull=False) & (Q(told=None) | ~Q(told=F("wanted")))
# How far back orders are looked through for a shop's own sales. Each is counted when it comes in, moments after it was
# placed; one that comes later is told like any other change.
OWN_SALES = timedelta(days=1)
TAKE = (
    "DELETE FROM stock_levelchange WHERE id IN (SELECT id FROM stock_levelchange WHERE project_id = %s"
    " ORDER BY id LIMIT %s) RETURNING product_id"
)
# What is available in all warehouses, less the safety stock; a shop's own sales since it was told are counted off.
COUNT = """
WITH available AS (
  SELECT product.id, coalesce(sum(level.on_hand - level.reserved), 0)::int AS units FROM stock_product AS product
  LEFT JOIN stock_stocklevel AS level ON level.product_id = product.id
  WHERE product.id = ANY(%(products)s) GROUP BY product.id
), sold AS (
  SELECT article.id, sum(line.quantity)::int AS units FROM integrations_shoparticle AS article
  JOIN orders_order AS o ON o.integration_id = article.integration_id
    AND o.placed_at > greatest(article.told_at, %(since)s)
  JOIN orders_orderline AS line ON line.order_id = o.id AND line.product_id = article.product_id
  WHERE article.product_id = ANY(%(products)s) AND article.told IS NOT NULL AND article.integration_id = ANY(%(shops)s)
  GROUP BY article.id
)
UPDATE integrations_shoparticle AS article SET wanted = counted.wanted,
  told = CASE WHEN counted.units > 0 AND article.told - counted.units = counted.wanted THEN counted.wanted
    ELSE article.told END,
  told_at = CASE WHEN counted.units > 0 AND article.told - counted.units = counted.wanted THEN %(now)s
    ELSE article.told_at END,
  tries = 0
FROM (
  SELECT each.id, greatest(0, available.units - shop.safety_stock) AS wanted, coalesce(sold.units, 0) AS units
  FROM integrations_shoparticle AS each JOIN available ON available.id = each.product_id
  JOIN integrations_integration AS shop ON shop.id = each.integration_id
  LEFT JOIN sold ON sold.id = each.id
  WHERE each.integration_id = ANY(%(shops)s)
) AS counted
WHERE article.id = counted.id AND article.wanted IS DISTINCT FROM counted.wanted
"""


def follow_levels(project_id: int) -> bool:
    """Take changes of a project's levels over into what its shops are to say. Whether there may be more."""
    changed = {row[0] for row in execute(TAKE, [project_id, AT_ONCE])}
    # Read in a statement of its own: what was committed with the changes that were taken is seen by it.
    count(project_id, sorted(changed))
    return len(changed) == AT_ONCE


def changed_projects() -> set[int]:
    return set(LevelChange.objects.order_by().values_list("project_id", flat=True).distinct())


def count(project_id: int, product_ids: Sequence[int]) -> None:
    """Count anew what the shops are to say of these products. In the caller's transaction."""
    shops = list(Integration.objects.filter(project=project_id).values_list("pk", flat=True))
    if shops and product_ids:
        now = true_time.now()
        values = {"products": list(product_ids), "shops": shops, "now": now, "since": now - OWN_SALES}
        execute(COUNT, values)


def to_tell(integration: Integration) -> QuerySet[ShopArticle]:
    """The articles whose quantity the shop is to be told now."""
    rows = differing(integration).filter(Q(next_try_at=None) | Q(next_try_at__lte=true_time.now()))
    return rows.order_by("pk")


def differing(integration: Integration) -> QuerySet[ShopArticle]:
    """The articles of which the shop was told another quantity last than there is, or none."""
    return ShopArticle.objects.filter(TO_TELL, integration=integration)


def adrift(integration: Integration) -> QuerySet[ShopArticle]:
    """The articles of which the shop had another quantity, when it was last asked, than there is."""
    return ShopArticle.objects.filter(ADRIFT, integration=integration)


def tell_again(rows: QuerySet[ShopArticle]) -> int:
    """Let the live shops of these articles be told now, also where they were told or had refused. How many."""
    known = rows.filter(state__in=[ArticleState.KNOWN, ArticleState.REFUSED], wanted__isnull=False)
    live = known.filter(integration__live=True)
    with transaction.atomic():
        projects = set(live.order_by().values_list("integration__project_id", flat=True))
        count = live.update(told=None, next_try_at=None, tries=0, state=ArticleState.KNOWN, message="")
        for project_id in projects:
            bell.something_follows(project_id)
    return count


def watch(project_id: int) -> None:
    """Hear of changes of levels while a shop of the project is told of its stock, and only then."""
    exporting = Integration.objects.filter(project=project_id, live=True, sends__contains=[Outgoing.STOCK.value])
    if exporting.exists():
        StockWatch.objects.bulk_create([StockWatch(project_id=project_id)], ignore_conflicts=True)
    else:
        StockWatch.objects.filter(project=project_id).delete()
        LevelChange.objects.filter(project=project_id).delete()
