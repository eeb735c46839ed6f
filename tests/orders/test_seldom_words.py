"""A searched list reads little, whatever is typed, and shows what the search finds."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from integrations.models import Project
from orders import seldom_words
from orders.models import Order
from orders.search import search
from orders.seldom_words import searched
from orders.word_queries import flat, looser, written
from tests.benchmarks.lists.page_cost import Plans, Watch
from tests.factories import ProjectFactory
from tests.integrations.finding.test_plans import copy
from tests.orders.work.desk import order_of

TEXTS = [
    "b777", "b77", "b", "frequent", "frequent half", "frequent b777", "half b778", "half b777", "tenth",
    "tenth frequent",     "nobody", "frequent nobody", "mail.example", "b777@mail.example", "777 123 456", "",
]  # fmt: skip


def test_of_words_asked_together_the_longest_is_looked_up() -> None:
    both = ("&", ["'sku':*", "'00041':*"])
    assert written(looser(both)) == "'00041':*"
    assert written(looser(("|", [both, "'sku00041':*"]))) == "('00041':* | 'sku00041':*)"
    # One way in is as wide as its widest part.
    assert written(looser(("&", ["'jana':*", ("|", ["'b':*", "'novakova':*"])]))) == "'jana':*"
    assert flat([both, ("|", [both])]) == ["'sku':*", "'00041':*", ("|", [both])]
    assert written(("&", ["'a'"])) == "'a'" and written(("&", ["'a'", "'b'"])) == "('a' & 'b')"


@pytest.fixture
def book(db: None) -> Project:
    """Many orders: `frequent` in all of them, `half` and `tenth` in so many, a number in one each."""
    project = ProjectFactory.create()
    words = "array_to_tsvector(ARRAY['b' || n, 'frequent', 'mail', 'example',"
    words += " CASE WHEN n %% 2 = 0 THEN 'half' ELSE 'other' END, CASE WHEN n %% 10 = 0 THEN 'tenth' ELSE 'ninth' END])"
    order = order_of(project, number="B-0")
    placed = "timestamptz '2026-01-01' + n * interval '1 minute'"
    copy(order, number="'B' || n", source_id="'s' || n", search=words, placed_at=placed)
    return project


def read_by(ask: Any) -> list[str]:
    watch = Watch()
    with connection.execute_wrapper(watch):
        ask()
    return Plans().scans([(sql, params) for _took, sql, params in watch.seen])


def newest(project: Project, text: str) -> list[int]:
    found = searched(Order.objects.filter(project=project), text).orders
    return list(found.order_by("-placed_at", "-id").values_list("pk", flat=True)[:51])


@pytest.mark.parametrize("text", TEXTS)
def test_a_page_shows_what_the_search_finds_and_reads_little(book: Project, text: str) -> None:
    every = search(Order.objects.filter(project=book), text).order_by("-placed_at", "-id")
    assert newest(book, text) == list(every.values_list("pk", flat=True)[:51])
    assert read_by(lambda: newest(book, text)) == []


def test_which_words_are_walked_for(book: Project) -> None:
    orders = Order.objects.filter(project=book)
    assert [text for text in TEXTS if searched(orders, text).walked] == [
        "b", "frequent", "frequent half", "tenth", "tenth frequent", "mail.example",
    ]  # fmt: skip
    # What a filter leaves is few, and walked whatever is asked; all of it is counted.
    assert not searched(orders.filter(number__endswith="777"), "frequent").walked


def test_control_of_the_sample(book: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were frequent words looked up like seldom ones, all orders that have them would be read."""
    monkeypatch.setattr(seldom_words, "COUNTED", 10**9)
    assert read_by(lambda: newest(book, "frequent"))


def test_a_search_beside_a_filter_that_leaves_nothing_finds_nothing(book: Project) -> None:
    for nothing in (Order.objects.none(), Order.objects.filter(project=book, pk__in=[])):
        assert list(searched(nothing, "jana").orders) == []
