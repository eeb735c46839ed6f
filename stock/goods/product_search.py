"""Products that somebody types something of: the beginning of a SKU, words of a name, an EAN. Each by its index."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet
from django.db.models.functions import Collate

from stock.barcodes import canonical
from stock.models import PLAIN_SKU, ParentProduct, Product
from stock.suggestions import plain

NAME_WORDS = SearchVector("name", config="simple")


def first_found(project_id: int, text: str, most: int) -> set[int]:
    """The primary keys of the first of each kind: how a SKU is written counts no more than the order of words.

    Every word that is typed begins one of the product's name, or of its parent's.
    """
    products = Product.objects.filter(project=project_id).order_by()
    found: list[QuerySet[Product]] = []
    if sku := plain(text):
        found.append(products.alias(plain_sku=Collate(PLAIN_SKU, "C")).filter(plain_sku__startswith=sku))
    if query := _query_of(text):
        found.append(products.alias(words=NAME_WORDS).filter(words=query))
        parents = ParentProduct.objects.filter(project=project_id, lone=False).order_by()
        named = parents.alias(words=NAME_WORDS).filter(words=query).values("pk")[:most]
        found.append(products.filter(parent__in=named))
    if ean := canonical(text):
        found.append(products.filter(ean=ean))
    first = [each.values_list("pk", flat=True)[:most] for each in found]
    return set(first[0].union(*first[1:], all=True)) if first else set()


def _query_of(text: str) -> SearchQuery | None:
    """Words as PostgreSQL's own parser splits them; None for none."""
    words = [word.replace("\\", "").replace("'", "''") for word in text.replace("\0", " ").split()]
    terms = [f"'{word}':*" for word in words if word]
    return SearchQuery(" & ".join(terms), config="simple", search_type="raw") if terms else None
