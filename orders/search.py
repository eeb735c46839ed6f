"""Word search: each word typed matches the beginning of a word of the order; accents and case do not count.

The words live in a `tsvector` column filled here, not by PostgreSQL's parser, so that numbers, SKUs and e-mails
are split the same way when stored and when asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import QuerySet

from orders.models import Order, OrderLine

WORD = re.compile(r"[^\W_]+")
LONGEST = 60
MOST_WORDS = 8


def fold(text: str) -> str:
    """Lower case without accents: `Nováková` and `novakova` are the same."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    return [word[:LONGEST] for word in WORD.findall(fold(text))]


def vector(codes: Iterable[str], texts: Iterable[str]) -> str:
    """The column's value. `codes` (numbers, SKUs) are also found written together: `A-17` as `a17`."""
    found = set(words(" ".join(texts)))
    for code in codes:
        parts = words(code)
        found.update(parts)
        if len(parts) > 1:
            found.add("".join(parts)[:LONGEST])
    return " ".join(found)


def vector_of(order: Order, lines: Iterable[OrderLine]) -> str:
    """The column's value of an order that is in the book."""
    remote_id = order.remote_order.external_id if order.remote_order else ""
    people = (order.billing, order.shipping)
    names = [f"{person.get('first_name', '')} {person.get('last_name', '')}" for person in people]
    companies = [str(person.get("company", "")) for person in people]
    codes = [order.number, remote_id, *(line.sku for line in lines)]
    return vector(codes, [order.email, *names, *companies, order.phone])


def search(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """The orders in which every word of `text` begins a word; all of them when nothing is asked."""
    asked = words(text)[:MOST_WORDS]
    if not asked:
        return orders if not text.strip() else orders.none()
    query = " & ".join(f"'{word}':*" for word in asked)
    return orders.extra(where=["orders_order.search @@ %s::tsquery"], params=[query])
