"""What the cards of a shop's page say of other tables, in one statement; and its code lists, in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Model, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, JSONObject, RowNumber

from integrations.choices import RUN_OPEN, CrossingState
from integrations.models import CodeListEntry, Integration, MetadataMapping, Run, SkuMapping
from integrations.pushes import shop_articles
from integrations.shop_stock import taking_over
from integrations.shops import archiving

# One more than are shown says that there are more.
MOST_SKUS = 200
SKU_FIELDS = ("id", "shop_sku", "sku")
METADATA_FIELDS = ("id", "source", "field", "name", "transform")
RUN_FIELDS = ("id", "kind", "state")


@dataclass(frozen=True)
class ShopFacts:
    """`waiting`, `failed` and `adrift` are counts of what goes out; rows know no more than their card shows.

    In the order in which `facts_of` asks for them.
    """

    waiting: int
    failed: int
    adrift: int
    has_stock: bool
    taken_at: datetime | None
    is_empty: bool
    skus: Sequence[SkuMapping]
    metadata: Sequence[MetadataMapping]
    running: Sequence[Run]


def facts_of(shop: Integration) -> ShopFacts:
    crossings = shop.crossings.order_by()
    told: dict[str, Any] = {
        "waiting": _count(crossings.filter(state__in=[CrossingState.WAITING, CrossingState.SENDING])),
        "failed": _count(crossings.filter(state=CrossingState.FAILED)),
        "adrift": _count(shop_articles.adrift(shop).order_by()),
        "has_stock": Exists(taking_over.stock_of(shop.project_id)),
        "taken_at": Subquery(shop.take_overs.exclude(confirmed_at=None).values("confirmed_at")[:1]),
        "is_empty": ~archiving.any_trace(shop),
        "skus": _rows(shop.sku_mappings.all()[: MOST_SKUS + 1], SKU_FIELDS),
        "metadata": _rows(shop.metadata_mappings.all(), METADATA_FIELDS),
        "running": _rows(shop.runs.filter(state__in=RUN_OPEN).order_by("id"), RUN_FIELDS),
    }
    found = Integration.objects.filter(pk=shop.pk).annotate(**{f"f_{name}": what for name, what in told.items()})
    *facts, skus, metadata, running = found.values_list(*(f"f_{name}" for name in told)).get()
    rows = ((SkuMapping, skus), (MetadataMapping, metadata), (Run, running))
    return ShopFacts(*facts, *([model(**each) for each in told_of] for model, told_of in rows))


def entries_of(shop: Integration) -> list[CodeListEntry]:
    """The entries of all code lists by list and code; `place` is where each stands among those that have names."""
    named = Window(RowNumber(), order_by=(F("kind").desc(), "label", "code"))
    return list(shop.code_list.annotate(place=named).order_by("kind", "code"))


def _count(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("integration").annotate(count=Count("pk")).values("count")), 0)


def _rows(rows: QuerySet[Model], fields: Sequence[str]) -> ArraySubquery:
    return ArraySubquery(rows.values(told=JSONObject(**{name: name for name in fields})))
