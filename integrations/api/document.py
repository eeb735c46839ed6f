"""The OpenAPI document itself: for programs with a key, and for the page that shows it."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.declaring import Operation
from config.kit.api.problems import ApiError
from config.kit.api.schema import SECURITY
from integrations.api.authentication import ApiKeyAuthentication
from integrations.api.partner_views import PartnerView


class KeySecurity(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a key is sent: the two headers as published, or its token alone."""

    target_class = ApiKeyAuthentication
    name = list(SECURITY)

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        scopes = list(auto_schema.view.get_required_scopes())
        return [{"AppId": scopes, "AppToken": scopes}, {"Bearer": scopes}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return list(SECURITY.values())


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

    def need(self, scope: str | None) -> None:
        """A key for anything will do."""
        if not self.key.scopes:
            raise ApiError(
                403, "forbidden", "Forbidden", "This key has no scope: ask the owner of the project for one."
            )
