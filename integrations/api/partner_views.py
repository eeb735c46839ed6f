"""The views of the partner API: opened by a key of a project, and nothing but that project is ever looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from config.kit.api.paginating import CursorPages, OrderParameter, PublicFilters, both_ways
from config.kit.api.permissions import HasScopes
from config.kit.api.problems import missing_permission, unauthorised
from config.kit.api.viewsets import ApiView, ApiViewSet
from config.kit.list_filters import listed_by
from config.kit.public_ids import PublicIds
from integrations.choices import ApiScope
from integrations.models import ApiKey, Project


class MayWrite(BasePermission):
    """A key that was given a scope to read alone reads with it, until a person confirms that it may write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        for scope in view.get_required_scopes():
            if scope in view.key.reading and request.method not in SAFE_METHODS:
                details = (
                    f"This key reads by the scope “{scope}”, it does not write yet:"
                    " ask the owner of the project to confirm that it may."
                )
                raise missing_permission(details)
        return True


class ProjectView(ApiView):
    """An address that a key of a project opens; nothing but that project is ever looked at."""

    permission_classes = [HasScopes, MayWrite]

    @property
    def key(self) -> ApiKey:
        """The key that calls. Raises 401."""
        key = self.request.auth
        if not isinstance(key, ApiKey):
            raise unauthorised("This address needs a key.")
        return key

    @property
    def project(self) -> Project:
        """The project whose key this is: every query starts here."""
        return self.key.project

    @property
    def ids(self) -> PublicIds:
        return PublicIds(bytes(self.project.id_key))


class PartnerViewSet(ProjectView, ApiViewSet):
    """The addresses of one kind of row of a project, which `queryset` names; see `config.kit.api` for how to write one.

    Below /v1 lists come in pages as published, and an id is one segment of the address.
    """

    filter_backends = [PublicFilters, OrderParameter]
    lookup_value_converter = "id"
    project_field: ClassVar[str] = "project"
    """How a row leads to its project."""
    ordering_fields: ClassVar[Mapping[str, str]] = both_ways(created_at="created_at", updated_at="updated_at")

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the project."""
        rows: QuerySet[Any] = super().get_queryset()
        return rows.filter(**{self.project_field: self.project})


class OfficeViewSet(PartnerViewSet):
    """Rows for keys of the back office: lists by cursor, answers with tags."""

    filter_backends = [PublicFilters]
    lookup_value_converter = "str"
    pagination_class = CursorPages
    required_scopes = (ApiScope.BACK_OFFICE,)
    tagged = True


class OfficeReadViewSet(ListModelMixin, RetrieveModelMixin, OfficeViewSet):
    """Rows that are listed and read one by one."""

    @property
    def listed_by(self) -> str:
        """The time by which they are listed; "" where that is the order in which they were written."""
        filters = getattr(self, "filterset_class", None)
        return "" if filters is None else listed_by(filters, self.query)
