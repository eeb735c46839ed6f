"""The OpenAPI document itself: for programs with a key, and for the page that shows it."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.declaring import Operation
from integrations.api.errors import ApiError
from integrations.api.views import PartnerView
from integrations.choices import ApiScope


@cache
def document() -> bytes:
    """The document as JSON; the same as long as this process runs."""
    return msgspec.json.encode(SchemaGenerator().get_schema(public=True))  # type: ignore[no-untyped-call]


class DocumentView(PartnerView):
    """GET: what this document says."""

    scope = None
    operations = {"GET": Operation("Read this document", dict[str, Any], says="It is the same for every key.")}

    def get(self, request: Request) -> Response:
        return Response(msgspec.Raw(document()))

    def need(self, scope: ApiScope | None) -> None:
        """A key for anything will do."""
        if self.key is None or not self.key.scopes:
            raise ApiError(
                403, "forbidden", "Forbidden", "This key has no scope: ask the owner of the project for one."
            )
