"""The first person of an installation: who has the link that `manage.py up` prints makes themselves its owner.

The link opens as long as there is nobody at all, and seven days after it was printed at most; each start prints a new
one until somebody has used it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction

from config.kit.locks import Lock, hold
from config.kit.refusals import Refused
from integrations.access import access_log
from integrations.access.access_log import Origin
from integrations.choices import AccessKind, AccountPlan, Role
from integrations.models import Account, Membership, Project

SALT = "countinghouse.first_run"
VALID = timedelta(days=7)


class BegunRefused(Refused):
    """There is an owner already, or an account of this name; the message says which."""


@dataclass(frozen=True)
class Beginning:
    """What the first person says of themselves and their company."""

    name: str
    password: str
    email: str
    company: str
    book: str
    """What the first order book is called."""
    currency: str
    time_zone: str


def is_due() -> bool:
    return not User.objects.exists()


def token() -> str:
    return signing.dumps("owner", salt=SALT)


def opens(text: str) -> bool:
    """Whether this is the token of a link that still opens."""
    try:
        signing.loads(text, salt=SALT, max_age=VALID)
    except signing.BadSignature:
        return False
    return is_due()


def begin(said: Beginning, origin: Origin) -> User:
    """Make the owner, the company and its first order book. Raises BegunRefused, also when somebody was faster."""
    with transaction.atomic():
        hold(Lock.FIRST_RUN)
        if not is_due():
            raise BegunRefused("Somebody has used this link already: log in, or ask them to invite you.")
        if Account.objects.filter(name=said.company).exists():  # of people who were deleted
            raise BegunRefused(f"There is an account named {said.company} already: give the company another name.")
        owner = User.objects.create_superuser(said.name, said.email, said.password)
        account = Account.objects.create(name=said.company, plan=AccountPlan.STANDARD)
        Membership.objects.create(account=account, user=owner, role=Role.IMPORT_ADMIN)
        Project.objects.create(account=account, name=said.book, currency=said.currency, time_zone=said.time_zone)
        access_log.note(AccessKind.BEGUN, origin, user_id=owner.pk, account_id=account.pk, detail=account.name)
    return owner
