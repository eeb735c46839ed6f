"""Products that may be meant by a SKU we do not have: written differently, longer or shorter, or of the same name.

Each look-up has its index (`product_by_plain_sku`, `product_by_word`), so that a large catalogue costs no more.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from stock.bulk import execute

SHORTEST = 3
"""Letters and digits two SKUs must begin with alike."""
MOST_LOOKED_AT = 60

_BY_SKU = """
SELECT sku, name FROM stock_product WHERE project_id = %s AND (
    upper(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) COLLATE "C" LIKE %s
    OR upper(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) COLLATE "C" = ANY(%s)) LIMIT %s
"""
_BY_NAME = """
SELECT sku, name FROM stock_product
WHERE to_tsvector('simple'::regconfig, coalesce(name, '')) @@ plainto_tsquery('simple'::regconfig, %s)
  AND project_id = %s LIMIT %s
"""


def plain(sku: str) -> str:
    """Letters and digits alone, upper case: `a-17 red` and `A17RED` are the same."""
    return re.sub(r"[\W_]", "", sku).upper()


def similar(project_id: int, sku: str, name: str, most: int = 5) -> list[tuple[str, str]]:
    """(SKU, name) of the products most like an unknown one, the likeliest first; none when nothing comes near."""
    wanted = plain(sku)
    found: dict[str, str] = {}
    if len(wanted) >= SHORTEST:
        shorter = [wanted[:length] for length in range(SHORTEST, len(wanted) + 1)]
        found |= dict(execute(_BY_SKU, [project_id, f"{wanted}%", shorter, MOST_LOOKED_AT]))
    if name.strip():
        found |= dict(execute(_BY_NAME, [name[:300], project_id, MOST_LOOKED_AT]))

    def likeness(product: tuple[str, str]) -> float:
        by_sku = SequenceMatcher(None, wanted, plain(product[0])).ratio()
        by_name = SequenceMatcher(None, name.lower(), product[1].lower()).ratio() if name else 0.0
        return max(by_sku, by_name)

    return sorted(found.items(), key=lambda product: (-likeness(product), product[0]))[:most]
