"""Word search: each word typed matches the beginning of a word of the order; accents and case do not count.

The words live in a `tsvector` column filled here, not by PostgreSQL's parser, so that numbers, SKUs and e-mails
are split the same way when stored and when asked for. Papers are issued later and have numbers with indexes of their
own: they are asked when somebody searches.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from orders.documents.finding import orders_of_papers
from orders.intake.incoming import IncomingOrder
from orders.models import Order, OrderLine
from orders.phones import SHORT, Digits, digits_of, phone_words
from orders.word_queries import Tree, flat, written

WORD = re.compile(r"[^\W_]+")
# Digits with what people write between them; a word that goes on with letters is none.
DIGITS = re.compile(r"(?<![^\W_])[+(]*\d(?:[\s().\-/+]*\d)*(?![^\W_])")
LONGEST = 60
MOST_WORDS = 8


class _WithoutMarks(dict[int, int | None]):
    """What `str.translate` makes of a character: nothing of an accent. Each is looked up once."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_WITHOUT_MARKS = _WithoutMarks()


def fold(text: str) -> str:
    """Lower case without accents: `Nováková` and `novakova` are the same."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_WITHOUT_MARKS)


def words(*texts: str) -> list[str]:
    return [word[:LONGEST] for word in WORD.findall(" ".join(map(fold, texts)))]


@lru_cache(maxsize=10_000)  # the same SKUs are sold again and again
def _of_code(code: str) -> tuple[str, ...]:
    parts = words(code)
    return (*parts, "".join(parts)[:LONGEST]) if len(parts) > 1 else tuple(parts)


def vector(codes: Iterable[str], texts: Iterable[str], phones: Iterable[str]) -> str:
    """The column's value. `codes` (numbers, SKUs) are also found written together: `A-17` as `a17`."""
    found = set(words(*texts))
    for code in {*codes}:
        found.update(_of_code(code))
    for phone in {*phones}:
        found.update(phone_words(phone))
    return " ".join(found)


def vector_of_incoming(order: IncomingOrder) -> str:
    """The column's value of an order as its shop sent it."""
    billing, shipping = order.billing, order.shipping
    return vector(
        [order.number, order.external_id, *(line.sku for line in order.lines)],
        [order.email, billing.name, billing.company, billing.city, shipping.name, shipping.company, shipping.city],
        [order.phone, billing.phone, shipping.phone],
    )


def vector_of(order: Order, lines: Iterable[OrderLine]) -> str:
    """The column's value of an order that is in the book."""
    remote_id = order.remote_order.external_id if order.remote_order else ""
    people: list[Mapping[str, Any]] = [order.billing, order.shipping]
    names = [f"{person.get('first_name', '')} {person.get('last_name', '')}" for person in people]
    places = [str(person.get(part) or "") for person in people for part in ("company", "city")]
    phones = [order.phone, *(str(person.get("phone") or "") for person in people)]
    codes = [order.number, remote_id, *(line.sku for line in lines)]
    return vector(codes, [order.email, *names, *places], phones)


def search(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """The orders, of one project, in which every word of `text` begins a word, or one whose paper or parcel it names.

    All of them when nothing is asked.
    """
    asked = query_of(text)
    if not asked:
        return orders if not text.strip() else orders.none()
    by_paper = orders_of_papers(orders, text)
    if not by_paper:
        return orders.extra(where=["orders_order.search @@ %s::tsquery"], params=[asked])
    return orders.extra(
        where=["(orders_order.search @@ %s::tsquery OR orders_order.id = ANY(%s))"], params=[asked, by_paper]
    )


def query_of(text: str) -> str:
    """As PostgreSQL reads a `tsquery`: words, and runs of digits in every way they may be stored; "" for no word."""
    parts = question(text)
    return written(("&", parts)) if parts else ""


def question(text: str) -> list[Tree]:
    """Parts of which all must hold, see `orders.word_queries`; none for no word."""
    parts: list[Tree] = []
    for piece in _pieces(fold(text)):
        typed = WORD.findall(piece)
        if typed:
            parts.append(_run(typed) if DIGITS.fullmatch(piece) else _plain(typed))
    return flat(parts[:MOST_WORDS])


def _plain(typed: list[str]) -> Tree:
    return ("&", [f"'{word[:LONGEST]}':*" for word in typed])


def _run(typed: list[str]) -> Tree:
    """Words of digits: one phone or number, or two beside each other of which one is as long as a phone."""
    ways = [_group(typed)]
    for cut in range(1, len(typed)) if len(typed) <= MOST_WORDS else ():
        both = (typed[:cut], typed[cut:])
        if any(len(digits_of("".join(group))) >= SHORT.start for group in both):
            ways.append(("&", [_group(group) for group in both]))
    return ("|", ways)


def _group(typed: list[str]) -> Tree:
    digits = Digits.typed(" ".join(typed))
    stored = digits.as_stored() if digits else []
    if stored and len(typed) > 2:
        return ("|", stored)  # a phone, or a code, which is stored written together as well
    return ("|", [_plain(typed), *stored])


def _pieces(text: str) -> Iterable[str]:
    """`text` cut into runs of digits and what stands between them."""
    end = 0
    for run in DIGITS.finditer(text):
        yield from text[end : run.start()].split()
        yield run.group()
        end = run.end()
    yield from text[end:].split()
