"""Bulk calls for customers and products: answered as published, each row on its own, in one line with imports."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.kit.public_ids import PublicIds
from integrations.access import api_keys
from integrations.choices import RunKind, RunState
from integrations.invariants import broken
from integrations.models import BulkPortion, BulkReport, Run
from integrations.partner_runs import bulk_rows
from integrations.runs import control
from integrations.tick import tick
from orders.models import Customer, DueCustomer
from stock.models import ParentProduct
from tests.api.conftest import Partner, told, work_off
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
SIDES = ("customers", "products")


def action(partner: Partner, answer: Any) -> dict[str, Any]:
    """What became of a call that was answered like this."""
    assert answer.status_code == 202, answer.content
    assert list(told(answer)) == ["async_action_id"]
    work_off()
    found: dict[str, Any] = told(partner.get(f"/v1/async-actions/{told(answer)['async_action_id']}"))
    return found


def report(partner: Partner, done: dict[str, Any]) -> list[list[str]]:
    [url] = done["result"]["reports"]
    answer: Any = partner.get(url.removeprefix("http://testserver"))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def count(side: str) -> int:
    return (Customer if side == "customers" else ParentProduct).objects.count()


def test_example_10_exactly(partner: Partner) -> None:
    Customer.objects.create(project=partner.project, source_id="c-77", created_at="2026-02-01T08:00:00Z")
    rows = [
        {"source_id": "c-77", "phone": "+46 70 000"},
        {"source_id": "c-78", "birthday": "1990-04-04"},
        {"source_id": "c-79", "email": "no address"},
    ]
    answer = partner.post("/v1/customers/bulk/async", rows)
    assert answer.headers["X-Rate-Limit-Type"] == "bulk_api_calls"
    done = action(partner, answer)
    result, run = done.pop("result"), Run.objects.get()
    assert done == {
        "id": told(answer)["async_action_id"],
        "type": "CUSTOMERS.BULK_UPDATE",
        "status": "DONE",
        "operation_status": "SUCCESS",
        "created_at": done["created_at"],
        "updated_at": done["updated_at"],
        "request_id": answer.headers["X-Request-Id"],
        "progress": 100,
        "processing_time": done["processing_time"],
        "object": "async_action",
    }
    assert run.finished_at is not None
    assert result == {
        "done_count": 2,
        "failed_count": 1,
        "reports": [f"http://testserver/v1/async-actions/{done['id']}/report?token={run.bulk_import.token}"],
        "reports_available_till": (run.finished_at + timedelta(days=7)).isoformat(timespec="milliseconds")[:23] + "Z",
        "errors": [
            {
                "source_id": "c-79",
                "key": "invalid_customer",
                "message": "Invalid customer",
                "details": "Property .email is no e-mail address: no address",
            }
        ],
    }
    [url] = result["reports"]
    content: Any = partner.get(url.removeprefix("http://testserver"))
    assert content.getvalue().decode() == (
        "source_id,found,updated,key,details\r\nc-77,true,true,,\r\nc-78,false,true,,\r\n"
        "c-79,false,false,invalid_customer,Property .email is no e-mail address: no address\r\n"
    )
    assert list(Customer.objects.order_by("pk").values_list("source_id", "phone")) == [
        ("c-77", "+46 70 000"),
        ("c-78", ""),
    ]
    assert broken() == {}


def test_products(partner: Partner) -> None:
    rows = [
        {"source_id": "TEA", "name": "Assam", "price": 900, "metadata": {"origin": "IN"}, "object": "product"},
        {"source_id": "MATE", "price": -1},
        {"source_id": "TEA", "price": 950, "metadata": {"bio": True}},
        {"source_id": "TEA", "price": 950.0},
        {"source_id": "CUP", "image_url": "ftp://cup"},
        {"source_id": "MUG\u0000", "name": "Mug"},
    ]
    done = action(partner, partner.post("/v1/products/bulk/async", rows))
    assert (done["type"], done["status"], done["progress"]) == ("PRODUCTS.BULK_UPDATE", "DONE", 100)
    assert (done["result"]["done_count"], done["result"]["failed_count"]) == (3, 3)
    assert [row[:4] for row in report(partner, done)[1:]] == [
        ["TEA", "false", "true", ""], ["MATE", "false", "false", "invalid_product"], ["TEA", "true", "true", ""],
        ["TEA", "true", "false", ""], ["CUP", "false", "false", "invalid_product"],
        ["MUG\u0000", "false", "false", "invalid_product"],
    ]  # fmt: skip
    tea = ParentProduct.objects.get()
    assert (tea.name, str(tea.price), tea.metadata) == ("Assam", "9.5000", {"origin": "IN", "bio": True})


@pytest.mark.parametrize("side", SIDES)
def test_metadata_of_many(partner: Partner, side: str) -> None:
    action(partner, partner.post(f"/v1/{side}/bulk/async", [{"source_id": "a", "metadata": {"x": 1, "y": {"z": 1}}}]))
    body = {"source_ids": ["a", "b"], "metadata": {"y": {"w": None}}}
    done = action(partner, partner.post(f"/v1/{side}/metadata/async", body))
    assert done["type"] == f"{side.upper()}.METADATA_UPDATE"
    assert report(partner, done)[1:] == [["a", "true", "true", "", ""], ["b", "false", "true", "", ""]]
    rows = (Customer if side == "customers" else ParentProduct).objects.order_by("pk")
    assert [row.metadata for row in rows] == [{"x": 1, "y": {"w": None}}, {"y": {"w": None}}]
    assert not BulkPortion.objects.exists() or (tick() and not BulkPortion.objects.exists())


@pytest.mark.parametrize("path", [f"/v1/{side}/{word}/async" for side in SIDES for word in ("bulk", "metadata")])
@pytest.mark.parametrize("body", [None, b"[]", b"{}", b"null", b" [] "])
def test_nothing_is_done_at_once(partner: Partner, path: str, body: bytes | None) -> None:
    if body is None:  # neither a body nor a type of one, as SDKs call it
        answer: Any = Client().generic("POST", path, b"", content_type="", headers=partner.headers)
    else:
        answer = partner.call("POST", path, body)
    assert answer.status_code == 202
    done = told(partner.get(f"/v1/async-actions/{told(answer)['async_action_id']}"))
    result = done["result"]
    assert (done["status"], done["operation_status"], done["progress"]) == ("DONE", "SUCCESS", 100)
    assert (result["done_count"], result["failed_count"], result["reports"], result["errors"]) == (0, 0, [], [])
    assert broken() == {}


@pytest.mark.parametrize(
    ("path", "body", "details"),
    [
        ("customers/bulk", {"source_id": "a"}, "The body must be a list, not an object"),
        ("customers/bulk", [{"name": "A"}], "Property [0].source_id is missing"),
        ("customers/bulk", [{"source_id": "a"}, {"source_id": 5}], "Property [1].source_id must be text"),
        ("customers/bulk", [{"source_id": "a", "metadata": []}], "Property [0].metadata must be an object"),
        ("products/bulk", [{"source_id": None}, {"source_id": " "}], "Property [0].source_id is missing"),
        ("products/bulk", [{"source_id": "a", "price": "9"}], "Property [0].price must be a whole number"),
        ("products/bulk", [{"price": -1}], "Property [0].source_id is missing"),
        ("customers/metadata", [], None),
        ("customers/metadata", {"source_ids": ["a"]}, "Property .metadata is missing"),
        ("products/metadata", {"metadata": {}}, "Property .source_ids is missing"),
        ("products/metadata", {"source_ids": ["a", ""], "metadata": {}}, "Property .source_ids[1] is empty"),
        ("products/metadata", {"source_ids": ["a"], "metadata": {"a": "\u0000"}}, "Property .metadata.a holds a NUL"),
        ("products/bulk", b"[{", "The body cannot be read"),
    ],
)
def test_wrong_types_refuse_the_call(partner: Partner, path: str, body: Any, details: str | None) -> None:
    answer = partner.post(f"/v1/{path}/async", body)
    if details is None:
        assert answer.status_code == 202
        return
    assert (answer.status_code, told(answer)["key"]) == (400, "invalid_payload")
    assert told(answer)["details"].startswith(details)
    assert Run.objects.count() == 0


def test_bad_rows_are_listed_by_their_index(partner: Partner) -> None:
    rows = [{"source_id": "a"}, {"name": "B"}, {"source_id": "c"}, {"source_id": "d", "name": 1}]
    refused = told(partner.post("/v1/customers/bulk/async", rows))
    assert [each["index"] for each in refused["errors"]] == [1, 3]
    assert refused["errors"][1]["details"] == "Property .name must be text, not a whole number"


def test_a_body_too_large_is_refused_as_published(partner: Partner) -> None:
    row = json.dumps([{"source_id": "a", "metadata": {"x": "y" * 10_485_760}}]).encode()
    answer = partner.post("/v1/customers/bulk/async", row)
    assert answer.status_code == 413
    assert told(answer) == {
        "statusCode": 413,
        "error": "Request Entity Too Large",
        "message": "Payload content length greater than maximum allowed: 10485760",
        "code": 413,
        "key": "query_too_large",
        "request_id": answer.headers["X-Request-Id"],
    }
    assert Run.objects.count() == 0


def test_a_body_as_large_as_may_be_is_taken(partner: Partner) -> None:
    frame = b'[{"source_id": "a", "metadata": {"x": ""}}]'
    body = frame[:-4] + b"y" * (10_485_760 - len(frame)) + frame[-4:]
    assert len(body) == 10_485_760
    assert partner.post("/v1/customers/bulk/async", body).status_code == 202
    assert partner.post("/v1/customers/bulk/async", b" " + body).status_code == 413


@pytest.mark.parametrize("side", SIDES)
def test_a_row_nobody_foresaw_fails_alone(partner: Partner, side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _plant(monkeypatch, side)
    done = action(partner, partner.post(f"/v1/{side}/bulk/async", [{"source_id": f"r-{n}"} for n in range(20)]))
    assert (done["status"], done["result"]["done_count"], done["result"]["failed_count"]) == ("DONE", 19, 1)
    [error] = done["result"]["errors"]
    assert (error["source_id"], error["key"], error["message"]) == ("r-7", "fault", "Internal error")
    assert (count(side), len(report(partner, done))) == (19, 21)


@pytest.mark.parametrize("side", SIDES)
def test_control_without_halves_the_call_ends(partner: Partner, side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _plant(monkeypatch, side)
    monkeypatch.setattr(bulk_rows, "in_halves", lambda rows, write, failed: write(rows))
    done = action(partner, partner.post(f"/v1/{side}/bulk/async", [{"source_id": f"r-{n}"} for n in range(20)]))
    assert (done["status"], count(side)) == ("FAILED", 0)


def _plant(monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    """A fault that the row r-7 sets off."""
    name = f"upsert_{side}"
    real = getattr(bulk_rows, name)

    def fails(*given: Any) -> Any:
        if any(row.source_id == "r-7" for each in given if isinstance(each, list) for row in each):
            raise ZeroDivisionError("personal data")
        return real(*given)

    monkeypatch.setattr(bulk_rows, name, fails)


def test_calls_of_all_types_stand_in_one_line(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_rows, "PORTION", 2)
    monkeypatch.setattr(control, "others_wait", lambda run: True)
    rows = [{"source_id": f"r-{number}"} for number in range(5)]
    asked = [
        partner.post("/v1/customers/bulk/async", rows),
        partner.post("/v1/orders/import", [{"source_id": "o", "amount": 5}]),
        partner.post("/v1/products/bulk/async", rows),
        partner.post("/v1/products/metadata/async", {"source_ids": ["r-0"], "metadata": {}}),
    ]
    ids = [told(answer)["async_action_id"] for answer in asked]
    shown = [told(partner.get(f"/v1/async-actions/{each}")) for each in ids]
    assert [each["queue_position"] for each in shown] == [0, 1, 2, 3]
    assert [each["status"] for each in shown] == ["IN_PROGRESS", "ENQUEUED", "ENQUEUED", "ENQUEUED"]
    work_off()
    listed = told(partner.get("/v1/async-actions"))["async_actions"]
    assert [each["id"] for each in listed] == ids[::-1]
    assert [(each["type"], each["status"]) for each in listed[::-1]] == [
        ("CUSTOMERS.BULK_UPDATE", "DONE"), ("ORDERS.IMPORT", "DONE"), ("PRODUCTS.BULK_UPDATE", "DONE"),
        ("PRODUCTS.METADATA_UPDATE", "DONE"),
    ]  # fmt: skip
    runs = Run.objects.filter(kind=RunKind.BULK_BY_API).order_by("pk")
    ends = [run.finished_at for run in runs if run.finished_at]
    assert ends == sorted(ends)
    assert len(ends) == 4
    assert [row[0] for row in report(partner, told(partner.get(f"/v1/async-actions/{ids[0]}")))] == [
        "source_id", "r-0", "r-1", "r-2", "r-3", "r-4",
    ]  # fmt: skip


def test_customers_are_placed_when_all_are_written(partner: Partner) -> None:
    action(partner, partner.post("/v1/customers/bulk/async", [{"source_id": "a"}, {"source_id": "b"}]))
    assert DueCustomer.objects.count() == 2


def test_an_id_in_a_row_means_nothing(partner: Partner) -> None:
    theirs = Partner(ProjectFactory.create())
    for side, kind in (("customers", "cust"), ("products", "prod")):
        action(theirs, theirs.post(f"/v1/{side}/bulk/async", [{"source_id": "a", "name": "Secret"}]))
        row = (Customer if side == "customers" else ParentProduct).objects.get()
        for ids in (theirs, partner):
            given = PublicIds(bytes(ids.project.id_key)).give(kind, row.pk)
            action(partner, partner.post(f"/v1/{side}/bulk/async", [{"source_id": "a", "id": given, "name": "Mine"}]))
        row.refresh_from_db()
        assert row.name == "Secret"
        assert count(side) == 2


def test_a_report_is_for_its_key_and_its_token_for_a_week(partner: Partner) -> None:
    done = action(partner, partner.post("/v1/customers/bulk/async", [{"source_id": "a"}]))
    url = done["result"]["reports"][0].removeprefix("http://testserver")
    assert Client().get(url).status_code == 401
    other = Partner(ProjectFactory.create())
    for caller, path in ((other, url), (partner, url[:-1] + "é"), (partner, url.replace(done["id"], "aa_x"))):
        assert (caller.get(path).status_code, told(caller.get(path))["key"]) == (404, "not_found")
    narrow = Partner(partner.project, api_keys.make(partner.project.pk, "Narrow", ["customers"]))
    assert narrow.get(url).status_code == 403
    assert partner.get(url.partition("?")[0]).status_code == 404
    Run.objects.update(started_at=timezone.now() - timedelta(days=7), finished_at=timezone.now() - timedelta(days=7))
    tick()
    assert BulkReport.objects.count() == 0
    assert partner.get(url).status_code == 404
    assert told(partner.get(f"/v1/async-actions/{done['id']}"))["result"]["reports"] == []


def test_a_call_that_comes_again_is_answered_as_before(partner: Partner) -> None:
    rows = [{"source_id": "a"}]
    first, again = (partner.post("/v1/customers/bulk/async", rows, Idempotency_Key="once") for _ in range(2))
    assert (first.status_code, again.status_code, told(first)) == (202, 202, told(again))
    assert Run.objects.count() == 1


def test_a_cancelled_call_keeps_what_is_written_and_says_so(partner: Partner) -> None:
    first, second = (
        told(partner.post("/v1/customers/bulk/async", [{"source_id": name}]))["async_action_id"] for name in "ab"
    )
    assert partner.call("DELETE", f"/v1/async-actions/{second}").status_code == 204
    work_off()
    assert told(partner.get(f"/v1/async-actions/{first}"))["status"] == "DONE"
    cancelled = told(partner.get(f"/v1/async-actions/{second}"))
    assert (cancelled["status"], cancelled["result"]["done_count"]) == ("FAILED", 0)
    assert Run.objects.latest("pk").state == RunState.CANCELLED
