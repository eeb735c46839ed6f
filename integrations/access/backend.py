"""Permissions from memberships: what a person may do is decided by their role in the account they work in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest

from integrations.access import hashing_room
from integrations.access.roles import PERMISSIONS
from integrations.choices import Role
from integrations.models import Membership


class MembershipBackend(ModelBackend):
    """Django's password check, with permissions from `integrations.access.roles` instead of permission rows.

    How many passwords are hashed at once is bounded, see `integrations.access.hashing_room`.
    Where no project has been entered (a shell, a command), a person has what all their roles have in common.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """The person, or None; a password is hashed for names that nobody has, too. Raises TooBusyRefused."""
        with hashing_room.place():
            return super().authenticate(request, username=username, password=password, **kwargs)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if user_obj.is_superuser:
            return super().get_all_permissions(user_obj)
        if hasattr(user_obj, "role_in_force"):
            role = user_obj.role_in_force
            return set(PERMISSIONS[role]) if role else set()
        return self._common(user_obj)

    def _common(self, user: User) -> set[str]:
        roles = [Role(role) for role in Membership.objects.filter(user=user).values_list("role", flat=True)]
        if not roles:
            return set()
        return set.intersection(*(set(PERMISSIONS[role]) for role in roles))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return bool(user_obj.is_active) and perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
