"""The OpenAPI document itself: for programs with a key, and for the page that shows it."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.permissions import HasAnyScope
from config.kit.api.schema import SECURITY
from integrations.api.authentication import CREDENTIALS, ApiKeyAuthentication
from integrations.api.partner_views import ProjectView


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


class DocumentView(ProjectView):
    """GET: what this document says; with API_DOCUMENT_PUBLIC to anybody, who is then not counted either."""

    permission_classes = [HasAnyScope]

    def get_authenticators(self) -> list[Any]:
        return [] if self._is_open() else super().get_authenticators()

    def get_permissions(self) -> Any:
        return [] if self._is_open() else super().get_permissions()

    def get_throttles(self) -> list[Any]:
        return [] if self._is_open() else super().get_throttles()

    def _is_open(self) -> bool:
        """A key that is sent is looked at all the same."""
        return settings.API_DOCUMENT_PUBLIC and not any(name in self.request.headers for name in CREDENTIALS)

    @extend_schema(summary="Read this document", description="It is the same for every key.", responses=dict[str, Any])
    def get(self, request: Request) -> Response:
        return Response(msgspec.Raw(document()))
