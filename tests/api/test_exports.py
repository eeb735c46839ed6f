"""POST /v1/orders/export and its file: chosen fields, filters and orders, fetched by its owner alone."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.utils import timezone

from integrations.invariants import broken
from integrations.models import ExportPart, Run
from integrations.partner_runs import exports
from integrations.tick import tick
from orders.models import Order
from tests.api.conftest import Partner, told, work_off
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]


@pytest.fixture
def orders(partner: Partner) -> None:
    rows: list[dict[str, Any]] = [
        {"source_id": "a", "status": "PAID", "amount": 100, "metadata": {"shelf": "x"}},
        {"source_id": "b", "status": "CREATED", "amount": 200, "discount_amount": 50},
        {"source_id": "=1+1", "status": "CANCELED", "amount": 300, "metadata": {"shelf": "=cmd()", "n": {"m": 1}}},
        {"source_id": "c", "status": "FULFILLED", "amount": 400, "customer": {"source_id": "jana"}},
        {"source_id": "d", "items": [{"source_id": "M", "amount": 500, "discount_amount": 100}]},
    ]
    for day, row in enumerate(rows, 1):
        row["created_at"] = f"2026-01-{day:02d}T00:00:00Z"
    partner.imported(rows)


def file(partner: Partner, parameters: dict[str, Any] | None = None) -> list[list[str]]:
    asked = partner.post("/v1/orders/export", {} if parameters is None else {"parameters": parameters})
    assert asked.status_code == 200, asked.content
    assert (told(asked)["status"], told(asked)["result"]) == ("SCHEDULED", None)
    work_off()
    done = told(partner.get(f"/v1/exports/{told(asked)['id']}"))
    assert done["status"] == "DONE"
    answer: Any = partner.get(done["result"]["url"].removeprefix("http://testserver"))
    assert isinstance(answer, StreamingHttpResponse)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def test_nothing_asked_gives_id_source_id_and_status(partner: Partner, orders: None) -> None:
    rows = file(partner)
    assert rows[0] == ["id", "source_id", "status"]
    assert [row[1:] for row in rows[1:]] == [
        ["d", "CREATED"], ["c", "FULFILLED"], ["'=1+1", "CANCELED"], ["b", "CREATED"], ["a", "PAID"],
    ]  # fmt: skip
    assert told(partner.get(f"/v1/orders/{rows[1][0]}"))["source_id"] == "d"


def test_fields_as_asked_and_no_formula(partner: Partner, orders: None) -> None:
    fields = ["source_id", "created_at", "amount", "discount_amount", "items_discount_amount"]
    fields += ["total_discount_amount", "total_amount", "metadata.shelf", "metadata"]
    rows = file(partner, {"fields": fields, "order": "created_at"})
    assert rows[1:] == [
        ["a", "2026-01-01T00:00:00.000Z", "100", "0", "0", "0", "100", "x", "", "x"],
        ["b", "2026-01-02T00:00:00.000Z", "200", "50", "0", "50", "150", "", "", ""],
        ["'=1+1", "2026-01-03T00:00:00.000Z", "300", "0", "0", "0", "300", "'=cmd()",
         '{"m": 1}', "'=cmd()"],
        ["c", "2026-01-04T00:00:00.000Z", "400", "0", "0", "0", "400", "", "", ""],
        ["d", "2026-01-05T00:00:00.000Z", "500", "0", "100", "100", "400", "", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": {"conditions": {"$is": ["PAID"]}}}, "a"),
        ({"status": {"conditions": {"$in": ["PAID", "FULFILLED"]}}}, "ac"),
        ({"status": {"conditions": {"$not_in": ["PAID", "FULFILLED", "CANCELED"]}}}, "bd"),
        ({"created_at": {"conditions": {"$after": ["2026-01-03T12:00:00Z"]}}}, "cd"),
        ({"created_at": {"conditions": {"$after": ["2026-01-01"], "$before": ["2026-01-03"]}}}, "b"),
        ({"amount": {"conditions": {"$more_than": [300]}}}, "cd"),
        ({"total_amount": {"conditions": {"$is": [150]}}}, "b"),
        ({"items_discount_amount": {"conditions": {"$more_than": [0]}}}, "d"),
        ({"discount_amount": {"conditions": {"$more_than_equal": [50]}}}, "b"),
        ({"source_id": {"conditions": {"$starts_with": ["a"], "$has_value": []}}}, "a"),
        ({"source_id": {"conditions": {"$contains": ["%"]}}}, ""),
        ({"customer_id": {"conditions": {"$has_value": []}}}, "c"),
        ({"metadata.shelf": {"conditions": {"$is": ["x"]}}}, "a"),
        (
            {
                "junction": "or",
                "status": {"conditions": {"$is": ["PAID"]}},
                "total_amount": {"conditions": {"$is": [150]}},
            },
            "ab",
        ),
    ],
)
def test_filters(partner: Partner, orders: None, filters: dict[str, Any], found: str) -> None:
    rows = file(partner, {"fields": ["source_id"], "filters": filters, "order": "created_at"})
    assert "".join(row[0] for row in rows[1:]) == found


@pytest.mark.parametrize("order", ["created_at", "-created_at", "updated_at", "-updated_at", "status", "-status"])
def test_a_file_of_many_parts_has_every_order_once(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    partner.imported(
        [{"source_id": str(number), "amount": 1, "status": ("PAID", "CREATED")[number % 2]} for number in range(45)]
    )
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 10)
    rows = file(partner, {"fields": ["source_id"], "order": order})
    assert ExportPart.objects.count() == 5
    assert sorted(int(row[0]) for row in rows[1:]) == list(range(45))


@pytest.mark.parametrize(
    ("parameters", "details"),
    [
        ({"order": "total"}, ".parameters.order must be one of"),
        ({"fields": ["secret"]}, ".parameters.fields must hold only id"),
        ({"fields": "id"}, ".parameters.fields must be a list"),
        ({"fields": [{}]}, ".parameters.fields must hold only id"),
        ({"what": 1}, ".parameters.what is not known"),
        ({"filters": []}, None),
        ({"fields": []}, None),
        ({"filters": ""}, ".parameters.filters must be an object"),
        ({"fields": 0}, ".parameters.fields must be a list"),
        ({"order": False}, ".parameters.order must be one of"),
        ({"filters": [1]}, ".parameters.filters must be an object"),
        ({"filters": {"junction": "xor"}}, ".junction must be one of and, or"),
        ({"filters": {"project_id": {"conditions": {"$is": [1]}}}}, ".project_id cannot be filtered by"),
        ({"filters": {"customer__email": {"conditions": {"$is": ["x"]}}}}, "cannot be filtered by"),
        ({"filters": {"metadata.a__regex": {"conditions": {"$is": ["x"]}}}}, "cannot be filtered by"),
        ({"filters": {"status": "PAID"}}, 'must be {"conditions"'),
        ({"filters": {"status": {"conditions": {"$regex": ["(a+)+$"]}}}}, "$regex is not allowed; these are: $is"),
        ({"filters": {"status": {"conditions": {"$is": []}}}}, "must have 1 to 100 values"),
        ({"filters": {"status": {"conditions": {"$in": ["x"] * 500}}}}, "must have 1 to 100 values"),
        ({"filters": {"status": {"conditions": {"$is": [1]}}}}, "must be compared with a text"),
        ({"filters": {"created_at": {"conditions": {"$after": ["bad"]}}}}, "ISO-8601"),
        ({"filters": {"created_at": {"conditions": {"$after": [5]}}}}, "ISO-8601"),
        ({"filters": {"amount": {"conditions": {"$is": ["NaN"]}}}}, "must be compared with a whole number"),
        ({"filters": {"amount": {"conditions": {"$is": [True]}}}}, "must be compared with a whole number"),
        ({"filters": {"metadata.a": {"conditions": {"$is": [{}]}}}}, "must be compared with a text, a number"),
        ({"filters": {"status": {"conditions": {"$is": ["a\u0000"]}}}}, "NUL character"),
    ],
)
def test_a18_what_cannot_be_asked_is_refused(partner: Partner, parameters: dict[str, Any], details: str | None) -> None:
    refused = partner.post("/v1/orders/export", {"parameters": parameters})
    if details is None:
        assert refused.status_code == 200
        return
    assert refused.status_code == 400
    assert details in told(refused)["details"]
    assert Run.objects.count() == 0


def test_a03_a_file_is_for_its_project_and_its_token(partner: Partner, orders: None) -> None:
    asked = told(partner.post("/v1/orders/export", {}))["id"]
    assert partner.get(f"/v1/exports/{asked}?token=x").status_code == 404
    work_off()
    other = Partner(ProjectFactory.create())
    url = told(partner.get(f"/v1/exports/{asked}"))["result"]["url"].removeprefix("http://testserver")
    for answer in (other.get(f"/v1/exports/{asked}"), other.get(url), other.call("DELETE", f"/v1/exports/{asked}")):
        assert (answer.status_code, told(answer)["key"]) == (404, "not_found")
    assert partner.get(f"/v1/exports/{asked}?token=é").status_code == 404
    assert partner.get(url).status_code == 200


def test_an_export_deleted_while_it_is_written_ends_quietly(
    partner: Partner, orders: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = told(partner.post("/v1/orders/export", {}))["id"]
    text = exports.PartLines.text

    def deleted_meanwhile(lines: Any, **named: Any) -> str:
        assert partner.call("DELETE", f"/v1/exports/{asked}").status_code == 204
        return text(lines, **named)

    monkeypatch.setattr(exports.PartLines, "text", deleted_meanwhile)
    work_off()
    run = Run.objects.latest("pk")
    assert (run.state, ExportPart.objects.count()) == ("cancelled", 0)
    assert broken() == {}


def test_an_export_is_deleted_at_will_and_its_file_after_a_week(partner: Partner, orders: None) -> None:
    first, second = (told(partner.post("/v1/orders/export", {}))["id"] for _ in range(2))
    assert partner.call("DELETE", f"/v1/exports/{first}").status_code == 204
    assert partner.get(f"/v1/exports/{first}").status_code == 404
    work_off()
    assert ExportPart.objects.count() == 1
    Run.objects.update(finished_at=timezone.now() - timedelta(days=7))
    tick()
    assert ExportPart.objects.count() == 0
    assert told(partner.get(f"/v1/exports/{second}"))["status"] == "DONE"
    assert Order.objects.count() == 5
