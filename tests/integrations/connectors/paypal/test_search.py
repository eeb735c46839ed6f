"""Spans, lateness, ids and numbers: nothing is passed over, and only what was asked for comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.client import drive
from integrations.client.limits import Limits
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, Operation, Response
from integrations.connectors.listings import Cursor, Window
from integrations.connectors.paypal import transactions as paging
from integrations.simulator.dialects.paypal import answering as dialect
from integrations.simulator.dialects.paypal.transactions import payment, transaction_id, transactions
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.paypal.payments import ID, NOON, Account, info, numbers_of, paypal, shop, transaction
from tests.integrations.simulator.test_shops import differences, shape
from tests.payloads import PAYLOADS
from tests.recorded import able, answer, play, serve

WINDOW = Window(NOON - timedelta(days=2))
TOKEN = answer({"access_token": "new", "expires_in": 32400})
BAD_DATE = answer({"name": "INVALID_REQUEST"}, 400)


def listing(*rows: dict[str, Any], refreshed: str = "2026-11-01T11:00:00+0000", **more: Any) -> Response:
    page = {"transaction_details": list(rows), "account_number": "ACC1", "last_refreshed_datetime": refreshed}
    return answer({**page, "total_items": len(rows), "total_pages": 1, "page": 1, **more})


def paid(account: Account) -> list[str]:
    return [transaction_id(account.shop, sale) for sale in account.shop.sales.values()]


@pytest.mark.parametrize(("orders", "per_page"), [(0, 7), (1, 7), (7, 7), (40, 7), (40, 5), (60, 500)])
def test_every_payment_of_a_window(orders: int, per_page: int) -> None:
    account = Account(orders, per_page=per_page, apart=600)
    found, until = account.sweep(WINDOW)
    assert (sorted(set(found)), until) == (sorted(paid(account)), NOON - dialect.LATE)


def test_a_year_in_spans_of_at_most_31_days() -> None:
    account = Account(120, per_page=50, apart=3 * 86400)
    found, _ = account.sweep(Window(NOON - timedelta(days=365)))
    assert set(found) == set(paid(account)[-len(set(found)) :])
    assert len(set(found)) >= 120
    spans = {
        (params["start_date"], params["end_date"])
        for request in account.requests
        if "start_date" in (params := dict(request.params))
    }
    assert len(spans) == 13
    for start, end in spans:
        assert datetime.fromisoformat(end) - datetime.fromisoformat(start) < timedelta(days=31)


def test_payments_that_show_up_late_come_with_the_next_window() -> None:
    """A control, a window that ends now, would never see them again."""
    account = Account(10)
    account.shop.place(age=60)
    found, until = account.sweep(WINDOW)
    late = paid(account)[-1]
    assert late not in found
    account.now += timedelta(hours=1)
    again, _ = account.sweep(Window(until))
    assert late in again


def test_a_payment_that_changes_within_a_day_is_read_again() -> None:
    account = Account(0)
    sale = account.shop.place(status="on-hold", age=3 * 3600)
    _, until = account.sweep(WINDOW)
    account.now += timedelta(hours=1)
    account.shop.change(sale.id, "processing")
    account.now += timedelta(hours=1)
    assert account.sweep(Window(until))[0] == paid(account)


def test_a_pending_payment_is_seen_and_later_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An e-check is pending for days, in which it moves no balance: PayPal's default leaves it out."""
    account = Account(0)
    sale = account.shop.place(status="on-hold", age=3 * 3600)
    page, _ = serve(paypal.orders.in_window(account.remote, WINDOW, None), account.serve)
    [named] = [paypal.identify(document, account.remote) for document in page.payloads]
    assert (named.status, [paypal.parse(each, account.remote).paid_at for each in page.payloads]) == ("P", [None])
    account.now += timedelta(days=4)
    account.shop.change(sale.id, "processing")
    account.now += timedelta(hours=1)
    cleared, _ = serve(able(paypal.orders.by_ids)(account.remote, (named.external_id,)), account.serve)
    [order] = [paypal.parse(document, account.remote) for document in cleared.payloads]
    assert (order.external_id, order.status) == (named.external_id, "S")
    assert order.paid_at is not None
    # The control: asked without it, PayPal shows it only once it has cleared.
    monkeypatch.setattr(paging, "ALL_RECORDS", {})
    again = Account(0)
    again.shop.place(status="on-hold", age=3 * 3600)
    assert again.sweep(WINDOW)[0] == []


def test_a_payment_that_joins_a_span_has_it_read_again() -> None:
    account = Account(30, per_page=5, apart=600)

    def join(page: int) -> None:
        if page == 3:
            account.shop.place(age=29 * 600 + dialect.LATE.total_seconds() + 100)

    found, _ = account.sweep(WINDOW, join)
    assert set(found) == set(paid(account))


def test_too_many_for_one_list_are_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "MOST_ITEMS", 9)
    account = Account(60, per_page=5, apart=1800)
    found, _ = account.sweep(Window(NOON - timedelta(days=3)))
    assert set(found) == set(paid(account))


def test_more_in_a_second_than_paypal_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "MOST_ITEMS", 2)
    account = Account(0)
    for _ in range(5):
        account.shop.place(age=7200)
    with pytest.raises(ShopError, match="one second"):
        account.sweep(WINDOW)


def test_the_window_ends_where_paypal_is() -> None:
    page, requests = play(
        paypal.orders.in_window(shop(), WINDOW, None), [listing(), listing(transaction(), {"transaction_info": {}})]
    )
    first, second = (dict(request.params) for request in requests)
    assert (first["start_date"], first["end_date"]) == ("2026-10-29T12:00:00Z", "2026-10-29T12:00:01Z")
    assert (second["start_date"], second["end_date"]) == ("2026-10-29T12:00:00Z", "2026-11-01T11:00:00Z")
    assert (second["fields"], second["page_size"], second["page"]) == ("all", "500", "1")
    assert (page.until, page.next, len(page.payloads)) == (datetime(2026, 11, 1, 11, tzinfo=UTC), None, 2)


def test_paypal_far_behind_ends_before_it_begins() -> None:
    page, _ = play(paypal.orders.in_window(shop(), Window(NOON), None), [BAD_DATE])
    assert (page.payloads, page.next, page.until) == ((), None, NOON - timedelta(days=1))


def test_three_years_are_the_most() -> None:
    page, requests = play(
        paypal.orders.in_window(shop(), Window(NOON - timedelta(days=3000)), None), [BAD_DATE, listing(), listing()]
    )
    assert dict(requests[1].params)["start_date"] == "2023-11-03T12:00:00Z"
    assert page.next is not None


@pytest.mark.parametrize(
    ("reply", "kind", "wait"),
    [
        (ShopError(Failure.BUSY, "Wait.", status=429), Failure.BUSY, 300),
        (answer({"name": "RATE_LIMIT_REACHED"}, 429), Failure.BUSY, 300),
        (answer({"name": "NOT_AUTHORIZED"}, 403), Failure.CREDENTIALS, None),
        (answer(b"<html>"), Failure.NONSENSE, None),
        (answer({}), Failure.NONSENSE, None),
        (listing(refreshed=""), Failure.NONSENSE, None),
        (listing(refreshed="yesterday"), Failure.NONSENSE, None),
        (answer(b"[" * 5000), Failure.NONSENSE, None),
        (ShopError(Failure.UNAVAILABLE, "Down."), Failure.UNAVAILABLE, None),
    ],
)
def test_refusals(reply: Response | ShopError, kind: Failure, wait: float | None) -> None:
    with pytest.raises(ShopError) as caught:
        play(paypal.orders.in_window(shop(), WINDOW, None), [reply])
    assert (caught.value.kind, caught.value.retry_after) == (kind, wait)


def test_ids_near_each_other_are_one_request() -> None:
    account = Account(40, per_page=500, apart=600)
    page, _ = serve(paypal.orders.in_window(account.remote, WINDOW, None), account.serve)
    ids = tuple(paypal.parse(document, account.remote).external_id for document in page.payloads)
    account.requests.clear()
    found, requests = serve(paypal.orders.by_ids(account.remote, (*ids[3:20], ids[4], "nonsense")), account.serve)
    kinds = [dict(request.params).get("transaction_type") for request in requests]
    assert kinds == [None, None, "T1107", "T1201"], "the payments, PayPal's time, what went back"
    assert {paypal.parse(document, account.remote).external_id for document in found.payloads} == set(ids[3:20])
    assert set(found.payloads) <= set(page.payloads)


def test_one_id_is_asked_for_by_itself() -> None:
    page, requests = play(
        paypal.orders.by_ids(shop(), (ID,)),
        [listing(transaction(), transaction(info(transaction_id="X"))), BAD_DATE, listing(), listing()],
    )
    params = dict(requests[0].params)
    assert params["transaction_id"] == "9AB00000000000001"
    assert (params["start_date"], params["end_date"]) == ("2026-10-30T09:59:59Z", "2026-10-30T10:00:01Z")
    assert numbers_of(page) == ["9AB00000000000001"]
    with pytest.raises(ValueError, match="At most 50"):
        play(paypal.orders.by_ids(shop(), (ID,) * 51), [])


@pytest.mark.parametrize("bad", ["", "1", "9AB.T0006.20261399T100000Z", "../x", "9AB00000000000001"])
def test_what_is_no_id_is_never_sent(bad: str) -> None:
    assert play(paypal.orders.by_ids(shop(), (bad,)), [])[0].payloads == ()


def test_numbers_are_exact() -> None:
    account = Account(40, per_page=500)
    sale = next(iter(account.shop.sales.values()))
    invoice, own = f"Account-{sale.number}", transaction_id(account.shop, sale)
    event = payment(account.shop, sale)["transaction_info"]["transaction_event_code"]
    external = f"{own}.{event}.{sale.placed_at:%Y%m%dT%H%M%SZ}"
    for number in (invoice, f" #{invoice} ", own, external):
        page, _ = serve(paypal.orders.by_number(account.remote, number), account.serve)
        assert numbers_of(page) == [own], number
    for number in (invoice[:-1], "Account", own[:-1], "", "x" * 200):
        page, _ = serve(paypal.orders.by_number(account.remote, number), account.serve)
        assert page.payloads == (), number


# --- check ---


def test_an_account_that_works() -> None:
    report, requests = play(paypal.check(shop(token=None)), [TOKEN, BAD_DATE, listing()])
    assert (report.ok, report.shop_name, report.clock, len(report.hints)) == (True, "ACC1", NOON, 2)
    assert requests[0].auth == BasicAuth("Aclient", "Esecret")
    assert "Esecret" not in repr(requests)


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        ([answer({"error": "invalid_client"}, 401)], "credentials", "client ID"),
        ([TOKEN, answer({"name": "NOT_AUTHORIZED"}, 403)], "credentials", "Transaction search"),
        ([TOKEN, BAD_DATE, answer(b"<html>")], "nonsense", "not a list"),
        ([TOKEN, BAD_DATE, BAD_DATE], "refused", "INVALID_REQUEST"),
        ([answer(b"<html>", 404)], "address", "api-m.paypal.com"),
        ([ShopError(Failure.UNAVAILABLE, "Silent.")], "unavailable", "Silent"),
    ],
)
def test_what_can_be_wrong(answers: list[Response | ShopError], failure: str, words: str) -> None:
    remote = shop(token=None)
    report, _ = play(paypal.check(remote), answers)
    assert (report.ok, report.failure) == (False, Failure(failure))
    assert words in report.summary
    assert ("paypal_token" in remote.memory) is (failure in {"nonsense", "refused"})


def test_lists_are_fixed_and_products_are_none() -> None:
    lists, _ = play(paypal.code_lists(shop()), [])
    assert {status.code for status in lists.statuses} == {rule.status for rule in paypal.default_rules}
    assert paypal.products is None


# --- the simulated PayPal ---


def stocked(currency: str = "EUR") -> SimulatedShop:
    made = SimulatedShop("Teahouse", seed=4, currency=currency)
    made.stock_history(300)
    return made


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_every_kind_of_payment_can_be_read(currency: str) -> None:
    rows = [json.dumps(row()).encode() for *_, row in transactions(stocked(currency))]
    orders = [paypal.parse(row, shop()) for row in rows if paypal.identify(row, shop()).number.startswith("Teahouse")
              and b'"T1107"' not in row]  # fmt: skip
    assert {order.residual for order in orders} == {Decimal(0)}
    assert {order.warnings for order in orders} == {()}
    assert {order.status for order in orders} == {"S", "P", "D", "V"}
    assert any(order.discount_total for order in orders)


def test_documents_have_the_documented_shape() -> None:
    theirs = json.loads((PAYLOADS / "paypal" / "transactions.json").read_text())
    rows = [row() for *_, row in transactions(stocked())]
    fullest = max(rows, key=lambda row: len(json.dumps(row)))
    found = differences(shape(fullest), shape(theirs["transaction_details"][0]))
    assert [each for each in found if "line2" not in each and "transaction_note" not in each] == []
    account = Account(1)
    account.sweep(WINDOW)
    page = json.loads(account.serve(account.requests[-1]).body)
    assert set(page) == set(theirs)


class Wallet:
    def __init__(self, server: SimulatedServer) -> None:
        self.server, self.shop = server, server.site.shop
        keys = {"client_id": self.shop.key, "client_secret": self.shop.secret}
        self.remote = Shop(server.url, keys, settings={"per_page": 50})

    def drive(self, operation: Operation[Any]) -> Any:
        limits = Limits(connect=5, read=5, total=10)
        return drive(operation, allowed={self.server.address}, limits=limits, sleep=lambda _: None)


@pytest.fixture
def wallet() -> Iterator[Wallet]:
    with SimulatedServer(SimulatedSite(stocked(), "paypal")) as server:
        yield Wallet(server)


def test_a_month_over_http_with_faults(wallet: Wallet) -> None:
    assert wallet.drive(paypal.check(wallet.remote)).ok
    for fault in (
        {"kind": "status", "status": 503, "skip": 1},
        {"kind": "html", "skip": 2},
        {"kind": "cut", "skip": 3},
    ):
        wallet.server.site.faults.add({"path": "reporting", **fault})
    found: list[str] = []
    cursor: Cursor | None = None
    window = Window(datetime.now(UTC) - timedelta(days=60))
    while True:
        try:
            result = wallet.drive(paypal.orders.in_window(wallet.remote, window, cursor))
        except ShopError as error:
            assert error.passes
            continue
        found += [paypal.parse(document, wallet.remote).external_id for document in result.payloads]
        cursor = result.next
        if cursor is None:
            break
    rows = [row()["transaction_info"] for *_, row in transactions(wallet.shop)]
    expected = [row["transaction_id"] for row in rows if row["transaction_event_code"] not in {"T1107", "T0400"}]
    assert {identifier.partition(".")[0] for identifier in found} == set(expected)
    assert len(expected) > 200
    one = wallet.drive(paypal.orders.by_ids(wallet.remote, (found[7],)))
    assert [paypal.parse(document, wallet.remote).external_id for document in one.payloads] == [found[7]]


def test_wrong_keys_over_http(wallet: Wallet) -> None:
    wrong = Shop(wallet.remote.base_url, {"client_id": "A", "client_secret": "E"})
    report = wallet.drive(paypal.check(wrong))
    assert (report.ok, report.failure) == (False, Failure.CREDENTIALS)
