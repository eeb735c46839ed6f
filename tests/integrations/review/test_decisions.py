"""Import Orders: missing orders are fetched as pending, a person accepts or dismisses them, nothing happens twice."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection

from integrations import jobs
from integrations.choices import (
    BuyerListing,
    ImportAction,
    IntegrationHealth,
    ListKind,
    RemoteState,
    Role,
    RunKind,
    RunState,
    UnknownCodes,
)
from integrations.importing import block_list, fetch_missing
from integrations.importing.block_list import ListRefused, PatternRefused, normal, read_csv, save_rows
from integrations.importing.load import request_load
from integrations.importing.payloads import read
from integrations.invariants import broken
from integrations.models import BuyerEntry, Integration, RemoteOrder, Run
from integrations.review import decisions
from integrations.runs.control import RunRefused
from integrations.shops import mapping_settings
from integrations.shops.connection import set_up
from orders.choices import OrderStatus
from orders.models import Order, OrderEvent
from stock.models import StockMovement
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, member
from tests.fake_connector import FakeConnector

pytestmark = pytest.mark.django_db

BODIES = {body.split(b'"id": ', 1)[1].split(b",", 1)[0].decode(): body for body in payloads()[:20]}
KEYS = list(BODIES)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    """A shop of twenty orders, read by window, number or id."""
    shop = FakeConnector(dict(BODIES))
    shop.install(monkeypatch)
    return shop


@pytest.fixture
def integration(shop: FakeConnector) -> Integration:
    integration = IntegrationFactory.create()
    set_up(integration)
    return integration


@pytest.fixture
def person(integration: Integration) -> User:
    return member(integration.project.account, Role.ORDER_STAFF, "ann")


def fetch(integration: Integration, order: str = "", hours: int = 0) -> Run:
    run = fetch_missing.request_order(integration, order) if order else fetch_missing.request_hours(integration, hours)
    jobs.work(run.pk)
    run.refresh_from_db()
    return run


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in RemoteOrder.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def accept(integration: Integration, person: User, *keys: str, blocked_too: bool = False) -> list[decisions.Reviewed]:
    ids = RemoteOrder.objects.filter(external_id__in=keys).values_list("pk", flat=True)
    return decisions.accept(
        integration.project_id, list(ids), actor_id=person.pk, actor=str(person), blocked_too=blocked_too
    )


def dismiss(integration: Integration, person: User, *keys: str, reason: str = "A test") -> list[decisions.Reviewed]:
    ids = RemoteOrder.objects.filter(external_id__in=keys).values_list("pk", flat=True)
    return decisions.dismiss(integration.project_id, ids, reason, actor_id=person.pk, actor=str(person))


def test_one_order_is_fetched_as_pending_and_nothing_else(integration: Integration, shop: FakeConnector) -> None:
    run = fetch(integration, KEYS[3])
    assert (run.state, run.pending, run.reason) == (RunState.SUCCEEDED, 1, "1 order fetched as Pending.")
    assert states() == {"pending": 1}
    assert RemoteOrder.objects.get().external_id == KEYS[3]
    assert shop.called == ["order_by_number"]
    assert not Order.objects.exists()
    assert broken() == {}


def test_what_is_here_is_left_out_with_a_message(integration: Integration, person: User) -> None:
    fetch(integration, KEYS[0])
    accept(integration, person, KEYS[0])
    fetch(integration, KEYS[1])
    dismiss(integration, person, KEYS[1])
    before = list(Order.objects.values())
    run = fetch(integration, hours=2)
    assert run.reason == (
        "18 orders fetched as Pending; 1 order left out: in the book already;"
        " 1 order marked as cancel before: take that back to import."
    )
    assert states() == {"pending": 18, "imported": 1, "dismissed": 1}
    assert list(Order.objects.values()) == before
    assert fetch(integration, KEYS[2]).reason == f"Order {KEYS[2]} is pending already."
    assert broken() == {}


@pytest.mark.parametrize("state", [RemoteState.FAILED, RemoteState.IGNORED])
def test_failed_and_ignored_orders_come_back_as_pending(integration: Integration, state: RemoteState) -> None:
    fetch(integration, KEYS[0])
    RemoteOrder.objects.update(state=state, action=ImportAction.SKIP, attempts=3, retry=False)
    assert fetch(integration, KEYS[0]).pending == 1
    assert states() == {"pending": 1}


def test_an_order_that_is_not_there_is_said(integration: Integration) -> None:
    run = fetch(integration, "999999")
    assert (run.state, run.fetched) == (RunState.SUCCEEDED, 0)
    assert "Order “999999” was not found at" in run.reason
    assert "its newest 500 orders were looked through, and our own records." in run.reason


def test_an_order_of_another_store_is_named(integration: Integration) -> None:
    other = IntegrationFactory.create(project=integration.project, title="The other one")
    set_up(other)
    RemoteOrder.objects.create(
        project=other.project, integration=other, external_id="999999", number="999999", digest=b"x", reason_code="x",
        state=RemoteState.PENDING, reason="x", first_seen_at=other.created_at, changed_at=other.created_at,
    )  # fmt: skip
    assert "There is one with this number at The other one: choose that store." in fetch(integration, "999999").reason


@pytest.mark.parametrize("wanted", ["", "   ", "a\nb", "x" * 101, "\x00"])
def test_a_wrong_number_is_refused_before_the_shop_is_asked(
    integration: Integration, shop: FakeConnector, wanted: str
) -> None:
    with pytest.raises(RunRefused):
        fetch_missing.request_order(integration, wanted)
    assert (shop.called, Run.objects.count()) == ([], 0)


@pytest.mark.parametrize("hours", [0, 7, -1])
def test_other_hours_are_refused(integration: Integration, hours: int) -> None:
    with pytest.raises(RunRefused, match="between 1 and 6 hours"):
        fetch_missing.request_hours(integration, hours)


def test_a_shop_that_cannot_be_read_is_said(integration: Integration) -> None:
    Integration.objects.update(health=IntegrationHealth.CREDENTIALS)
    integration.refresh_from_db()
    with pytest.raises(RunRefused, match="rejects our credentials"):
        fetch_missing.request_order(integration, "1")
    integration.enabled = False
    with pytest.raises(RunRefused, match="switched off"):
        fetch_missing.request_hours(integration, 1)


def test_an_unreadable_order_is_shown_in_error(integration: Integration, shop: FakeConnector) -> None:
    shop.bodies = {"7": b'{"id": 7, "status": "processing", "line_items": "none"}'}
    run = fetch(integration, "7")
    assert (run.failed, run.pending) == (1, 0)
    assert "1 order unreadable: see the items in error" in run.reason
    assert states() == {"failed": 1}


def test_accepting_runs_the_rule_of_the_status(integration: Integration, person: User) -> None:
    fetch(integration, KEYS[0])
    integration.rules.update(action=ImportAction.HOLD)
    [result] = accept(integration, person, KEYS[0])
    order = Order.objects.get()
    assert (result.done, result.order_id, order.status) == (True, order.pk, OrderStatus.ON_HOLD)
    row = RemoteOrder.objects.get()
    assert (row.state, row.get_state_display(), row.decided_by) == ("imported", "Succeeded", person)
    assert row.reason == "Accepted by ann, imported by the rule “Import and hold”."
    events = OrderEvent.objects.order_by("id")
    assert [(event.kind, event.actor) for event in events] == [("imported", None), ("accepted", person)]
    assert broken() == {}


def test_where_the_rule_would_not_import_it_is_valid_and_says_so(integration: Integration, person: User) -> None:
    fetch(integration, KEYS[0])
    integration.rules.update(action=ImportAction.SKIP)
    [result] = accept(integration, person, KEYS[0])
    assert "“Import as valid”: its rule would not import it" in result.sentence
    assert Order.objects.get().status == OrderStatus.PROCESSING


def test_accepting_puts_the_shops_words_into_ours(integration: Integration, person: User) -> None:
    for key in KEYS[:2]:
        fetch(integration, key)
    mapping_settings.name_code(integration, ListKind.PAYMENT, "stripe", "Card online")
    accept(integration, person, KEYS[0])
    assert Order.objects.get().payment_title == "Card online"
    Integration.objects.update(unknown_deliveries=UnknownCodes.FAIL)
    [result] = accept(integration, person, KEYS[1])
    assert not result.done and "The shipping method “flat_rate” (Parcel) has no name here" in result.sentence
    row = RemoteOrder.objects.get(external_id=KEYS[1])
    assert (row.state, row.reason_code, row.subject) == ("pending", "unmapped_delivery", "flat_rate")


def test_a_second_click_is_refused_politely(integration: Integration, person: User) -> None:
    fetch(integration, hours=1)
    first, again = accept(integration, person, *KEYS[:3]), accept(integration, person, *KEYS[:3])
    assert [result.done for result in first] == [True] * 3
    assert [result.done for result in again] == [False] * 3
    assert "is Succeeded already: Accepted by ann" in again[0].sentence
    assert Order.objects.count() == 3
    [late] = dismiss(integration, person, KEYS[0])
    assert not late.done
    assert states() == {"imported": 3, "pending": 17}


def test_what_the_book_refuses_stays_pending_and_stops_nobody(integration: Integration, person: User) -> None:
    fetch(integration, hours=1)
    integration.rules.update(action=ImportAction.COMPLETE)
    results = accept(integration, person, *KEYS[:2])
    assert not any(result.done for result in results)
    assert "stays pending: “Import and complete” needs every unit on stock" in results[0].sentence
    assert (states(), StockMovement.objects.count()) == ({"pending": 20}, 0)
    integration.rules.update(action=ImportAction.VALID)
    assert all(result.done for result in accept(integration, person, *KEYS[:2]))
    assert broken() == {}


def test_an_order_that_cannot_be_stored_stops_nobody(integration: Integration, person: User) -> None:
    fetch(integration, hours=1)
    poison = RemoteOrder.objects.get(external_id=KEYS[0])
    poison.payload = poison.payload.replace('"currency": "', '"currency": "\\ud800', 1)
    poison.save()
    results = {result.remote_id: result for result in accept(integration, person, *KEYS[:3])}
    assert [result.done for result in results.values()].count(True) == 2
    assert not results[poison.pk].done
    assert states() == {"imported": 2, "pending": 18}


def test_mark_as_cancel_can_be_taken_back(integration: Integration, person: User) -> None:
    fetch(integration, KEYS[0])
    assert [result.done for result in dismiss(integration, person, KEYS[0], reason="A test order")] == [True]
    row = RemoteOrder.objects.get()
    assert (row.state, row.reason) == ("dismissed", "Marked as cancel by ann: A test order")
    assert not accept(integration, person, KEYS[0])[0].done
    [back] = decisions.take_back(integration.project_id, [row.pk], actor_id=person.pk, actor="ann")
    assert back.done
    assert accept(integration, person, KEYS[0])[0].done
    assert broken() == {}


def test_another_project_cannot_decide(integration: Integration, person: User) -> None:
    fetch(integration, KEYS[0])
    other = IntegrationFactory.create().project_id
    ids = [RemoteOrder.objects.get().pk]
    assert decisions.accept(other, ids, actor_id=person.pk, actor="x") == []
    assert decisions.dismiss(other, ids, "x", actor_id=person.pk, actor="x") == []
    assert states() == {"pending": 1}


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_accept_an_order_once(integration: Integration, person: User) -> None:
    fetch(integration, hours=1)
    results: list[decisions.Reviewed] = []

    def click() -> None:
        try:
            results.extend(accept(integration, person, *KEYS[:5]))
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.done for result in results) == 5
    assert Order.objects.count() == 5
    assert broken() == {}


# --- allow / block list ---


@pytest.mark.parametrize(
    ("pattern", "email", "is_blocked"),
    [
        ("bad@mail.example", "Bad@Mail.Example", True),
        ("bad@mail.example", "good@mail.example", False),
        ("mail.example", "anybody@mail.example", True),
        ("mail.example", "anybody@sub.mail.example", True),
        ("mail.example", "anybody@notmail.example", False),
        ("mail.example", "mail.example@other.example", False),
        ("mail.example", "", False),
        ("mail.example", "no address", False),
    ],
)
def test_a_blocked_buyers_order_waits(integration: Integration, pattern: str, email: str, is_blocked: bool) -> None:
    BuyerEntry.objects.create(project=integration.project, pattern=pattern)
    assert bool(block_list.load(integration.project_id, [email]).blocked(email)) is is_blocked


def test_allowed_wins_and_inactive_entries_count_for_nothing(integration: Integration) -> None:
    entries = BuyerEntry.objects
    entries.create(project=integration.project, pattern="ann@mail.example")
    entries.create(project=integration.project, pattern="mail.example", listing=BuyerListing.ALLOW)
    assert block_list.load(integration.project_id, ["ann@mail.example"]).blocked("ann@mail.example") == ""
    entries.filter(listing=BuyerListing.ALLOW).update(active=False)
    assert (
        block_list.load(integration.project_id, ["ann@mail.example"]).blocked("ann@mail.example") == "ann@mail.example"
    )
    assert (
        block_list.load(IntegrationFactory.create().project_id, ["ann@mail.example"]).blocked("ann@mail.example") == ""
    )


def test_a_load_leaves_a_blocked_buyers_order_pending(integration: Integration, person: User) -> None:
    fetch(integration, KEYS[0])
    blocked = RemoteOrder.objects.get()
    email = read(integration.connector, integration.shop(), blocked.payload.encode(), b"").order
    assert email is not None
    BuyerEntry.objects.create(project=integration.project, pattern=email.email.lower())
    RemoteOrder.objects.all().delete()
    integration.rules.update(action=ImportAction.VALID)
    run = request_load(integration)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert (run.kind, run.pending, run.created) == (RunKind.LOAD, 1, 19)
    row = RemoteOrder.objects.get(state=RemoteState.PENDING)
    assert (row.external_id, row.reason_code) == (KEYS[0], "blocked")
    [refused] = accept(integration, person, KEYS[0])
    assert not refused.done
    assert "on the block list" in refused.sentence
    assert accept(integration, person, KEYS[0], blocked_too=True)[0].done
    assert broken() == {}


def test_the_list_goes_out_and_comes_in_as_csv(integration: Integration) -> None:
    project = integration.project_id
    rows = read_csv(
        b"\xef\xbb\xbfpattern,list,active,remark\r\n@Spam.example,block,,Never\r\nann@spam.example,allow,no,\r\n"
    )
    assert save_rows(project, rows) == 2
    assert save_rows(project, rows) == 2
    kept = BuyerEntry.objects.filter(project_id=project).values_list("pattern", "listing", "active", "remark")
    assert list(kept) == [("ann@spam.example", "allow", False, ""), ("spam.example", "block", True, "Never")]
    assert [row.pattern for row in read_csv(b"Pattern;List\nx.example;ALLOW\n")] == ["x.example"]
    assert [row.pattern for row in read_csv(b"pattern\rx.example\r\ry.example\r")] == ["x.example", "y.example"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"email\nx@y.example\n", "“pattern” is missing"),
        (b"pattern,list\nx.example,maybe\n", "Line 2: “maybe” is not a list"),
        (b"pattern\nx.example\nnonsense\n", "Line 3: “nonsense” is neither"),
        (b"pattern,active\nx.example,perhaps\n", "Line 2: active is “perhaps”"),
        (b"", "“pattern” is missing"),
        (b"pattern,remark\nx.example," + b"x" * 131_073, "Line 2: a field is longer than 131,072 characters"),
        (b"pattern" * 20_000, "Line 1: a field is longer than 131,072 characters"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_list_with_mistakes_is_refused_as_a_whole(content: bytes, problem: str) -> None:
    with pytest.raises(ListRefused, match=problem):
        read_csv(content)


@pytest.mark.parametrize(
    "text", ["", "x", "@", "a@b@", "a b@x.example", "x@localhost", "x" * 250 + "@y.example", "-.-"]
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternRefused, match="neither an e-mail address"):
        normal(text)
