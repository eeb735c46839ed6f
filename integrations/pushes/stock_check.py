"""The run that reads all of a shop's quantities and lays them beside the stock; nothing is written in the shop by it.

What a shop has forgotten, or somebody has changed there, is told again - not at once, because it may have sold units
whose order is still on its way to us.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from config.kit import true_time
from config.kit.plurals import counted
from config.kit.sql import execute
from integrations.choices import ArticleState
from integrations.connectors.listings import ProductPage, RemoteProduct
from integrations.importing import articles
from integrations.models import Integration, Run, ShopArticle
from integrations.pushes import shop_articles
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.shop_stock.comparison import MOST_UNITS
from integrations.shops.ask import ask
from orders.intake.drafts import Obstacle
from stock import catalogue

# Longer than orders take to come in by their feed.
TOLD_AGAIN_AFTER = timedelta(minutes=20)
KEEP = (
    "INSERT INTO integrations_shoparticle AS kept"
    " (integration_id, sku, product_id, name, place, state, in_shop, seen_at, told, message, tries)"
    " SELECT %s, sku, nullif(product_id, 0), name, '{}', state, in_shop, %s, in_shop, '', 0"
    " FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::int[])"
    " AS new (sku, product_id, name, state, in_shop)"
    " ON CONFLICT (integration_id, sku) DO UPDATE SET product_id = excluded.product_id, name = excluded.name,"
    " state = excluded.state, in_shop = excluded.in_shop, seen_at = excluded.seen_at, message = '',"
    # Told after it was read, on this very page: the newer word counts.
    " told = CASE WHEN kept.told_at > excluded.seen_at THEN kept.told ELSE excluded.in_shop END,"
    " tries = 0, next_try_at = CASE WHEN kept.told IS DISTINCT FROM excluded.in_shop THEN %s END"
)


def check_stock_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One page of the shop's articles. Raises ShopError."""
    cursor = run.cursor or {}
    products = integration.connector.products
    if cursor.get("done") or products is None:
        return RunPage(done=True, asked=False)
    began = cursor.get("began") or true_time.now().isoformat()
    read_at = true_time.now()
    page: ProductPage = ask(integration, products(integration.shop(), cursor.get("at")), held=held)
    done = page.next is None

    def write(_: int) -> Written:
        counts = _keep(integration, page.products, read_at)
        note = ""
        if done:
            gone = ShopArticle.objects.filter(integration=integration, seen_at__lt=datetime.fromisoformat(began))
            gone.exclude(state=ArticleState.UNKNOWN).update(state=ArticleState.UNKNOWN)
            adrift = shop_articles.adrift(integration).count()
            note = f"{counted(adrift, 'quantity differs', 'quantities differ')}."
            note = note if adrift else "Every quantity is as it should be."
        return Written(counts, note=note)

    return RunPage({"at": page.next, "began": began, "done": done}, write, done=done, total=page.total)


def _keep(integration: Integration, products: Iterable[RemoteProduct], read_at: datetime) -> dict[str, int]:
    """Of several articles with one SKU the last counts; all of them are set together when it is told."""
    found = {product.sku.strip()[:100]: product for product in products if product.sku.strip()}
    known = articles.load(integration, {(sku, product.ean) for sku, product in found.items()})
    ours = {sku: known.meant(sku, product.ean) for sku, product in found.items()}
    ids = catalogue.find(integration.project_id, sorted({sku for sku in ours.values() if isinstance(sku, str) and sku}))
    rows = []
    for sku, product in sorted(found.items()):
        meant = ours[sku]
        quantity = product.quantity if product.quantity is not None and abs(product.quantity) <= MOST_UNITS else None
        state = ArticleState.KNOWN if quantity is not None else ArticleState.UNMANAGED
        product_id = 0 if isinstance(meant, Obstacle) else ids.get(meant, 0)
        rows.append((sku, product_id, product.name[:300], state.value, quantity))
    if rows:
        again = true_time.now() + TOLD_AGAIN_AFTER
        execute(KEEP, [integration.pk, read_at, *map(list, zip(*rows, strict=True)), again])
        shop_articles.count(integration.project_id, sorted(set(ids.values())))
    unmanaged = sum(row[3] == ArticleState.UNMANAGED for row in rows)
    return {"fetched": len(rows), "ignored": unmanaged, "updated": len(rows) - unmanaged}
