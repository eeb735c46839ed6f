"""Which order books a person may open, and the role that is in force there.

The site works in one project at a time: a person sees that project's rows and has the permissions of their role in its
account, and nothing else. Superusers operate the installation and may open every project.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet
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
    at = OuterRef("pk")
    asked_for = {"warehouses_told": warehouses.told(at), "views_told": kept_views.told(at, user.pk)}
    projects = list(projects_of(user).annotate(**asked_for))
    project = next(
        (project for project in projects if str(project.pk) == str(wanted)), projects[0] if projects else None
    )
    role = None
    if project is not None:
        # With what the site asks next of every request, so that it takes no query of its own.
        asked = second_factor.facts("user")
        members = Membership.objects.filter(user=user, account_id=project.account_id).annotate(**asked)
        member = members.values("role", *asked).first()
        if member is not None:
            role = Role(member.pop("role"))
            second_factor.remember(user, **member)
    user.role_in_force, user.may_open = role, projects  # type: ignore[attr-defined]
    return project


def project_of(request: HttpRequest) -> Project | None:
    """The project that is open; set by the site's middleware."""
    project: Project | None = getattr(request, "project", None)
    return project
