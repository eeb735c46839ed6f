"""Columns that people choose, and views they save: whose they are, and what is said when they are gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from config.kit.admin import kept_lists, personal_lists
from integrations.access import kept_views
from integrations.choices import RemoteState, Role
from integrations.models import Integration, Project, SavedView
from orders.models import Order, OrderNote
from tests.admin.conftest import Login, imported, remote
from tests.factories import ProjectFactory, give_stock, incoming, line

LIST = "/orders/order/"


@pytest.fixture
def book(project: Project, shop: Integration) -> list[Order]:
    give_stock(project, MUG=9)
    return imported(
        shop,
        [
            incoming(line("MUG", 2), line("CUP"), number="N-1", note="Ring twice"),
            incoming(line("MUG"), number="N-2"),
        ],
    )


def columns(answer: Any) -> list[str]:
    return [name for name in answer.context["cl"].list_display if name != "action_checkbox"]


def choose(browser: Client, *names: str, **more: str) -> Any:
    return browser.post(f"{LIST}columns/", {"column": names, **more}, follow=True)


def save(browser: Client, name: str, **more: str) -> Any:
    sent = {"do": "save", "name": name, "query": "tab=in_stock", "columns": "named placed amount", **more}
    return browser.post(f"{LIST}views/", sent, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


# --- columns ---


def test_the_list_shows_items_and_notes_at_first(book: list[Order], admin: Client) -> None:
    OrderNote.objects.create(order=book[1], text="Call him", at=book[1].placed_at)
    page = admin.get(LIST)
    text = page.content.decode()
    assert "2\u00a0×\u00a0MUG\u00a0+1" in text and "1\u00a0×\u00a0MUG<" in text
    assert 'title="Note of the buyer"' in text and 'title="Internal note"' in text
    assert "country" not in columns(page) and "age" not in columns(page)


def test_chosen_columns_are_kept_for_the_person_and_the_list(
    project: Project, book: list[Order], admin: Client, login: Login
) -> None:
    chosen = choose(admin, "country", "amount", "payment", "age", query="tab=all&q=n2")
    assert columns(chosen) == ["named", "age", "country", "amount", "payment"]
    assert [order.number for order in chosen.context["cl"].result_list] == ["N-2"]
    assert ">CZ<" in chosen.content.decode()
    assert columns(admin.get(LIST)) == columns(chosen)
    assert "state" in columns(login(project).get(LIST))
    assert choose(admin, first="1").status_code == 200
    assert "state" in columns(admin.get(LIST)) and "age" not in columns(admin.get(LIST))


def test_tabs_with_columns_of_their_own_keep_a_choice_each(shop: Integration, admin: Client) -> None:
    """What was chosen for orders in error takes no button away from those that wait for a decision."""
    remotes = "/integrations/remoteorder/"
    remote(shop, "77", RemoteState.FAILED)
    remote(shop, "78", RemoteState.PENDING)
    before = columns(admin.get(f"{remotes}?tab=pending"))
    assert {"decide", "bought_by"} <= set(before)
    sent = {"column": ["amount", "tried"], "query": "tab=failed"}
    assert columns(admin.post(f"{remotes}columns/", sent, follow=True)) == ["reference", "amount", "tried"]
    assert columns(admin.get(f"{remotes}?tab=ignored")) == ["reference", "amount", "tried"]
    assert columns(admin.get(f"{remotes}?tab=pending")) == before
    sent = {"column": ["about", "decide"], "query": "tab=pending"}
    assert columns(admin.post(f"{remotes}columns/", sent, follow=True)) == ["reference", "about", "decide"]
    assert columns(admin.get(f"{remotes}?tab=dismissed")) == ["reference", "about", "decide"]
    assert columns(admin.get(remotes)) == ["reference", "amount", "tried"]
    admin.post(f"{remotes}columns/", {"first": "1", "query": "tab=pending"})
    assert columns(admin.get(f"{remotes}?tab=pending")) == before


def test_a_view_of_another_tab_is_sorted_by_its_own_columns(shop: Integration, admin: Client) -> None:
    remotes = "/integrations/remoteorder/"
    for number, buyer in (("78", "Eva"), ("79", "Adam")):
        remote(shop, number, RemoteState.PENDING, buyer=buyer)
    shown = columns(admin.get(f"{remotes}?tab=pending"))
    sent = {"do": "save", "name": "By buyer", "query": "tab=pending&o=bought_by", "columns": " ".join(shown)}
    admin.post(f"{remotes}views/", sent)
    [view] = admin.get(f"{remotes}?tab=failed").context["cl"].views
    rows = admin.get(f"{remotes}{view['query_string']}").context["cl"].result_list
    assert [row.buyer for row in rows] == ["Adam", "Eva"]


def test_unknown_columns_are_left_out_and_the_first_stays(book: list[Order], admin: Client) -> None:
    assert columns(choose(admin, "pk", "remote_order__payload", "served_from", "amount")) == ["named", "amount"]
    assert "state" in columns(choose(admin))


def test_a_column_needs_its_permission(project: Project, book: list[Order], login: Login) -> None:
    reader = login(project, Role.READ_ONLY)
    assert columns(choose(reader, "amount", "synchronize_row")) == ["named", "amount"]


def test_lists_without_a_choice_offer_none(admin: Client) -> None:
    assert admin.get("/stock/warehouse/").context["cl"].column_choices == []


# --- views ---


def test_a_view_keeps_filters_search_sorting_and_columns(book: list[Order], admin: Client) -> None:
    place = admin.get(LIST).context["cl"].list_display.index("bought_by")
    first = admin.get(f"{LIST}?tab=in_stock&q=mug&o=-{place}&p=1")
    sent = {"query": first.context["cl"].kept_query, "columns": first.context["cl"].columns}
    assert sent["query"] == "o=-bought_by&q=mug&tab=in_stock"
    save(admin, "Mugs", **sent)
    choose(admin, "amount")
    [chip] = admin.get(LIST).context["cl"].views
    opened = admin.get(f"{LIST}{chip['query_string']}")
    assert columns(opened) == columns(first)
    assert opened.context["cl"].query == "mug"
    assert opened.context["cl"].kept_query == first.context["cl"].kept_query
    assert opened.context["cl"].open_view.name == "Mugs"
    assert not opened.context["cl"].view_changed
    changed = admin.get(f"{LIST}{chip['query_string']}&integration=1000000")
    assert changed.status_code == 302  # no such shop


def test_sorting_means_the_same_with_other_columns() -> None:
    kept = kept_lists.named_sorting(
        {"o": ["-2.1"], "p": ["3"], "view": ["4"], "tab": ["all"]}, ["box", "number", "sum"]
    )
    assert kept == {"tab": ["all"], "o": ["-sum.number"]}
    assert kept_lists.address(kept, ["box", "number", "country", "sum"]) == "?o=-3.1&tab=all"
    assert kept_lists.address(kept, ["box", "number"]) == "?o=1&tab=all"
    assert kept_lists.named_sorting({"o": ["x.-.99.²"]}, ["box"]) == {}


def test_views_are_renamed_updated_and_deleted(book: list[Order], admin: Client) -> None:
    opened = save(admin, "  Open   ones ")
    assert told(opened) == ["The view “Open ones” is saved."]
    view = SavedView.objects.get(name="Open ones")
    act = {"view": str(view.pk), "query": "tab=all", "columns": "named amount"}
    changed = admin.get(f"{LIST}?tab=all&view={view.pk}")
    assert changed.context["cl"].view_changed and "(changed)" in changed.content.decode()
    assert not admin.post(f"{LIST}views/", {"do": "update", **act}, follow=True).context["cl"].view_changed
    view.refresh_from_db()
    assert view.parameters == {"tab": ["all"]} and view.columns == ["named", "amount"]
    renamed = admin.post(f"{LIST}views/", {"do": "rename", "name": "All", **act}, follow=True)
    assert told(renamed) == ["The view is called “All” now."]
    view.refresh_from_db()
    assert view.name == "All" and view.parameters == {"tab": ["all"]}
    gone = admin.post(f"{LIST}views/", {"do": "delete", **act}, follow=True)
    assert told(gone) == ["The view “All” is deleted."]
    assert gone.context["cl"].views == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Give the view a name."),
        (" \x00 ", "Give the view a name."),
        ("x" * 61, "The name is longer than 60 characters."),
        ("Mine", "There is a view called “Mine” already: choose another name, or update that one."),
    ],
)
def test_a_name_that_is_no_name_is_refused(book: list[Order], admin: Client, name: str, sentence: str) -> None:
    save(admin, "Mine")
    answer = save(admin, name)
    assert told(answer) == [sentence]
    assert SavedView.objects.count() == 1
    assert answer.context["cl"].tab_filter.selected == "in_stock"  # what the list showed is not lost


def test_columns_that_are_chosen_in_a_view_belong_to_it(book: list[Order], admin: Client) -> None:
    save(admin, "Mine")
    view = SavedView.objects.get()
    chosen = choose(admin, "country", view=str(view.pk), query="tab=in_stock")
    assert columns(chosen) == ["named", "country"]
    assert chosen.context["cl"].open_view.pk == view.pk
    assert "state" in columns(admin.get(LIST))


def test_a_view_that_is_gone_is_told(book: list[Order], admin: Client) -> None:
    answer = admin.get(f"{LIST}?tab=in_stock&view=4711", follow=True)
    assert told(answer) == [
        "That view is not here any more, or it is not yours to change. The list is shown without it."
    ]
    assert answer.context["cl"].tab_filter.selected == "in_stock"
    assert answer.redirect_chain == [(f"{LIST}?tab=in_stock", 302)]


def test_a_view_whose_filter_is_gone_says_so(book: list[Order], admin: Client) -> None:
    save(admin, "Old shop", query="integration=4711&tab=all")
    view = SavedView.objects.get()
    answer = admin.get(f"{LIST}?integration=4711&tab=all&view={view.pk}", follow=True)
    [sentence] = told(answer)
    assert sentence.startswith("The view “Old shop” asks for something that is not here any more (shop).")
    assert len(answer.context["cl"].result_list) == 2
    assert answer.context["cl"].open_view.name == "Old shop"


def test_an_address_without_a_view_is_told_as_ever(book: list[Order], admin: Client) -> None:
    answer = admin.get(f"{LIST}?integration=4711", follow=True)
    assert told(answer) == ["A part of that address was not understood; the list shows everything."]


# --- whose they are ---


def test_import_admins_share_views_and_others_only_open_them(
    project: Project, book: list[Order], admin: Client, login: Login
) -> None:
    save(admin, "Ours", shared="1")
    view = SavedView.objects.get()
    assert view.person is None
    staff = login(project, Role.ORDER_STAFF)
    page = staff.get(f"{LIST}?tab=in_stock&view={view.pk}")
    assert page.context["cl"].open_view.name == "Ours" and not page.context["cl"].open_view.may_change
    for do in ("update", "rename", "delete"):
        staff.post(f"{LIST}views/", {"do": do, "view": str(view.pk), "name": "Stolen", "query": "tab=all"})
    view.refresh_from_db()
    assert (view.name, view.parameters) == ("Ours", {"tab": ["in_stock"]})
    choose(staff, "country", view=str(view.pk))
    view.refresh_from_db()
    assert view.columns == ["named", "placed", "amount"]  # the choice is their own
    assert columns(staff.get(LIST)) == ["named", "country"]
    refused = save(staff, "Mine for all", shared="1")
    assert told(refused) == ["Only import admins share views: save it for yourself."]
    assert save(staff, "Ours").context["cl"].open_view.may_change  # of the same name, their own


def test_views_of_others_are_nobodys(project: Project, book: list[Order], admin: Client, login: Login) -> None:
    save(admin, "Mine")
    view = SavedView.objects.get()
    colleague, stranger = login(project), login(ProjectFactory.create())
    for other in (colleague, stranger):
        assert other.get(LIST).context["cl"].views == []
        assert other.get(f"{LIST}?view={view.pk}").status_code == 302
        for do in ("update", "rename", "delete"):
            other.post(f"{LIST}views/", {"do": do, "view": str(view.pk), "name": "Stolen", "query": "tab=all"})
    view.refresh_from_db()
    assert view.name == "Mine"


def test_shared_views_stay_in_their_project(book: list[Order], admin: Client, login: Login) -> None:
    save(admin, "Ours", shared="1")
    assert login(ProjectFactory.create()).get(LIST).context["cl"].views == []


def test_control_without_the_narrowing_others_views_are_seen(
    project: Project, book: list[Order], admin: Client, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(admin, "Mine")
    monkeypatch.setattr(kept_views, "seen_by", lambda person_id: SavedView.objects.all())
    assert [chip["view"].name for chip in login(project).get(LIST).context["cl"].views] == ["Mine"]


def test_a_list_has_its_own_views(book: list[Order], admin: Client) -> None:
    save(admin, "Mine")
    assert admin.get("/stock/product/").context["cl"].views == []


# --- sorting ---


def test_short_lists_are_sorted_by_any_column(book: list[Order], admin: Client) -> None:
    place = admin.get(LIST).context["cl"].list_display.index("amount")
    small = admin.get(f"{LIST}?o={place}")
    assert [order.number for order in small.context["cl"].result_list] == ["N-2", "N-1"]
    large = admin.get(f"{LIST}?o=-{place}")
    assert [order.number for order in large.context["cl"].result_list] == ["N-1", "N-2"]


def test_long_lists_are_sorted_by_an_index_or_say_why_not(
    book: list[Order], admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = admin.get(LIST).context["cl"].list_display.index("amount")
    monkeypatch.setattr(personal_lists, "MOST_SORTED", 1)
    refused = admin.get(f"{LIST}?o={place}")
    assert "This list is too long to be sorted so: up to 1 rows can be." in refused.content.decode()
    assert [order.number for order in refused.context["cl"].result_list] == ["N-2", "N-1"]
    heads = dict(zip(refused.context["cl"].list_display, refused.context["cl"].heads, strict=True))
    assert heads["placed"]["sortable"] and not heads["amount"]["sortable"]
    assert heads["amount"]["why"].startswith("Lists of up to 1 rows")
    assert heads["goods"]["why"] == "This column is put together from several parts and cannot be sorted by."
    found = admin.get(f"{LIST}?o={place}&q=n1")
    assert "too long" not in found.content.decode()


def test_fifty_rows_stay_below_sixty_kilobytes(project: Project, shop: Integration, admin: Client) -> None:
    imported(shop, [incoming(line("BISCUIT-ALMOND-500", 2), line(), number=f"N-{n}", note="!") for n in range(60)])
    page = admin.get(f"{LIST}?tab=backorder")
    assert len(page.context["cl"].result_list) == 50
    assert len(page.content) <= 60_000
