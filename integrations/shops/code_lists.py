"""Take over what a shop lists: its products, and its own lists of statuses, shipping methods, payments and taxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.kit.isolating import in_halves
from integrations.choices import ArticleKey, ImportAction, ListKind
from integrations.connectors.listings import CodeLists, ProductPage, RemoteProduct
from integrations.importing import articles
from integrations.importing.code_names import WILDCARD
from integrations.models import CodeListEntry, Integration, Run, StatusRule
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written, kept_back
from integrations.shops.ask import ask
from orders.intake.drafts import Obstacle
from stock import catalogue, ledger


def products_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One page of the shop's products; those that we do not have are created with zero stock.

    Products that are here get their EANs where they have none.
    """
    cursor = run.cursor or {}
    if cursor.get("done"):
        return RunPage(done=True, asked=False)
    products = integration.connector.products
    if products is None:
        return RunPage(done=True, asked=False)
    page: ProductPage = ask(integration, products(integration.shop(), cursor.get("at")), held=held)

    def write(run_id: int) -> Written:
        names, eans = _articles(integration, page.products)
        ledger.lock_project(integration.project_id)
        known = catalogue.find(integration.project_id, list(names))
        new = {sku: name for sku, name in names.items() if sku not in known}
        back: list[dict[str, Any]] = []
        in_halves(
            list(new.items()),
            lambda some: catalogue.create(integration.project_id, dict(some)),
            lambda row, error: back.append(kept_back(f"Product {row[0][:100]}", error)),
        )
        created = len(new) - len(back)
        in_halves(
            list(eans.items()),
            lambda some: catalogue.add_eans(integration.project_id, dict(some)),
            lambda row, error: back.append(kept_back(f"EAN of {row[0][:100]}", error)),
        )
        counts = {"fetched": len(page.products), "created": created, "failed": len(back)}
        counts["unchanged"] = len(page.products) - len(new)
        return Written(counts, [*run.results, *back] if back else None)

    done = page.next is None
    return RunPage({"at": page.next, "done": done}, write, done=done, total=page.total)


def _articles(integration: Integration, products: Sequence[RemoteProduct]) -> tuple[dict[str, str], dict[str, str]]:
    """The shop's products as articles of ours: names by our SKUs, and EANs by them."""
    found = articles.load(integration, {(product.sku.strip(), product.ean) for product in products})
    names: dict[str, str] = {}
    eans: dict[str, str] = {}
    of_eans: dict[str, str] = {}
    for product in products:
        sku, ean = product.sku.strip(), product.ean
        meant = found.meant(sku, ean)
        if isinstance(meant, Obstacle):
            meant = sku
        elif found.by != ArticleKey.SKU and ean and ean not in found.of_eans:
            # Another one with this EAN is found by it: on this page as on the next, where it is on record.
            first = of_eans.setdefault(ean, meant)
            by_sku = found.by == ArticleKey.SKU_EAN and sku in found.known
            meant = meant if by_sku or sku in found.mapped else first
        if meant:
            names.setdefault(meant, product.name)
            if ean:
                eans.setdefault(meant, ean)
    return names, eans


def code_lists_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Read the shop's lists whole; statuses without a rule get one (Do not import, Retry)."""
    lists: CodeLists = ask(integration, integration.connector.code_lists(integration.shop()), held=held)

    def write(run_id: int) -> Written:
        store_code_lists(integration, lists)
        return Written()

    return RunPage(None, write, done=True)


def store_code_lists(integration: Integration, lists: CodeLists) -> None:
    """Bring the code lists up to date; an empty list means the shop did not tell, and keeps what was there.

    Entries that the shop has dropped stay and are marked so: older orders still carry their code.
    """
    kinds = {
        ListKind.STATUS: lists.statuses,
        ListKind.SHIPPING_METHOD: lists.shipping_methods,
        ListKind.PAYMENT: lists.payments,
        ListKind.TAX: lists.taxes,
    }
    for kind, entries in kinds.items():
        if not entries:
            continue
        if lists.whole:
            gone = integration.code_list.filter(kind=kind).exclude(code__in=[entry.code for entry in entries])
            gone.exclude(code__contains=WILDCARD).update(listed=False)
        CodeListEntry.objects.bulk_create(
            [
                CodeListEntry(
                    integration=integration,
                    kind=kind,
                    code=entry.code[:100],
                    label=entry.label[:200],
                    color=entry.color,
                    listed=True,
                )
                for entry in entries
            ],
            update_conflicts=True,
            unique_fields=["integration", "kind", "code"],
            update_fields=["label", "color", "listed"],
        )
    StatusRule.objects.bulk_create(
        [
            StatusRule(
                integration=integration,
                status=status.code[:100],
                label=status.label[:100],
                action=ImportAction.SKIP,
                discovered=True,
            )
            for status in lists.statuses
        ],
        ignore_conflicts=True,
    )
