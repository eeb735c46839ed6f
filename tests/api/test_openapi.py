"""The OpenAPI document: every address of the API and nothing else, and what it says is so."""

from __future__ import annotations

import json
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config import urls
from config.kit.api.schema import Undeclared
from integrations.access import api_keys
from integrations.api.partner_views import ProjectView
from integrations.choices import ApiScope
from integrations.models import ApiKey
from tests.api import described
from tests.api.conftest import Partner, told
from tests.api.test_tenancy import ROUTES, takes

INTRODUCTION = Path("config/api_introduction.md")
METHODS = ("get", "post", "put", "patch", "delete")


class Silent(ProjectView):
    """A view as somebody adds it who does not know of the document."""

    required_scopes = (ApiScope.ORDERS,)

    def get(self, request: Request) -> Response:
        return Response({})


class Declared(Silent):
    @extend_schema(summary="Say hello", responses=dict[str, str])
    def get(self, request: Request) -> Response:
        return super().get(request)


def resolved(routes: dict[str, Any]) -> set[tuple[str, str]]:
    """(path, method) of everything that the URL resolver leads to."""
    return {
        ("/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route), method)
        for route, view in routes.items()
        for method in METHODS
        if takes(view, method)
    }


def documented(patterns: list[URLPattern | URLResolver] | None = None) -> set[tuple[str, str]]:
    paths = SchemaGenerator(patterns=patterns).get_schema(public=True)["paths"]  # type: ignore[no-untyped-call]
    return {(path, method) for path, operations in paths.items() for method in operations}


def with_view(view: type[ProjectView]) -> list[URLPattern | URLResolver]:
    return [path("v1/hello", view.as_view()), *urls.urlpatterns]  # type: ignore[list-item]  # objects of Django's path()


def test_it_tells_of_every_address_and_of_nothing_else() -> None:
    assert documented() == resolved(ROUTES)
    assert len(documented()) >= 23


def test_control_an_address_that_is_not_told_of_is_found() -> None:
    assert documented(with_view(Declared)) - resolved(ROUTES) == {("/v1/hello", "get")}


def test_a_view_that_declares_nothing_is_told_what_to_write() -> None:
    with pytest.raises(Undeclared, match=r'Silent answers GET /v1/hello .* @extend_schema\(summary="What it does'):
        documented(with_view(Silent))


def test_the_command_finds_nothing_to_warn_of() -> None:
    written = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=written)
    assert "openapi: 3.1.1" in written.getvalue()


def test_every_operation_says_what_it_needs_and_how_it_fails() -> None:
    scopes = set(ApiScope.values)
    for operations in described.document()["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            needed = {scope for way in operation["security"] for names in way.values() for scope in names}
            assert needed <= scopes
            assert needed or operation["operationId"] == "read_this_document"
            assert all(f"`{scope}`" in operation["description"] for scope in needed)
            assert {"400", "401", "403", "406", "429", "500", "503"} <= set(operation["responses"])
            assert all(parameter["description"] for parameter in operation["parameters"])
            if "requestBody" in operation:
                assert {"413", "415"} <= set(operation["responses"])


def test_control_an_answer_that_is_not_as_described_is_found() -> None:
    problem = {"code": 404, "key": "not_found", "message": "Resource not found", "request_id": "v-1"}
    headers = dict.fromkeys(described._resolved({"$ref": "#/components/responses/NotFound"})["headers"], "1")

    def answer(body: dict[str, Any], status: int = 404, kind: str = "application/json") -> HttpResponse:
        return JsonResponse(body, status=status, headers=headers, content_type=kind)

    address = "/v1/orders/ord_1"
    described.check("GET", address, answer(problem))
    for wrong in (
        answer({**problem, "secret": 1}),
        answer({**problem, "code": "404"}),
        answer(problem, status=418),
        answer(problem, kind="text/html"),
        JsonResponse(problem, status=404),
        answer({"id": "ord_1"}, status=200),
    ):
        with pytest.raises(AssertionError):
            described.check("GET", address, wrong)


@pytest.mark.django_db
def test_programs_read_it_with_a_key_for_anything(partner: Partner) -> None:
    narrow = Partner(partner.project, api_keys.make(partner.project.pk, "Narrow", [ApiScope.RUNS]))
    assert told(narrow.get("/v1/openapi.json")) == described.document()
    ApiKey.objects.update(scopes=[])
    assert narrow.get("/v1/openapi.json").status_code == 403


@pytest.mark.django_db
def test_anybody_reads_it_where_the_owner_says_so(partner: Partner, settings: Any) -> None:
    stranger, liar = Client(), {"Authorization": "Bearer none"}
    assert stranger.get("/v1/openapi.json").status_code == 401
    settings.API_DOCUMENT_PUBLIC = True
    assert told(stranger.get("/v1/openapi.json")) == described.document()
    assert stranger.get("/v1/openapi.json", headers=liar).status_code == 401
    assert stranger.get("/v1/orders").status_code == 401
    assert "X-Rate-Limit-Remaining" in partner.get("/v1/openapi.json").headers


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "row", "taken"),
    [
        ("customers/bulk/async", {"source_id": "c-1", "name": None}, True),
        ("customers/bulk/async", {"name": "Ana"}, False),
        ("customers/bulk/async", {"source_id": None, "name": "Ana"}, False),
        ("customers/bulk/async", {"source_id": " ", "name": "Ana"}, False),
        ("products/bulk/async", {"source_id": "p-1", "price": 900}, True),
        ("products/bulk/async", {"name": "Assam"}, False),
        ("products/bulk/async", {"source_id": None, "name": "Assam"}, False),
        ("orders/import", {"amount": 5}, True),
        ("orders/import", {"source_id": None, "amount": 5}, True),
    ],
)
def test_rows_of_bulk_calls_need_a_source_id_and_orders_of_an_import_none(
    partner: Partner, path: str, row: dict[str, Any], taken: bool
) -> None:
    """The document and the call say the same."""
    operation = described.document()["paths"][f"/v1/{path}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert described._validator(json.dumps(schema)).is_valid([row]) is taken
    assert partner.post(f"/v1/{path}", [row]).status_code in ({200, 202} if taken else {400})


def examples() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", INTRODUCTION.read_text(), re.S)
    return [shlex.split(line) for block in blocks for line in block.replace("\\\n", "").splitlines()]


@pytest.mark.django_db
@pytest.mark.usefixtures("commits")
def test_the_examples_of_the_introduction_are_true(partner: Partner) -> None:
    told_of = examples()
    assert len(told_of) >= 8
    for words in told_of:
        assert words.pop(0) == "curl"
        method, address, headers, body = "GET", "", dict[str, str](), b""
        while words:
            word = words.pop(0)
            if word in {"-X", "-d", "-H"}:
                value = words.pop(0)
                value = value.replace("$APP_ID", partner.made.key.app_id).replace("$TOKEN", partner.made.token)
                if word == "-X":
                    method = value
                elif word == "-d":
                    body = value.encode()
                else:
                    name, _, text = value.partition(": ")
                    headers[name] = text
            else:
                address = word.removeprefix("$URL")
        stranger = Partner(partner.project, partner.made)
        stranger.headers = headers
        answer = stranger.call(method, address, body or None)
        assert answer.status_code in {200, 201, 202}, (address, told(answer))
