"""The run that reads how many units of each product a shop can sell; nothing is booked by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from config.kit import true_time
from config.kit.isolating import in_halves
from config.kit.sql import execute
from integrations.connectors.listings import ProductPage, RemoteProduct
from integrations.importing import articles
from integrations.importing.articles import Articles
from integrations.models import Integration, Run, TakeOver
from integrations.runs.claims import Claim
from integrations.runs.pages import CalledOff, RunPage, Written, kept_back
from integrations.shop_stock.comparison import MOST_UNITS
from integrations.shops.ask import ask
from orders.intake.drafts import Obstacle

KEEP = (
    "INSERT INTO integrations_shopquantity AS kept"
    " (take_over_id, external_id, shop_sku, sku, name, quantity, twice, read_at, taken_back)"
    " SELECT %s, external_id, shop_sku, sku, name, quantity, false, %s, 0"
    " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::int[])"
    " AS new (external_id, shop_sku, sku, name, quantity)"
    " ON CONFLICT (take_over_id, external_id) DO UPDATE SET shop_sku = excluded.shop_sku, sku = excluded.sku,"
    " name = excluded.name, quantity = excluded.quantity, read_at = excluded.read_at"
)
# Products that share a SKU, most of all by a mapping.
MARK_TWICE = (
    "UPDATE integrations_shopquantity SET twice = true WHERE take_over_id = %s AND sku IN"
    " (SELECT sku FROM integrations_shopquantity WHERE take_over_id = %s AND quantity IS NOT NULL AND sku <> ''"
    " GROUP BY sku HAVING count(*) > 1)"
)


def quantities_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One page of the shop's products with their quantities; the last one closes the comparison."""
    cursor = run.cursor or {}
    products = integration.connector.products
    if cursor.get("done") or products is None:
        return RunPage(done=True, asked=False)
    take_over_id = run.scope["take_over"]
    asked_at = true_time.now()  # orders placed from here on may be counted off already, so they are not added again
    page: ProductPage = ask(integration, products(integration.shop(), cursor.get("at")), held=held)
    done = page.next is None

    def write(_: int) -> Written:
        if not TakeOver.objects.filter(pk=take_over_id).exists():
            raise CalledOff
        back: list[dict[str, Any]] = []
        in_halves(
            list(page.products),
            lambda some: _keep(integration, take_over_id, some, asked_at),
            lambda row, error: back.append(kept_back(f"Product {row.sku[:100]}", error)),
        )
        if done:
            execute(MARK_TWICE, [take_over_id, take_over_id])
            TakeOver.objects.filter(pk=take_over_id).update(read_at=true_time.now())
        counted = sum(product.quantity is not None for product in page.products)
        counts = {"fetched": len(page.products), "ignored": len(page.products) - counted, "failed": len(back)}
        return Written(counts, [*run.results, *back] if back else None)

    note = "Read. Nothing is booked before somebody confirms it."
    return RunPage({"at": page.next, "done": done}, write, done=done, total=page.total, note=note if done else "")


def _keep(integration: Integration, take_over_id: int, products: Iterable[RemoteProduct], read_at: object) -> None:
    found = {product.external_id[:255]: product for product in products}
    known = articles.load(integration, {(product.sku.strip(), product.ean) for product in found.values()})
    rows = [
        (key, product.sku.strip(), _ours(known, product), product.name[:300], _units(product))
        for key, product in found.items()
    ]
    if rows:
        execute(KEEP, [take_over_id, read_at, *map(list, zip(*rows, strict=True))])


def _ours(known: Articles, product: RemoteProduct) -> str:
    """Our SKU; "", which counts for nothing, where several products are meant."""
    meant = known.meant(product.sku.strip(), product.ean)
    return "" if isinstance(meant, Obstacle) else meant


def _units(product: RemoteProduct) -> int | None:
    """No shop has more units than a level can hold: such a number says nothing."""
    return product.quantity if product.quantity is not None and abs(product.quantity) <= MOST_UNITS else None
