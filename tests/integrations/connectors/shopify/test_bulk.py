"""A long window by a bulk operation: whole, resumable, in small pieces, and nothing that changes meanwhile is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import client, jobs
from integrations.choices import RunKind, RunState
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.kit.mending import left_out
from integrations.connectors.listings import Cursor, OrderPage, Window
from integrations.connectors.shopify import bulk
from integrations.connectors.shopify.bulk_file import groups_in
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import claims, control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator.dialects.shopify.answering import State, state_of
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.factories import IntegrationFactory
from tests.integrations.connectors.shopify.orders import keys
from tests.recorded import from_site, serve

shopify = get("shopify")
ORDERS = 60
YEAR = timedelta(days=300)


class Store:
    """A simulated shop, its clock, and what was asked of it."""

    def __init__(self, days: int = 200) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        self.sold = SimulatedShop("Bulk", seed=6, clock=lambda: self.now)
        self.sold.stock_history(ORDERS, days=days)
        self.site = SimulatedSite(self.sold, "shopify")
        self.state: State = state_of(self.sold)
        self.remote = Shop("https://tea.myshopify.com", keys(self.sold), settings={"currency": "EUR"})
        self.largest = 0
        self.before: Callable[[Request], None] = lambda _: None

    def answer(self, request: Request) -> Response | ShopError:
        self.before(request)
        response = from_site(self.site, request)
        self.largest = max(self.largest, len(response.body))
        if response.status >= 500:
            return ShopError(Failure.UNAVAILABLE, "The shop has a fault of its own.", status=response.status)
        return response

    def page(self, cursor: Cursor | None) -> tuple[OrderPage, list[Request]]:
        window = Window(self.now - YEAR)
        return serve(shopify.orders.in_window(self.remote, window, cursor), self.answer)

    def forget(self) -> None:
        """As after a crash: another process goes on from the cursor."""
        self.remote = Shop(self.remote.base_url, self.remote.credentials, settings=self.remote.settings)

    def pages(self, cursor: Cursor | None = None, between: Callable[[], None] = lambda: None) -> Iterator[OrderPage]:
        while True:
            page, _ = self.page(cursor)
            yield page
            self.now += timedelta(seconds=page.wait)
            cursor = page.next
            if cursor is None:
                return
            between()

    def listed(self) -> set[str]:
        hidden = {"checkout-draft", "trash"}
        return {str(sale.id) for sale in self.sold.visible() if sale.state(self.now).status not in hidden}

    def ids(self, *pages: OrderPage) -> list[str]:
        return [shopify.identify(document, self.remote).external_id for page in pages for document in page.payloads]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(bulk, "WORTH_IT", 20)
    monkeypatch.setattr(bulk, "PIECE", 40_000)
    return Store()


def test_a_long_window_is_read_from_one_file(store: Store) -> None:
    pages = list(store.pages())
    assert set(store.ids(*pages)) == store.listed()
    assert len(store.ids(*pages)) == len(store.listed())
    assert [page.wait > 0 for page in pages[:3]] == [True, False, False]
    assert len(pages) > 5
    assert len(store.state.bulk.all) == 1
    assert store.largest < 200_000
    assert pages[-1].until == store.now


def test_an_order_of_the_file_is_the_order_of_the_list(store: Store) -> None:
    """Refunds, taken out lines, tips, foreign currencies: the same to the last field."""
    pages = list(store.pages())
    listed = serve(shopify.orders.by_ids(store.remote, tuple(store.listed())), store.answer)[0]
    expected = {order.external_id: order for order in (shopify.parse(each, store.remote) for each in listed.payloads)}
    for page in pages:
        for document in page.payloads:
            order = shopify.parse(document, store.remote)
            assert order == expected.pop(order.external_id)
    assert not expected


def test_what_changes_while_the_operation_runs_is_read_after_it(store: Store) -> None:
    pages = store.pages()
    begun = [next(pages)]
    placed = str(store.sold.place("processing").id)
    touched = min(store.sold.sales)
    store.sold.change(touched, "cancelled")
    rest = list(pages)
    in_file = store.ids(*(page for page in rest if page.next and "bulk" in page.next))
    assert placed not in in_file and str(touched) in in_file
    after = [page for page in rest if not (page.next and "bulk" in page.next)]
    assert {placed, str(touched)} <= set(store.ids(*after))
    assert set(store.ids(*begun, *rest)) == store.listed()


def test_every_step_can_be_the_last_one_of_a_process(store: Store) -> None:
    assert set(store.ids(*store.pages(between=store.forget))) == store.listed()
    assert len(store.state.bulk.all) == 1


def test_an_operation_whose_cursor_was_lost_is_found_again(store: Store) -> None:
    store.page(None)
    store.forget()
    assert set(store.ids(*store.pages())) == store.listed()
    assert len(store.state.bulk.all) == 1


@pytest.mark.parametrize("ends", ["FAILED", "CANCELED", "EXPIRED", "SOMETHING_NEW"])
def test_an_operation_that_comes_to_nothing_leaves_the_ordinary_list(store: Store, ends: str) -> None:
    store.state.bulk.ends = ends
    assert set(store.ids(*store.pages())) == store.listed()


def test_an_operation_that_cannot_begin_leaves_the_ordinary_list(store: Store) -> None:
    store.state.bulk.most = 0
    pages = list(store.pages())
    assert set(store.ids(*pages)) == store.listed()
    assert not any(page.wait for page in pages)


def test_an_operation_that_finds_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "WORTH_IT", -1)
    store.sold.sales.clear()
    assert store.ids(*store.pages()) == []


def test_an_address_that_has_expired_is_asked_for_again(store: Store) -> None:
    pages = store.pages()
    found = [next(pages), next(pages)]
    store.remote.memory["bulk_url"] = (store.state.bulk.all[0].gid, "https://localhost/bulk/1.jsonl?signature=old")
    assert set(store.ids(*found, *pages)) == store.listed()


def test_a_file_that_is_gone_leaves_the_ordinary_list(store: Store) -> None:
    pages = store.pages()
    found = [next(pages), next(pages)]
    store.now += timedelta(days=8)
    assert set(store.ids(*found, *pages)) == store.listed()


def test_a_server_without_ranges_is_read_all_the_same(store: Store) -> None:
    plain = store.answer

    def whole(request: Request) -> Response | ShopError:
        headers = {name: value for name, value in request.headers.items() if name != "Range"}
        return plain(Request(request.method, request.url, request.params, headers, request.body, request.auth))

    store.answer = whole  # type: ignore[method-assign]
    assert set(store.ids(*store.pages())) == store.listed()


def test_points_that_run_out_ask_nothing_twice(store: Store) -> None:
    """Where a question costs what comes back in some seconds, many of them in one page would never end."""
    store.remote = Shop(store.remote.base_url, store.remote.credentials, settings={"currency": "EUR", "per_page": 2})
    store.state.points = store.state.most_points = 130
    cursor: Cursor | None = None
    found: list[str] = []
    throttled = 0
    while True:
        try:
            page, _ = store.page(cursor)
        except ShopError as error:
            assert error.kind == Failure.BUSY
            throttled += 1
            store.now += timedelta(seconds=error.retry_after or 1)
            continue
        found += store.ids(page)
        store.now += timedelta(seconds=page.wait)
        cursor = page.next
        if cursor is None:
            break
    assert throttled
    assert set(found) == store.listed()
    assert len(store.site.log) < 80


def test_no_key_goes_to_the_file_and_no_address_is_kept(store: Store) -> None:
    asked: list[Request] = []
    store.before = asked.append
    cursors = [page.next for page in store.pages()]
    files = [request for request in asked if "/bulk/" in request.url]
    assert files and all(request.auth is None for request in files)
    assert not any("token" in name.lower() for request in files for name in request.headers)
    assert not any("signature" in str(cursor) for cursor in cursors)


@pytest.mark.parametrize("url", ["http://127.1/bulk/1.jsonl", "ftp://files.example/1", "http://files.example/1"])
def test_an_unsafe_address_of_the_file_is_refused(store: Store, url: str) -> None:
    page, _ = store.page(None)
    store.remote.memory["bulk_url"] = (store.state.bulk.all[0].gid, url)
    with pytest.raises(ShopError, match="not safe"):
        store.page(page.next)


def test_without_read_all_orders_staff_are_told(store: Store) -> None:
    store.state.scopes.remove("read_all_orders")
    pages = list(store.pages())
    assert "read_all_orders" in "".join(page.note for page in pages)
    recent = {str(sale.id) for sale in store.sold.visible() if sale.placed_at > store.now - timedelta(days=60)}
    assert set(store.ids(*pages)) == store.listed() & recent


@pytest.mark.parametrize(("days", "worth"), [(10, 0), (300, 5000)])
def test_a_short_window_and_a_small_one_begin_no_operation(
    store: Store, monkeypatch: pytest.MonkeyPatch, days: int, worth: int
) -> None:
    monkeypatch.setattr(bulk, "WORTH_IT", worth)
    window = Window(store.now - timedelta(days=days))
    serve(shopify.orders.in_window(store.remote, window, None), store.answer)
    assert not store.state.bulk.all


class TestLoad:
    """The engine: waits between the looks, says what it waits for, and calls the operation off."""

    pytestmark = pytest.mark.django_db

    @pytest.fixture
    def run(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> Run:
        def drive(operation: Any, **_: Any) -> Any:
            return serve(operation, store.answer)[0]

        monkeypatch.setattr(client, "drive", drive)
        integration: Integration = IntegrationFactory.create(
            platform="shopify", base_url="https://tea.myshopify.com", credentials=Secrets(**keys(store.sold))
        )
        set_up(integration)
        return control.request(RunKind.LOAD, integration, since=store.now - YEAR)

    def work(self, run: Run) -> None:
        Run.objects.update(next_attempt_at=None)
        jobs.work(run.pk)
        run.refresh_from_db()

    def test_it_waits_for_the_file_and_reads_it(self, store: Store, run: Run) -> None:
        self.work(run)
        assert (run.state, run.reason) == (RunState.WAITING, bulk.WAITS)
        assert run.next_attempt_at is not None
        store.sold.place("processing")
        store.now += timedelta(seconds=10)
        self.work(run)
        assert (run.state, run.fetched) == (RunState.SUCCEEDED, len(store.listed()))
        assert set(RemoteOrder.objects.values_list("external_id", flat=True)) == store.listed()
        assert run.until == store.now
        assert broken() == {}

    def test_what_staff_should_know_stays_with_the_run(self, store: Store, run: Run) -> None:
        store.state.scopes.remove("read_all_orders")
        self.work(run)
        store.now += timedelta(seconds=10)
        self.work(run)
        assert (run.state, run.reason) == (RunState.SUCCEEDED, bulk.ONLY_RECENT)

    def test_a_cancel_while_it_waits_stops_the_operation_in_the_shop(self, store: Store, run: Run) -> None:
        self.work(run)
        assert control.cancel(run)
        self.work(run)
        assert (run.state, run.reason) == (RunState.CANCELLED, claims.KEPT)
        assert store.state.bulk.all[0].is_cancelled

    def test_a_shop_that_cannot_be_told_does_not_keep_a_cancelled_load(self, store: Store, run: Run) -> None:
        self.work(run)
        control.cancel(run)

        def down(_: Request) -> None:
            store.site.faults.add({"kind": "status", "status": 500, "path": "/"})

        store.before = down
        self.work(run)
        assert run.state == RunState.CANCELLED


def test_a_line_that_cannot_be_read_is_its_orders_own_matter() -> None:
    """What stands in the place of the value is `mending`'s; the order's lines still belong to it."""
    order, line = b'{"id":"gid://shopify/Order/1","note":NaN}', b'{"id":"gid://shopify/LineItem/5","__parentId":'
    body = order + b"\n" + line + b'"gid://shopify/Order/1"}\n{"id":"gid://shopify/Order/2"}\n'
    groups, _ = groups_in(body, is_end=True)
    assert [group.gid for group in groups] == ["gid://shopify/Order/1", "gid://shopify/Order/2"]
    assert [left_out(group.payload()) is None for group in groups] == [False, True]
