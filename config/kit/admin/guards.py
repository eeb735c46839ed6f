"""Guards: every custom admin view and action declares its permission, its methods and its limit, in one place.

An address of our own has no permission check in Django's admin, and an action none either; `TenantAdmin` accepts only
views and actions that carry a guard, so that none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from config.kit.admin import waiting_rows
from config.kit.admin.waiting_rows import ActionRefused

P = ParamSpec("P")
Admin = TypeVar("Admin", bound="ModelAdmin[Any]")
View = Callable[Concatenate[Admin, HttpRequest, P], HttpResponseBase]
Action = Callable[[Admin, HttpRequest, QuerySet[Any]], HttpResponseBase | None]


@dataclass(frozen=True)
class Guard:
    """What a view or an action asks of whoever calls it."""

    permission: str
    methods: tuple[str, ...] = ("POST",)
    limit: int | None = None
    """How many rows an action takes at once."""


def guarded(permission: str, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[View[Admin, P]], View[Admin, P]]:
    """A view of an admin: refuses other methods (405) and people without the permission (403)."""

    def decorate(view: View[Admin, P]) -> View[Admin, P]:
        @wraps(view)
        def inner(admin: Admin, request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(admin, request, *args, **kwargs)

        inner.guard = Guard(permission, methods)  # type: ignore[attr-defined]
        return cast("View[Admin, P]", inner)

    return decorate


def guarded_action(
    permission: str, *, description: str | Promise, limit: int = 1_000
) -> Callable[[Action[Admin]], Action[Admin]]:
    """An action on chosen rows: offered to people with the permission only, `limit` rows at a time.

    It answers with a page or a file of its own, or with None: back to the list. Where more rows are chosen the others
    wait above the list, see `waiting_rows`; so do all of them where it raises ActionRefused.
    """

    def decorate(action: Action[Admin]) -> Action[Admin]:
        @wraps(action)
        def inner(admin: Admin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            chosen = waiting_rows.chosen(request, queryset)
            if not chosen:
                messages.info(request, _("None of the chosen rows is here any more."))
                waiting_rows.keep(admin, request, action.__name__, (), limit)
                return None
            if len(chosen) > waiting_rows.MOST_CHOSEN:
                sentence = _("At most %(most)s rows can be chosen at once: filter or search first.")
                messages.error(request, sentence % {"most": f"{waiting_rows.MOST_CHOSEN:,}"})
                return None
            now, rest = chosen[:limit], chosen[limit:]
            if sentence := waiting_rows.in_the_way(admin, request, action.__name__, len(rest)):
                messages.error(request, sentence)
                return None
            try:
                answer = action(admin, request, queryset.model._default_manager.filter(pk__in=now))
            except ActionRefused as refusal:
                messages.error(request, str(refusal))
                waiting_rows.keep(
                    admin, request, action.__name__, chosen if rest or waiting_rows.goes_on(request) else (), limit
                )
                return None
            waiting_rows.keep(admin, request, action.__name__, rest, limit)
            if rest:
                waiting_rows.tell(request, len(now), len(rest))
            return answer

        inner.guard = Guard(permission, ("POST",), limit)  # type: ignore[attr-defined]
        inner.short_description = description  # type: ignore[attr-defined]
        return inner

    return decorate


def guard_of(view: object) -> Guard | None:
    """The guard of a view or action, also through the wrappers of the admin site."""
    guard = getattr(view, "guard", None)
    return guard if isinstance(guard, Guard) else None
