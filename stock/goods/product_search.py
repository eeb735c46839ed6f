"""Products that somebody types something of: the beginning of a SKU, words of a name, an EAN. Each by its index."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, QuerySet
from django.db.models.functions import Collate

from stock.barcodes import canonical
from stock.models import PLAIN_SKU, Product
from stock.suggestions import plain


def first_found(project_id: int, text: str, most: int) -> set[int]:
    """The primary keys of the first of each kind: how a SKU is written counts no more than the order of words.

    Every word that is typed begins one of the product's name, or of its parent's.
    """
    products = Product.objects.filter(project=project_id).order_by()
    found: list[QuerySet[Product]] = []
    if sku := plain(text):
        by_sku = products.alias(plain_sku=Collate(PLAIN_SKU, "C")).filter(plain_sku__startswith=sku)
        found.append(by_sku.order_by("plain_sku"))
    if query := _query_of(text):
        found += [_named(products, "name", query), _named(products.filter(parent__lone=False), "parent__name", query)]
    if ean := canonical(text):
        found.append(products.filter(ean=ean))
    first = [each.values_list("pk", flat=True)[:most] for each in found]
    return set(first[0].union(*first[1:], all=True)) if first else set()


def _named(products: QuerySet[Product], name: str, query: SearchQuery) -> QuerySet[Product]:
    """The newest first, by a sum that no index has: in the hope for a few, all would be read in their order."""
    words = SearchVector(name, config="simple")
    return products.alias(words=words).filter(words=query).order_by((F("id") + 0).desc())


def _query_of(text: str) -> SearchQuery | None:
    """Words as PostgreSQL's own parser splits them; None for none."""
    words = [word.replace("\\", "").replace("'", "''") for word in text.replace("\0", " ").split()]
    terms = [f"'{word}':*" for word in words if word]
    return SearchQuery(" & ".join(terms), config="simple", search_type="raw") if terms else None
