"""Whether a key may do it: the scopes that a view asks for, see `ApiView.required_scopes`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol, cast

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class CallingKey(Protocol):
    """A key that calls: what `authentication_classes` put into `request.auth`."""

    pk: int
    scopes: Collection[str]


class HasScopes(BasePermission):
    """The key has each of the scopes that the view asks for the action."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = cast(CallingKey, request.auth)
        for scope in view.get_required_scopes():
            if scope not in caller.scopes:
                raise PermissionDenied(f"This key lacks the scope “{scope}”: ask the owner of the project for it.")
        return True


class HasAnyScope(BasePermission):
    """A key for anything will do."""

    message = "This key has no scope: ask the owner of the project for one."

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(cast(CallingKey, request.auth).scopes)
