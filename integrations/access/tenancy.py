"""Which order books a person may open, and the role that is in force there.

The site works in one project at a time: a person sees that project's rows and has the permissions of their role in its
account, and nothing else. Superusers operate the installation and may open every project.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from integrations.access import kept_views, second_factor
from integrations.choices import Role
from integrations.models import Membership, Project
from stock import warehouses


def projects_of(user: User) -> QuerySet[Project]:
    """The projects a person may open, by account and name."""
    projects = Project.objects.select_related("account").order_by("account__name", "name")
    if not user.is_active:
        return projects.none()
    return projects if user.is_superuser else projects.filter(account__memberships__user=user)


def enter(user: User, wanted: object) -> Project | None:
    """Open the wanted project, or the first one the person may open; their role there is in force from now on.

    `user.may_open` are all they may open, so that nobody has to ask again in the same request; each knows its
    `warehouses_told` and `views_told`, which most pages ask for.
    """
    at, member = OuterRef("pk"), Membership.objects.filter(user=user, account=OuterRef("account"))
    # With what the site asks next of every request, so that it takes no query of its own.
    asked_for = {
        "role_told": Subquery(member.values("role")[:1]),
        "warehouses_told": warehouses.told(at),
        "views_told": kept_views.told(at, user.pk),
        **second_factor.facts(user.pk),
    }
    projects = list(projects_of(user).annotate(**asked_for))
    project = next(
        (project for project in projects if str(project.pk) == str(wanted)), projects[0] if projects else None
    )
    role = None
    if project is not None:
        told: Any = project
        role = Role(told.role_told) if told.role_told else None
        second_factor.remember(user, has_factor=told.has_factor, is_demanded=told.is_demanded)
    user.role_in_force, user.may_open = role, projects  # type: ignore[attr-defined]
    return project


def project_of(request: HttpRequest) -> Project | None:
    """The project that is open; set by the site's middleware."""
    project: Project | None = getattr(request, "project", None)
    return project
