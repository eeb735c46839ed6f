"""Bad inputs of the reliability list, part A: each is one clear error that names the field and the way out.

Numbers are those of the list; cases with a file of their own are A01, A20, A21, A26 and A28 (test_door), A13-A15
(test_import, test_import_turns), A18 (test_exports) and A24 (test_rates). A16, A19, A22 and A23 have no counterpart on
/v1: there is no If-Match, no text search, and no action on shops there.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from integrations.invariants import broken
from integrations.models import Project, Run
from orders.models import Customer, Order
from tests.admin.conftest import Login, login
from tests.api.conftest import Partner, told, work_off
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db
__all__ = ["login"]

ORDERS, IMPORT = "/v1/orders", "/v1/orders/import"
DEEP = 100_000


def order(**values: Any) -> bytes:
    return json.dumps({"source_id": "x", "amount": 1} | values).encode()


BODIES: list[tuple[str, bytes, str]] = [
    ("A06-empty", b" ", "The body is empty: send JSON"),
    ("A06-array", b"[]", "must be an object, not a list"),
    ("A06-null", b"null", "must be an object, not null"),
    ("A06-text", b'"x"', "must be an object, not text"),
    ("A06-nothing", b"{}", "Property .amount is missing: an order without items needs an amount"),
    ("A06-cut off", b'{"amount": 1', "The body cannot be read: it ends before its JSON does"),
    ("A06-trailing", b'{"amount": 1} x', "trailing characters (byte"),
    ("A06-items object", order(items={}), "Property .items must be a list, not an object"),
    ("A06-item null", order(items=[None]), "Property .items[0] must be an object, not null"),
    ("A06-amount text", order(amount="12"), "Property .amount must be a whole number, not text"),
    ("A06-customer text", order(customer="x"), "Property .customer must be an object, not text"),
    ("A06-status", order(status="paid"), "Property .status must be one of CANCELED, CREATED, FULFILLED, PAID"),
    ("A06-quantity 0", order(items=[{"quantity": 0}]), "Property .items[0].quantity cannot be lower than 1"),
    (
        "A06-published example",
        order(items=[{"initial_quantity": 0}]),
        "Property .items[0].initial_quantity cannot be lower than 1",
    ),
    ("A06-amount below 0", order(amount=-1), "Property .amount cannot be lower than 0"),
    ("A06-amount too high", order(amount=10**12 + 1), "Property .amount cannot be higher than 1000000000000"),
    ("A06-source id too long", order(source_id="x" * 256), "Property .source_id length cannot be higher than 255"),
    ("A06-501 items", order(items=[{}] * 501), "Property .items length cannot be higher than 500"),
    ("A06-e-mail", order(customer={"email": "a b@c"}), "Property .customer.email is no e-mail address: a b@c"),
    (
        "A06-e-mail with a line",
        order(customer={"email": "x@y\r\nBcc: z@y"}),
        "Property .customer.email is no e-mail address: x@y??Bcc: z@y",
    ),
    (
        "A06-birthdate",
        order(customer={"birthdate": "2026-02-30"}),
        "Property .customer.birthdate must be a day, such as 2026-02-28",
    ),
    ("A06-created_at", order(created_at="yesterday"), "Property .created_at must be a time with its zone"),
    (
        "A06-created_at naive",
        order(created_at="2026-01-01T00:00:00"),
        "Property .created_at must be a time with its zone",
    ),
    ("A06-created_at 9999", order(created_at="9999-12-31T23:59:59Z"), "Property .created_at is out of range"),
    ("A06-created_at 0001", order(created_at="0001-01-01T00:00:00Z"), "Property .created_at is out of range"),
    ("A07-NUL", order(customer={"source_id": "a\x00"}), "Property .customer.source_id holds a NUL character"),
    ("A07-NUL in metadata", order(metadata={"a": ["\x00"]}), "Property .metadata.a[0] holds a NUL character"),
    ("A07-NUL in a name", order(metadata={"\x00": 1}), "Property .metadata has a name with a NUL character"),
    ("A07-surrogate", b'{"amount": 1, "source_id": "\\ud800"}', "half of a surrogate pair"),
    ("A07-surrogate in metadata", b'{"amount": 1, "metadata": {"a": "\\ud800"}}', "The body cannot be read"),
    ("A08-deep", b'{"amount": 1, "metadata": {"a": ' + b"[" * DEEP + b"]" * DEEP + b"}}", "nested too deeply"),
    ("A08-65", b'{"amount": 1, "metadata": {"a": ' + b"[" * 65 + b"]" * 65 + b"}}", "is nested deeper than 20 levels"),
    ("A09-NaN", b'{"amount": NaN}', "The body cannot be read: JSON is malformed"),
    ("A09-Infinity", b'{"amount": -Infinity}', "The body cannot be read: JSON is malformed"),
    ("A09-1e400", b'{"amount": 1e400}', "Property .amount is a number that is out of range"),
    ("A09-1e400 in metadata", b'{"amount": 1, "metadata": {"a": 1e400}}', "out of range"),
    ("A09-5,000 digits", b'{"amount": ' + b"9" * 5_000 + b"}", "Property .amount is a number that is out of range"),
    ("A09-true", order(amount=True), "Property .amount must be a whole number, not true or false"),
    ("A09-arabic digit", order(amount="٣"), "Property .amount must be a whole number, not text"),
    ("A09-fraction", order(amount=1.5), "Property .amount must be a whole number, not a fraction"),
    ("A10-twice", b'{"amount": 1, "amount": 2}', "Property .amount is given twice: give it once"),
    ("A10-twice inside", b'{"amount": 1, "metadata": {"a": 1, "a": 2}}', "Property .a is given twice: give it once"),
    ("A11-BOM", b"\xef\xbb\xbf" + order(), "The body cannot be read"),
    ("A11-UTF-16", order().decode().encode("utf-16"), "The body cannot be read"),
    ("A11-Latin-1", b'{"amount": 1, "source_id": "\xe9"}', "The body is not UTF-8 (byte"),
]


def unharmed() -> None:
    assert (Order.objects.count(), Customer.objects.count(), Run.objects.count()) == (0, 0, 0)
    assert broken() == {}


def test_a_body_that_is_no_order(partner: Partner) -> None:
    with EveryRow() as every:
        for number, body, details in BODIES:
            with every.apart(number):
                refused = partner.call("POST", ORDERS, body)
                shown = told(refused)
                assert (refused.status_code, shown["code"], shown["key"]) == (400, 400, "invalid_payload")
                assert details in shown["details"]
                unharmed()


IMPORTED = [case for case in BODIES if not case[0].startswith(("A06-empty", "A06-array", "A06-cut", "A06-tr", "A10"))]


def test_a_row_that_is_no_order_refuses_the_import(partner: Partner) -> None:
    with EveryRow() as every:
        for number, body, details in IMPORTED:
            with every.apart(number):
                refused = partner.call("POST", IMPORT, b"[" + order(source_id="good") + b"," + body + b"]")
                shown = told(refused)
                assert (refused.status_code, shown["key"]) == (400, "invalid_payload")
                assert details.replace("Property .", "") in shown["details"].replace("Property [1].", "")
                unharmed()


NO_LISTS = {
    b"{}": "must be a list, not an object",
    b"[]": "The list is empty: send at least one order",
    b"[{}": "The body cannot be read",
    b'{"orders": []}': "must be a list, not an object",
}


def test_a13_a_body_that_is_no_list_of_orders(partner: Partner) -> None:
    with EveryRow() as every:
        for body, details in NO_LISTS.items():
            with every.apart(body):
                refused = partner.call("POST", IMPORT, body)
                assert (refused.status_code, told(refused)["key"]) == (400, "invalid_payload")
                assert details in told(refused)["details"]
                unharmed()


def test_a13_two_thousand_orders_and_one_more(partner: Partner) -> None:
    rows = [{"source_id": str(number), "amount": 1} for number in range(2_001)]
    refused = partner.post(IMPORT, rows)
    assert refused.status_code == 400
    assert told(refused)["details"] == (
        "The list has 2001 orders, at most 2000 are taken at once: send them in several calls"
    )
    unharmed()
    assert partner.post(f"{IMPORT}?dry_run=true", rows[:2_000]).status_code == 200
    unharmed()
    assert partner.post(IMPORT, rows[:2_000]).status_code == 200


def test_a13_every_bad_row_is_listed_the_first_hundred_of_them(partner: Partner) -> None:
    rows: list[dict[str, Any]] = [{"amount": 1} for _ in range(300)]
    for index in range(0, 300, 2):
        rows[index] = {"amount": "1"} if index % 4 else {"items": [{"quantity": 0}]}
    shown = told(partner.post(IMPORT, rows))
    assert shown["details"] == (
        "Property [0].items[0].quantity cannot be lower than 1 (150 rows are wrong; none was imported)"
    )
    assert [row["index"] for row in shown["errors"]] == list(range(0, 200, 2))
    assert shown["errors"][1]["details"] == "Property .amount must be a whole number, not text"
    unharmed()


def test_a13_rows_that_only_a_look_at_all_fields_finds_are_listed_too(partner: Partner) -> None:
    rows = [{"amount": 1}, {}, {"amount": 1, "created_at": "9999-01-01T00:00:00Z"}, {"id": "ord_1"}]
    shown = told(partner.post(IMPORT, rows))
    assert [(row["index"], row["details"][:28]) for row in shown["errors"]] == [
        (1, "Property .amount is missing:"),
        (2, "Property .created_at is out "),
    ]


KINDS = (
    "", "text/plain", "application/json;charset=zip", "application/json; charset=utf-7",
    "application/json; charset=bz2", "application/json; charset=idna", "application/x-www-form-urlencoded",
)  # fmt: skip


@pytest.mark.parametrize("path", [ORDERS, IMPORT, "/v1/orders/export"])
def test_a11_a_body_of_another_kind(partner: Partner, path: str) -> None:
    with EveryRow() as every:
        for kind in KINDS:
            with every.apart(kind or "nothing"):
                refused = partner.call("POST", path, order(), **{"Content-Type": kind})
                assert (refused.status_code, told(refused)["key"]) == (415, "unsupported_media_type")
                assert "application/json, in UTF-8" in told(refused)["details"]
                unharmed()


def test_a11_json_in_utf_8_by_any_spelling(partner: Partner) -> None:
    for kind in ("application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'):
        assert partner.call("POST", ORDERS, order(), **{"Content-Type": kind}).status_code == 200


def test_a11_a_compressed_body(partner: Partner) -> None:
    refused = partner.call("POST", ORDERS, order(), Content_Encoding="gzip")
    assert refused.status_code == 415


@pytest.mark.parametrize("path", [ORDERS, IMPORT, "/v1/orders/export", "/v1/orders/x"])
def test_a12_a_body_over_32_mb_is_not_read(partner: Partner, path: str) -> None:
    partner.post(ORDERS, {"source_id": "x", "amount": 1})
    method = "PUT" if path.endswith("/x") else "POST"
    refused = partner.call(method, path, b" " * (32 * 1024 * 1024 + 1))
    assert (refused.status_code, told(refused)["key"]) == (413, "payload_too_large")
    assert told(refused)["details"] == "Payload content length greater than maximum allowed: 33554432"


def test_a12_a_large_body_within_the_limit_is_taken(partner: Partner) -> None:
    """More than Django's own limit for forms."""
    rows = [{"amount": 1, "metadata": {"note": "x" * 10_000}} for _ in range(1_000)]
    assert partner.post(IMPORT, rows).status_code == 200


QUERIES = {
    "limit=0": ".limit must be a whole number from 1 to 100",
    "limit=-1": ".limit must be",
    "limit=101": ".limit must be",
    "limit=1000000000": ".limit must be",
    "limit=abc": ".limit must be",
    "limit=٣": ".limit must be",
    "limit=": ".limit must be",
    "page=0": ".page must be a whole number from 1 to 100",
    "page=101": ".page must be",
    "order=total": ".order must be one of created_at, -created_at, updated_at, -updated_at",
    "order=customer__user__password": ".order must be one of",
    "status=PAID": ".status is not known here; these are: after, limit, order, page",
    "status__regex=(a%2B)%2B%24": "is not known here",
    "project=2": ".project is not known here",
    "limit=1&limit=2": ".limit is given 2 times: give it once",
    "status[]=a": "is not known here",
    "x=%00": "is not known here",
    "x=" + "y" * 10_000: "is not known here",
}


def test_a17_a25_a_query_that_means_nothing(partner: Partner) -> None:
    with EveryRow() as every:
        for query, details in QUERIES.items():
            with every.apart(query[:40]):
                refused = partner.get(f"{ORDERS}?{query}")
                assert (refused.status_code, told(refused)["key"]) == (400, "invalid_query_params")
                assert details in told(refused)["details"]


def test_a17_a_date_that_is_none(partner: Partner) -> None:
    with EveryRow() as every:
        for value in ("bad", "2026-02-30", "9999-12-31T00:00:00Z", "", "1767225600", "%00"):
            with every.apart(value or "nothing"):
                refused = partner.get(f"/v1/async-actions?end_date={value}")
                assert refused.status_code == 400
                wanted = "Property .end_date cannot be recognized as a ISO-8601 compliant date"
                assert wanted in told(refused)["details"]


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2026-05-02T09:13:21+16:49", "2026-05-01T16:24:21.000Z"),
        ("2026-05-02T09:13:21-23:59", "2026-05-03T09:12:21.000Z"),
    ],
)
def test_a17_a_time_in_a_zone_far_out(partner: Partner, time: str, utc: str) -> None:
    """PostgreSQL knows no zones beyond 16 hours; ISO 8601 does."""
    for path in (f"/v1/async-actions?end_date={quote(time)}", f"/back-office/v1/runs?created_from={quote(time)}"):
        assert partner.get(path).status_code == 200
    for _ in ("created", "changed"):
        shown = partner.post(ORDERS, {"source_id": "far", "amount": 1, "created_at": time})
        assert (shown.status_code, told(shown)["created_at"]) == (200, utc)
    filters = {"created_at": {"conditions": {"$after": [time]}}}
    assert partner.post("/v1/orders/export", {"parameters": {"filters": filters}}).status_code == 200


def test_a05_fields_that_are_not_a_partners_to_set_change_nothing(partner: Partner, project: Project) -> None:
    """The published API ignores unknown fields, and so do we: nothing of ours can be reached by its name."""
    body = {"amount": 5, "project": 99, "project_id": 99, "number": "9", "total": 9, "state": "x", "tab": "partial"}
    body |= {"total_amount": 9, "updated_at": "2000-01-01T00:00:00Z", "object": "thing", "import_action": "complete"}
    published = told(partner.post(ORDERS, body))
    kept = Order.objects.get()
    assert (kept.project, kept.tab, kept.import_action) == (project, "in_stock", "valid")
    assert (published["total_amount"], published["object"]) == (5, "order")


NASTY = [
    "\"'><script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "%s %n", "=HYPERLINK(1)", "line\nfeed", "\u202e",
    "\u200b", "\x07", "é", "e\u0301", "😀" * 60, "../../x", "__proto__", "1;drop table", "null",
]  # fmt: skip


def test_a27_nasty_texts_are_kept_and_answered_as_they_are(partner: Partner, project: Project, login: Login) -> None:
    for text in NASTY:
        body = {
            "source_id": text,
            "amount": 1,
            "items": [{"source_id": text[:100], "product": {"name": text}, "metadata": {text: text}}],
            "customer": {"source_id": text, "name": text, "description": text, "address": {"city": text}},
            "metadata": {text: text, "__class__": text},
        }
        saved = partner.post(ORDERS, body)
        assert saved.status_code == 200, saved.content
        assert told(saved)["source_id"] == text
        assert told(saved)["metadata"] == {text: text, "__class__": text}
    listed = partner.get(f"{ORDERS}?limit=100")
    assert listed.headers["X-Content-Type-Options"] == "nosniff"
    assert len(told(listed)["orders"]) == len(NASTY)
    page = login(project).get("/orders/order/").content.decode()
    assert "<script>alert(1)" not in page
    for shown in Order.objects.all():
        answer = login(project).get(f"/orders/order/{shown.pk}/change/")
        assert answer.status_code == 200
        assert "<script>alert(1)" not in answer.content.decode()
    assert broken() == {}


def test_a29_errors_of_the_database_are_told_as_such(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection to jana@mail.example failed")

    monkeypatch.setattr("integrations.access.api_keys.find", away)
    failed = Client(raise_request_exception=False).get(ORDERS, headers=partner.headers)
    assert (failed.status_code, json.loads(failed.content)["key"]) == (503, "unavailable")
    assert failed.headers["Retry-After"] == "5"
    assert b"jana" not in failed.content


@pytest.mark.django_db
@pytest.mark.usefixtures("commits")
def test_texts_of_the_longest_allowed_length_can_be_stored(partner: Partner) -> None:
    long = "é" * 255
    row = {
        "source_id": long,
        "amount": 10**12,
        "items": [{"source_id": "s" * 100, "price": 10**12, "quantity": 1, "product": {"name": "n" * 300}}] * 500,
        "customer": {"source_id": long, "name": "n" * 200, "phone": "1" * 40, "email": "a" * 240 + "@mail.example"},
    }
    partner.post(IMPORT, [row])
    work_off()
    order = Order.objects.get()
    assert (order.source_id, order.lines.count(), order.buyer) == (long, 500, "n" * 200)
