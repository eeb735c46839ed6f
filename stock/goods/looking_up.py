"""Goods that orders name, looked up at once: articles by code or id, products by source id or id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from config.kit.public_ids import PublicIds
from config.kit.sql import either, execute
from stock.goods.known import KnownArticle, KnownGoods, KnownParent
from stock.goods.parents import LONGEST_CODE

PARENTS = """
SELECT parent.id, parent.source_id, parent.name, parent.price, parent.metadata, parent.lone
FROM stock_parentproduct AS parent WHERE parent.project_id = %s AND parent.deleted_at IS NULL AND """
ARTICLES = """
SELECT article.id, article.sku, article.name, CASE WHEN article.currency IN ('', %s) THEN article.price END,
  article.metadata, article.own,
  parent.id, parent.source_id, parent.name, parent.price, parent.metadata, parent.lone
FROM stock_product AS article JOIN stock_parentproduct AS parent ON parent.id = article.parent_id
WHERE article.project_id = %s AND article.deleted_at IS NULL AND parent.deleted_at IS NULL AND """


def look_up(
    ids: PublicIds,
    project_id: int,
    currency: str = "",
    *,
    codes: Iterable[str] = (),
    articles: Iterable[int] = (),
    parents: Iterable[int] = (),
    sources: Iterable[str] = (),
) -> KnownGoods:
    """All goods that these name, in two statements at most; what lies in the bin is not there.

    `currency`: the project's, where prices are asked for. A SKU that once had no source id is also found by the public
    id which was its code.
    """
    known = KnownGoods()
    wanted = set(codes) - {""}
    pks = {*articles, *(pk for code in wanted if (pk := ids.take("sku", code)))}
    named, asked = set(parents), set(sources) - {""}
    if named or asked:
        which, values = either(
            ("parent.id = ANY(%s)", sorted(named)),
            ("parent.source_id = ANY(%s) AND parent.source_id <> ''", sorted(asked)),
        )
        for row in execute(PARENTS + which, [project_id, *values]):
            _keep(known, _parent(row))
    wanted |= {parent.source_id for parent in known.parents.values() if len(parent.source_id) <= LONGEST_CODE} - {""}
    if wanted or pks or known.parents:
        which, values = either(
            ("article.sku = ANY(%s)", sorted(wanted)),
            ("article.id = ANY(%s)", sorted(pks)),
            ("article.own AND article.parent_id = ANY(%s)", list(known.parents)),
        )
        for row in execute(ARTICLES + which, [currency, project_id, *values]):
            parent = known.parents.get(row[6]) or _parent(row[6:])
            article = KnownArticle(row[0], row[1], row[2], row[3], _json(row[4]), row[5], parent)
            known.articles[article.pk] = known.by_code[article.code] = article
            known.by_code.setdefault(ids.give("sku", article.pk), article)
            if article.own:
                known.own[parent.pk] = article
    return known


def _keep(known: KnownGoods, parent: KnownParent) -> None:
    known.parents[parent.pk] = parent
    if parent.source_id:
        known.by_source[parent.source_id] = parent


def _parent(row: Sequence[Any]) -> KnownParent:
    return KnownParent(row[0], row[1], row[2], row[3], _json(row[4]), row[5])


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
