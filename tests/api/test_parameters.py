"""Names with brackets, empty values, and ids with slashes, as the published SDKs send them."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory

from config.kit.api import urlconf
from config.kit.api.problems import ApiError
from config.kit.api.queries import (
    BracketsField,
    FilledTextField,
    InstantField,
    OneOfField,
    QuerySerializer,
    TextsField,
    WholeNumberField,
    in_order,
)
from tests.api.conftest import Partner, told


class Everything(QuerySerializer):
    limit = WholeNumberField(1, 100, default=10)
    order = OneOfField(("created_at", "-created_at"))
    since = InstantField(required=False)
    q = FilledTextField(required=False)
    ids = TextsField(required=False)
    filters = BracketsField(required=False)


def read(query: str, **options: Any) -> dict[str, Any]:
    return Everything().checked(QueryDict(query), **options)


DEFAULT = {"limit": 10, "order": "created_at"}


@pytest.mark.parametrize(
    "query",
    [
        "filters[name][conditions][$in][0]=Lund&filters[name][conditions][$in][1]=Malm%C3%B6&filters[junction]=or",
        "[filters][name][conditions][$in][1]=Malm%C3%B6&[filters][name][conditions][$in][0]=Lund&[filters][junction]=or",
        "filters%5Bname%5D%5Bconditions%5D%5B$in%5D%5B0%5D=Lund&filters%5Bname%5D%5Bconditions%5D%5B$in%5D%5B1%5D=Malm%C3%B6"
        "&filters%5Bjunction%5D=or",
    ],
)
def test_conditions_in_brackets(query: str) -> None:
    found = in_order(read(query)["filters"])
    assert found == {"name": {"conditions": {"$in": ["Lund", "Malmö"]}}, "junction": "or"}


@pytest.mark.parametrize("query", ["ids=a&ids=b", "ids[]=a&ids[]=b", "ids[0]=a&ids[1]=b", "ids%5B%5D=a&ids%5B%5D=b"])
def test_several_texts_of_one_name(query: str) -> None:
    assert read(query) == DEFAULT | {"ids": ["a", "b"]}


def test_a_value_without_text_counts_as_not_sent_where_the_address_has_it_so() -> None:
    assert read("order=&limit=&q=&since=&ids=", skips_empty=True) == DEFAULT
    for name in ("order", "limit", "q", "since"):
        with pytest.raises(ApiError):
            read(f"{name}=")


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("filters[a][b]=1&filters[a]=2", ".filters[a] is given 2 times"),
        ("filters[a]=1&filters[a][b]=2", ".filters[a][b] contradicts another one"),
        ("filters=1", ".filters must be sent with brackets"),
        ("order[a]=1", ".order[a] is not known here; these are: filters, ids, limit, order, q, since"),
        ("q=a&q=b", ".q is given 2 times: give it once"),
        ("limit=1_0", ".limit must be a whole number from 1 to 100"),
        ("since=1700000000", ".since cannot be recognized as a ISO-8601 compliant date"),
    ],
)
def test_what_is_refused(query: str, details: str) -> None:
    with pytest.raises(ApiError) as refused:
        read(query)
    assert (refused.value.status_code, refused.value.details[9 : 9 + len(details)]) == (400, details)


@pytest.mark.parametrize("raw", ["/v1/orders/a%2Fb%25", "http://127.0.0.1/v1/orders/a%2Fb%25?x=%2F"])
def test_a_slash_belongs_to_an_id_when_it_is_encoded(raw: str) -> None:
    assert path_of("/v1/orders/a/b%25", REQUEST_URI=raw) == "/v1/orders/a%2Fb%25"


def test_a_target_that_is_of_another_path_decides_nothing() -> None:
    """As behind a proxy that rewrites addresses; and a server may not tell the target at all."""
    for extra in ({}, {"REQUEST_URI": "/prefix/v1/orders/a%2Fb"}, {"RAW_URI": "*"}):
        assert path_of("/v1/orders/a/b", **extra) == "/v1/orders/a/b"


def path_of(path: str, **extra: Any) -> str:
    seen: list[HttpRequest] = []

    def serve(request: HttpRequest) -> Any:
        seen.append(request)

    urlconf.WholeSegments(serve)(RequestFactory().get(path, **extra))
    return seen[0].path_info


@pytest.mark.django_db
def test_an_id_with_slashes_is_one_id(partner: Partner) -> None:
    for sent, shown in (("exp%2Fimport", "exp/import"), ("a%252Fb", "a%2Fb"), ("%2F", "/")):
        assert told(partner.get(f"/v1/exports/{sent}"))["details"] == f"Cannot find export with id {shown}"
    assert told(partner.get("/v1/exports/a/b"))["details"].startswith("There is no GET /v1/exports/a/b here.")
    assert partner.post("/v1/orders", {"source_id": "a/b", "amount": 5}).status_code == 200
    for path in ("/v1/orders/a%2Fb", "/v1/orders/a/b"):
        assert told(partner.get(path))["source_id"] == "a/b"


@pytest.mark.django_db
def test_control_of_the_decoded_path_it_is_two_segments(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urlconf, "RAW", ())
    assert told(partner.get("/v1/exports/a%2Fb"))["details"].startswith("There is no GET /v1/exports/a/b here.")
