"""What else happens when a person's way in changes: it is written down, and their sessions end."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from config.kit.refusals import Refused
from integrations.access import access_log, second_factor, sessions
from integrations.access.access_log import Origin
from integrations.choices import AccessKind
from integrations.models import Account, Authenticator, Membership


class FactorMissingRefused(Refused):
    """Who asks others for a second factor has one."""


def password_changed(user_id: int, origin: Origin, *, keep: str | None = None, by: str = "") -> None:
    """All sessions of that person end, but the one in which they did it themselves. `by`: somebody else did."""
    access_log.note(AccessKind.PASSWORD_CHANGED, origin, user_id=user_id, detail=by and f"by {by}")
    sessions.end_all(user_id, origin, but=keep, why="with the password")


def deactivated(user_id: int, origin: Origin, *, by: str) -> None:
    sessions.end_all(user_id, origin, why=f"deactivated by {by}")


def demand_second_factor(account: Account, user: User, demand: bool, origin: Origin) -> None:
    """Ask all members of an account for a second factor, or leave it to them. Raises FactorMissingRefused."""
    if demand and second_factor.authenticator_of(user) is None:
        raise FactorMissingRefused("Switch your own second factor on first, under Profile: then you may ask others.")
    with transaction.atomic():
        if (
            Account.objects.filter(pk=account.pk)
            .exclude(second_factor_required=demand)
            .update(second_factor_required=demand)
        ):
            kind = AccessKind.FACTOR_REQUIRED if demand else AccessKind.FACTOR_FREE
            access_log.note(kind, origin, user_id=user.pk, account_id=account.pk, detail=account.name)


def members_of(account_id: int) -> QuerySet[Membership]:
    """The people of an account by name, each with `last_login_at` and `has_factor`."""
    factors = Authenticator.objects.filter(user=OuterRef("user"), confirmed=True)
    logins = Max("user__access_events__at", filter=Q(user__access_events__kind=AccessKind.LOGIN))
    members = Membership.objects.filter(account=account_id).select_related("user")
    return members.annotate(last_login_at=logins, has_factor=Exists(factors)).order_by("user__username")


def member_named(account_id: int, user_id: int) -> User | None:
    member = Membership.objects.filter(account=account_id, user=user_id).select_related("user").first()
    return member.user if member else None
