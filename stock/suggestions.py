"""Products that may be meant by a SKU we do not have: written differently, longer or shorter, or of the same name.

Each look-up has its index (`product_by_plain_sku`, `product_by_word`), so that a large catalogue costs no more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from config.kit.sql import execute

# Letters and digits two SKUs must begin with alike.
SHORTEST = 3
MOST_LOOKED_AT = 60

# Sorts behind everything a SKU is written with.
LAST = "\U0010ffff"

_CANDIDATES = """
SELECT meant.place, near.sku, near.name
FROM unnest(%s::int[], %s::text[], %s::text[]) AS meant (place, first, last) CROSS JOIN LATERAL (
    SELECT sku, name FROM stock_product WHERE project_id = %s AND deleted_at IS NULL
      AND upper(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) COLLATE "C" >= meant.first
      AND upper(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) COLLATE "C" <= meant.last LIMIT %s) AS near
UNION ALL
SELECT meant.place, near.sku, near.name FROM unnest(%s::int[], %s::text[]) AS meant (place, name) CROSS JOIN LATERAL (
    SELECT sku, name FROM stock_product
    WHERE to_tsvector('simple'::regconfig, coalesce(name, '')) @@ plainto_tsquery('simple'::regconfig, meant.name)
      AND project_id = %s AND deleted_at IS NULL LIMIT %s) AS near
"""


def plain(sku: str) -> str:
    """Letters and digits alone, upper case: `a-17 red` and `A17RED` are the same."""
    return re.sub(r"[\W_]", "", sku).upper()


def similar(project_id: int, wanted: Sequence[tuple[str, str]], most: int = 5) -> list[list[tuple[str, str]]]:
    """For each unknown (SKU, name) the (SKU, name) of the products most like it, the likeliest first."""
    ranges: list[tuple[int, str, str]] = []
    for place, (sku, _) in enumerate(wanted):
        text = plain(sku)
        if len(text) >= SHORTEST:
            ranges.append((place, text, text + LAST))
            ranges += [(place, text[:length], text[:length]) for length in range(SHORTEST, len(text))]
    names = [(place, name[:300]) for place, (_, name) in enumerate(wanted) if name.strip()]
    rows = execute(
        _CANDIDATES,
        [*_columns(ranges, 3), project_id, MOST_LOOKED_AT, *_columns(names, 2), project_id, MOST_LOOKED_AT],
    )
    found: list[dict[str, str]] = [{} for _ in wanted]
    for place, sku, name in rows:
        found[place][sku] = name
    return [
        sorted(products.items(), key=lambda product, meant=meant: (-_likeness(meant, product), product[0]))[:most]  # type: ignore[misc]
        for meant, products in zip(wanted, found, strict=True)
    ]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]


def _likeness(wanted: tuple[str, str], product: tuple[str, str]) -> float:
    by_sku = SequenceMatcher(None, plain(wanted[0]), plain(product[0])).ratio()
    by_name = SequenceMatcher(None, wanted[1].lower(), product[1].lower()).ratio() if wanted[1] else 0.0
    return max(by_sku, by_name)
