"""Telling a shop 10,000 changed quantities, per platform: `python -m tests.benchmarks.stock_push`.

Counted is what a simulated shop is asked, beside the least that its platform's API allows; the first time, when nothing
is known of the articles but their SKUs, and again. The time is ours alone: that of the simulated shop is taken off.

Beside it what the database does before that: from changed stock levels to what the shop is to say, against a bare
UPDATE of as many rows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from integrations.connectors.http import Operation, Request, Response
    from integrations.models import Integration

T = TypeVar("T")

SKUS = 10_000
# Of the least calls: where an earlier answer told the ids, and where nothing is known.
BAR, FIRST_BAR = 2.0, 4.0
# Of a bare UPDATE.
PLANNING_BAR = 10.0
# Of the articles that are sold here only.
FIRST_KEY = 100_000


@dataclass(frozen=True)
class Least:
    """The fewest calls after which a quantity is set, and seen to be: of how many articles each."""

    sizes: tuple[int, ...]
    why: str
    skus: int = SKUS
    """How many are told here: fewer where each takes calls of its own."""

    def calls(self) -> int:
        return sum(ceil(self.skus / size) for size in self.sizes)


LEAST = {
    "woocommerce": Least((100,), "REST API v3: 100 objects a batch; its answer says what there is"),
    "shopify": Least((250, 250), "GraphQL: inventorySetQuantities takes 250, nodes 250 ids"),
    "bigcommerce": Least((2000, 1000), "Inventory V3: 2,000 items an adjustment, lists of 1,000"),
    "ebay": Least((25, 25), "Inventory v1: 25 SKUs for each of the two bulk calls"),
    "ecwid": Least((1, 100), "docs.ecwid.com: a product is updated alone, 100 are listed by ids", 2_000),
    "magento2": Least((50, 50), "no documented most; SKUs of 50 stand in an address"),
    "prestashop": Least((40, 40, 40), "no documented most; rows are read, written back whole, read again"),
    "magento1": Least((20, 20), "no documented most; each of a multiCall saves a product, half a second"),
}


@dataclass
class Site:
    """A simulated shop that is asked without sockets."""

    answer: Callable[[Request], Response]
    calls: int = 0
    seconds: float = 0.0

    def ask(self, integration: Integration, operation: Operation[T], **_: Any) -> T:
        """In place of `shops.ask.ask`."""
        from tests.recorded import serve

        return serve(operation, self._answered)[0]

    def _answered(self, request: Request) -> Response:
        began = time.perf_counter()
        answer = self.answer(request)
        self.seconds += time.perf_counter() - began
        self.calls += 1
        return answer


@dataclass(frozen=True)
class Told:
    """One telling of all."""

    calls: int
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", action="append", choices=[*LEAST], help="only this one; may be given again")
    options = parser.parse_args()
    missed = False
    with durable_database(), pytest.MonkeyPatch.context() as patch:
        for platform in options.platform or LEAST:
            missed |= _told(platform, patch)
        if not options.platform:
            missed |= _planned()
    sys.exit(1 if missed else 0)


def _told(platform: str, patch: pytest.MonkeyPatch) -> bool:
    """Whether it is above a bar."""
    least = LEAST[platform]
    first, again = measure(platform, least.skus, patch)
    calls = least.calls()
    above = first.calls > FIRST_BAR * calls or again.calls > BAR * calls
    sys.stdout.write(
        f"{platform:<12}{least.skus:>7,} SKUs  least {calls:>4}"
        f"  first {first.calls:>5} ({first.calls / calls:.2f}, {first.seconds:.1f} s)"
        f"  again {again.calls:>5} ({again.calls / calls:.2f}, {again.seconds:.1f} s)"
        f"{'  ABOVE THE BAR' if above else ''}\n"
    )
    sys.stdout.flush()
    return above


def _planned() -> bool:
    ours, floor = planning()
    sys.stdout.write(
        f"planning {SKUS:,} changed levels  {ours * 1000:.0f} ms, a bare UPDATE {floor * 1000:.0f} ms:"
        f" {ours / floor:.2f} (bar {PLANNING_BAR:g})\n"
    )
    return ours > PLANNING_BAR * floor


def names(count: int) -> list[str]:
    return [f"SKU-{number:06d}" for number in range(count)]


def _sell(patch: pytest.MonkeyPatch, skus: Sequence[str]) -> None:
    """Let the simulated shops sell these beside what they sell anyhow, and no others."""
    from integrations.simulator import catalogue
    from integrations.simulator.dialects.magento2 import writing

    more = [catalogue._product(FIRST_KEY + int(sku[4:]), sku, sku, "5.00", 10) for sku in skus]
    products = (*(each for each in catalogue.PRODUCTS if each.key < FIRST_KEY), *more)
    for name, module in list(sys.modules.items()):
        if name.startswith("integrations.simulator") and hasattr(module, "PRODUCTS"):
            patch.setattr(module, "PRODUCTS", products)
    catalogue.BY_KEY.update((product.key, product) for product in more)
    writing.BY_SKU.update((product.sku, product) for product in more)


def measure(platform: str, count: int, patch: pytest.MonkeyPatch) -> tuple[Told, Told]:
    """The first time, and again."""
    from integrations.models import ShopArticle
    from integrations.pushes import stock_export
    from integrations.secrets import Secrets
    from integrations.simulator import dialects
    from integrations.simulator.dialects.shopify.answering import state_of
    from integrations.simulator.limits import Limit
    from integrations.simulator.server import SimulatedSite
    from integrations.simulator.shop import SimulatedShop
    from tests.factories import IntegrationFactory
    from tests.recorded import from_site

    simulated = SimulatedShop(platform, seed=3)
    site = SimulatedSite(simulated, platform)
    simulated.limit = Limit()
    state_of(simulated).most_points = state_of(simulated).points = 1e9
    simulated.records.quantities |= dict.fromkeys(names(count), 10)
    shop = Site(lambda request: from_site(site, request))
    patch.setattr(stock_export, "ask", shop.ask)
    keys = Secrets(**dialects.get(platform).keys(simulated))
    integration = IntegrationFactory.create(
        platform=platform, base_url=f"https://{platform}.example", credentials=keys, live=True
    )
    rows = [ShopArticle(integration=integration, sku=sku, wanted=11, told=10, in_shop=10) for sku in names(count)]
    ShopArticle.objects.bulk_create(rows)
    first = _export(integration, shop, patch)
    ShopArticle.objects.filter(integration=integration).update(wanted=12)
    again = _export(integration, shop, patch)
    wrong = {simulated.records.quantities[sku] for sku in names(count)} - {12}
    if wrong:
        raise RuntimeError(f"{platform} says something else: {wrong}")
    return first, again


def _export(integration: Integration, shop: Site, patch: pytest.MonkeyPatch) -> Told:
    """The simulated shop, which has no indexes, sells those alone that it is told next: the calls are the same."""
    from integrations.choices import RunKind, RunState
    from integrations.pushes import shop_articles
    from integrations.pushes.stock_export import export_page
    from integrations.runs import claims, control, pages
    from tests.recorded import able

    shop.calls, shop.seconds, spent = 0, 0.0, 0.0
    run = control.request(RunKind.STOCK_EXPORT, integration)
    held = claims.claim(run.pk)
    if held is None:
        raise RuntimeError("the run is not to be had")
    done = False
    while not done:
        ways = able(integration.connector.outward.stock)
        _sell(patch, [row.sku for row in shop_articles.to_tell(integration)[: ways.at_once]])
        began = time.perf_counter()
        done = pages.write(held, export_page(held, run, integration)).done
        spent += time.perf_counter() - began
    claims.finish(held, RunState.SUCCEEDED)
    if shop_articles.differing(integration).exists():
        raise RuntimeError("not all was told")
    return Told(shop.calls, spent - shop.seconds)


def planning(rounds: int = 5) -> tuple[float, float]:
    """Seconds from changed levels to wanted quantities, and of a bare UPDATE of as many rows."""
    from config.kit.sql import execute
    from integrations.models import ShopArticle
    from integrations.pushes import shop_articles
    from orders.intake.allocation import change_stock
    from stock import catalogue
    from stock.choices import MovementReason
    from stock.ledger import Change
    from tests.factories import IntegrationFactory

    integration = IntegrationFactory.create(live=True)
    project = integration.project_id
    ids = catalogue.create(project, {sku: sku for sku in names(SKUS)})
    ShopArticle.objects.bulk_create(
        [ShopArticle(integration=integration, sku=sku, product_id=pk, wanted=0, told=0) for sku, pk in ids.items()]
    )
    shop_articles.watch(project)
    bare = "UPDATE integrations_shoparticle SET wanted = wanted + 1000 WHERE integration_id = %s"
    ours, floor = [], []
    for turn in range(1, rounds + 1):
        change_stock(project, [Change(pk, 1, MovementReason.RECEIPT, "benchmark") for pk in ids.values()])
        ours.append(_timed(lambda: _followed(project)))
        if ShopArticle.objects.filter(integration=integration, wanted=turn).count() != SKUS:
            raise RuntimeError("not every quantity was planned")
        floor.append(_timed(lambda: execute(bare, [integration.pk])))
    return statistics.median(ours), statistics.median(floor)


def _followed(project_id: int) -> None:
    from django.db import transaction

    from integrations.pushes import shop_articles

    more = True
    while more:
        with transaction.atomic():
            more = shop_articles.follow_levels(project_id)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
