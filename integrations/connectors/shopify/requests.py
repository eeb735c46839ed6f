"""Calls of the Admin GraphQL API, and the parts of their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Operation, Request, Response
from integrations.connectors.kit.json_answers import shaped
from integrations.connectors.shopify.errors import REFUSALS, refused_question
from integrations.connectors.shopify.queries import VERSION
from integrations.connectors.shopify.tokens import client, known_token, new_token

Data = dict[str, Raw]
Call = Operation[tuple[Data, Response]]

T = TypeVar("T")


class _Answer(Struct):
    data: Data | None = None
    errors: Any = None
    extensions: Any = None


class PageInfo(Struct, rename="camel", frozen=True):
    has_next_page: bool = False
    end_cursor: str | None = None


class Connection(Struct, rename="camel"):
    """`nodes` stay as they came."""

    nodes: list[Raw] = []
    page_info: PageInfo = PageInfo()


_ANSWER = msgspec.json.Decoder(_Answer)


def call(shop: Shop, query: str, variables: Mapping[str, Any] | None = None, *, changes: bool = False) -> Call:
    """The parts of `data`, undecoded, and the response. A question may be sent again, a change may not.

    A token for client credentials that is refused is fetched anew, once. So is one in the place of an access token
    that was entered before and is refused now.
    """
    request = Request(
        "POST",
        f"{shop.base_url}/admin/api/{VERSION}/graphql.json",
        body=msgspec.json.encode({"query": query, "variables": variables or {}}),
        idempotent=not changes,
    )
    token, response = known_token(shop), None
    if token:
        response = yield _signed(request, token)
    if response is None or (response.status == 401 and all(client(shop))):
        shop.memory.pop("token", None)
        token = yield from new_token(shop)
        response = yield _signed(request, token)
    return _data(response), response


def _signed(request: Request, token: str) -> Request:
    return replace(request, auth=HeaderAuth("X-Shopify-Access-Token", token))


def _data(response: Response) -> Data:
    """Raises ShopError for anything but data without errors: an order with parts withheld would be a wrong order."""
    if response.status != 200:
        raise REFUSALS.of(response)
    answer = shaped(response, _ANSWER, "The shop's answer is not the JSON its API documents.")
    if answer.errors:
        raise refused_question(answer.errors, answer.extensions)
    if answer.data is None:
        raise ShopError(Failure.NONSENSE, "The shop's answer holds no data.", status=response.status)
    return answer.data


def read_part(part: Raw | None, kind: type[T]) -> T:
    """One part of the data; one that is missing is `{}`. ShopError where it is not what the API documents."""
    try:
        return msgspec.json.decode(part if part is not None else b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ShopError(Failure.NONSENSE, "The shop's answer is not as its API documents.") from None


def unless_null(part: Raw | None) -> Raw | None:
    """Null for a thing that is asked for by id says that there is none."""
    return None if part is None or bytes(part) == b"null" else part
