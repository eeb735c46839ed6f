"""Take over what a shop lists: its products, and its own lists of statuses, deliveries and payments."""

from __future__ import annotations

from collections import Counter

from django.db import transaction

from integrations.choices import ImportAction, ListKind
from integrations.connectors.base import CodeLists, ProductPage
from integrations.models import CodeListEntry, Integration, Run, StatusRule
from integrations.runs import claims
from integrations.runs.claims import Claim
from integrations.runs.worker import Step
from integrations.shops.ask import ask
from stock import catalogue


def products_page(held: Claim, run: Run, integration: Integration) -> Step:
    """One page of the shop's products; those with a SKU we do not have are created with zero stock."""
    cursor = run.cursor or {}
    if cursor.get("done"):
        return Step(done=True, asked=False)
    operation = integration.connector.products(integration.shop(), cursor.get("at"))
    page: ProductPage = ask(integration, operation, held=held)
    run.cursor = {"at": page.next, "done": page.next is None}
    names = {product.sku.strip(): product.name for product in page.products if product.sku.strip()}
    with transaction.atomic():
        cancelled = claims.hold(held)
        known = catalogue.find(integration.project_id, list(names))
        new = {sku: name for sku, name in names.items() if sku not in known}
        catalogue.create(integration.project_id, new)
        counts = Counter(fetched=len(page.products), created=len(new), unchanged=len(page.products) - len(new))
        claims.advance(held, counts, run.cursor, total=page.total)
    return Step(done=page.next is None, cancelled=cancelled)


def code_lists_step(held: Claim, run: Run, integration: Integration) -> Step:
    """Read the shop's lists whole; statuses without a rule get one (Do not import, Retry)."""
    lists: CodeLists = ask(integration, integration.connector.code_lists(integration.shop()), held=held)
    with transaction.atomic():
        claims.hold(held)
        store_code_lists(integration, lists)
    return Step(done=True)


def store_code_lists(integration: Integration, lists: CodeLists) -> None:
    """Replace the code lists; an empty list means the shop did not tell, and keeps what was there.

    Entries with a name of ours stay, though the shop may have dropped them: older orders still carry their code.
    """
    kinds = {ListKind.STATUS: lists.statuses, ListKind.DELIVERY: lists.deliveries, ListKind.PAYMENT: lists.payments}
    for kind, entries in kinds.items():
        if not entries:
            continue
        gone = integration.code_list.filter(kind=kind, name="").exclude(code__in=[entry.code for entry in entries])
        gone.delete()
        CodeListEntry.objects.bulk_create(
            [
                CodeListEntry(integration=integration, kind=kind, code=entry.code[:100], label=entry.label[:200])
                for entry in entries
            ],
            update_conflicts=True,
            unique_fields=["integration", "kind", "code"],
            update_fields=["label"],
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
