"""The access log: written here, and never changed; cleared by age alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from config.kit import true_time
from config.kit.sql import execute
from integrations.access.addresses_of_people import address_of
from integrations.choices import AccessKind
from integrations.models import AccessEvent

LONGEST_AGENT = 200
LONGEST_NAME = 150
LONGEST_DETAIL = 200
# An address from which a person came in this lately is theirs.
KNOWN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Origin:
    """Where an event came from; nowhere for commands."""

    address: str | None = None
    agent: str = ""


def origin_of(request: HttpRequest) -> Origin:
    # PostgreSQL keeps no NUL characters.
    return Origin(address_of(request), request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:LONGEST_AGENT])


def note(
    kind: AccessKind,
    origin: Origin,
    *,
    user_id: int | None = None,
    name: str = "",
    account_id: int | None = None,
    detail: str = "",
) -> AccessEvent:
    """Write down an event about a person: `user_id` is theirs, or `name` what was typed and nobody is called."""
    if user_id is not None and not name:
        name = User.objects.values_list("username", flat=True).get(pk=user_id)
    return AccessEvent.objects.create(
        kind=kind,
        user_id=user_id,
        account_id=account_id,
        name=name.replace("\0", "")[:LONGEST_NAME],
        address=origin.address,
        agent=origin.agent,
        detail=detail[:LONGEST_DETAIL],
    )


def of_account(account_id: int) -> QuerySet[AccessEvent]:
    """What the import admins of an account may read: of its keys and shops, and of its people.

    Where somebody typed a name that nobody has, it concerns no account.
    """
    members = Q(account=None, user__in=User.objects.filter(memberships__account=account_id))
    return AccessEvent.objects.filter(Q(account=account_id) | members)


def is_known_at(name: str, address: str | None) -> bool:
    """Whether the person with this name came in from this address lately."""
    came = AccessEvent.objects.filter(kind=AccessKind.LOGIN, name=name, address=address)
    return address is not None and came.filter(at__gt=true_time.now() - KNOWN_FOR).exists()


def clear_old() -> int:
    """Forget what is older than ACCESS_LOG_DAYS; how many. The database lets nobody else delete events."""
    with transaction.atomic():
        execute("SELECT set_config('countinghouse.pruning', 'access_log', true)")
        age = timedelta(days=settings.ACCESS_LOG_DAYS)
        count = AccessEvent.objects.filter(at__lt=true_time.now() - age)._raw_delete(using="default")
        execute("SELECT set_config('countinghouse.pruning', '', true)")
    return int(count)
