"""People are invited into an account by e-mail: a letter, or a link to hand over, by which they choose a password.

An invitation is a person without a password who is a member already. The link opens for seven days, and no more once a
password is set or another link was made. Whoever sees the link can come in as that person. So where letters can be sent
only the letter has it, which proves whose address it is; and where none can, nobody who may have come in by the link of
one account is added to another, but by those who run the installation.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from email.errors import MessageError

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import salted_hmac

from config.kit.locks import Lock, hold
from config.kit.refusals import Refused
from integrations.access import access_log, sessions, site_letters
from integrations.access.access_log import Origin
from integrations.choices import AccessKind, Role
from integrations.connectors.errors import MailError
from integrations.models import AccessEvent, Account, Membership

logger = logging.getLogger(__name__)

SALT = "countinghouse.invitation"
VALID = timedelta(days=7)
LETTER = """{by} invites you to Countinghouse, to work on the orders of {account} ({role}).

To choose your password, open this within seven days:

{link}

Your user name is {name}.
"""
ADDED = """{by} has added you to {account} at Countinghouse ({role}).

Log in as before, at
{site}
"""


class InviteRefused(Refused):
    """The person cannot be invited, or their role not changed; the message names the way out."""


@dataclass(frozen=True)
class Invited:
    """What became of an invitation."""

    member: Membership
    has_password: bool
    """They have come in before, so that they need no link."""
    wrote: bool
    """A letter was handed over."""


def invite(account: Account, email: str, role: Role, *, by: User, origin: Origin) -> Invited:
    """Make somebody a member, and write to them where letters can be sent. Raises InviteRefused."""
    email = email.strip().lower()
    with transaction.atomic():
        hold(Lock.INVITING)  # two invitations at once are one person
        person = _person(email)
        if person is None:
            person = User(username=email[:150], email=email)
            person.set_unusable_password()
            person.save()
        else:
            _may_be_added(person, account, by)
            if not person.has_usable_password():
                _close_links(person)
        member = Membership.objects.create(account=account, user=person, role=role)
        detail = f"by {by.get_username()}, as {member.get_role_display()}"
        access_log.note(AccessKind.INVITED, origin, user_id=person.pk, account_id=account.pk, detail=detail)
    return Invited(member, person.has_usable_password(), _write(member, by))


def _person(email: str) -> User | None:
    """Who has this address. Raises InviteRefused where somebody with another one is called so."""
    people = User.objects.select_for_update()
    person = people.filter(email__iexact=email).order_by("-is_active", "pk").first()
    if person is None:
        person = people.filter(username=email[:150]).first()
        if person is not None and person.email:
            raise InviteRefused(f"{person} has another e-mail address by now: invite them by that one.")
    return person


def _may_be_added(person: User, account: Account, by: User) -> None:
    if Membership.objects.filter(account=account, user=person).exists():
        raise InviteRefused(f"{person} is a member of {account} already.")
    if not person.is_active:
        raise InviteRefused(f"{person} was deactivated by whoever runs this installation: ask them first.")
    if by.is_superuser or _gets_letters(person):
        return
    # Whoever knows the password, or the link of another account, need not be who the address belongs to.
    comes_back = AccessEvent.objects.filter(account=account, user=person, kind=AccessKind.LEFT).exists()
    elsewhere = Membership.objects.filter(user=person).exists()
    if elsewhere or (person.has_usable_password() and not comes_back):
        said = f"{person} has come in by another account, and without a mail server nobody can check who that is"
        raise InviteRefused(f"{said}: ask whoever runs this installation to invite them.")


def _close_links(person: User) -> None:
    person.set_unusable_password()
    person.save(update_fields=["password"])


def write_again(member: Membership, *, by: User) -> bool:
    """Make a new link, with which the old one ends, and write to them. Whether a letter was handed over."""
    with transaction.atomic():
        member.user = User.objects.select_for_update().get(pk=member.user_id)
        if is_waiting(member) and (by.is_superuser or _is_nowhere_else(member)):
            _close_links(member.user)
    return _write(member, by)


def _write(member: Membership, by: User) -> bool:
    person = member.user
    words = {"by": by.get_username(), "account": member.account, "role": member.get_role_display()}
    if not _gets_letters(person):
        return False
    if person.has_usable_password():
        text = ADDED.format(site=settings.PUBLIC_URL, **words)
    else:
        link = f"{settings.PUBLIC_URL}{path_for(person)}"
        text = LETTER.format(link=link, name=person.get_username(), **words)
    try:
        subject = f"{member.account} at Countinghouse"
        site_letters.hand_over([site_letters.written([person.email], subject, text)])
    except (MailError, MessageError, ValueError) as error:
        logger.warning("An e-mail with an invitation was not sent: %s", error)
        return False
    return True


def is_waiting(member: Membership) -> bool:
    """Whether they have not chosen a password yet."""
    return not member.user.has_usable_password()


def may_see_link(member: Membership, by: User) -> bool:
    """Whether the link may be handed over by hand: it opens nothing but their own account, and no letter has it."""
    if not is_waiting(member) or member.user.is_superuser:
        return False
    return by.is_superuser or (_is_nowhere_else(member) and not _gets_letters(member.user))


def _is_nowhere_else(member: Membership) -> bool:
    return not Membership.objects.filter(user=member.user_id).exclude(account=member.account_id).exists()


def _gets_letters(person: User) -> bool:
    return site_letters.available() and site_letters.is_address(person.email)


def path_for(person: User) -> str:
    return reverse("invited", args=[signing.dumps([person.pk, _state(person)], salt=SALT, compress=True)])


def _state(person: User) -> str:
    """Changes with the password, and so once it is chosen."""
    return salted_hmac(SALT, person.password).hexdigest()[:16]


def behind(token: str, people: QuerySet[User] | None = None) -> User | None:
    """Who of `people` (all) is invited by this link; None where it opens nothing any more."""
    try:
        key, state = signing.loads(token, salt=SALT, max_age=VALID)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = (User.objects.all() if people is None else people).filter(pk=key, is_active=True).first()
    waits = person is not None and not person.has_usable_password() and _state(person) == state
    return person if waits and Membership.objects.filter(user=person).exists() else None


def accept(token: str, password: str, origin: Origin) -> bool:
    """Set the password that was chosen. Whether the link still opened: of two who use it at once one is late."""
    with transaction.atomic():
        person = behind(token, User.objects.select_for_update())
        if person is None:
            return False
        person.set_password(password)
        person.save(update_fields=["password"])
        access_log.note(AccessKind.JOINED, origin, user_id=person.pk)
    return True


def change_role(member: Membership, role: Role, *, by: User, origin: Origin) -> None:
    """Raises InviteRefused where nobody would be left who may do so."""
    with transaction.atomic():
        if role != Role.IMPORT_ADMIN:
            _keep_one_admin(member, "has another role")
        Membership.objects.filter(pk=member.pk).update(role=role)
        detail = f"{member.get_role_display()} → {role.label}, by {by.get_username()}"
        access_log.note(
            AccessKind.ROLE_CHANGED, origin, user_id=member.user_id, account_id=member.account_id, detail=detail
        )


def take_out(member: Membership, *, by: User, origin: Origin) -> None:
    """They are no member any more, and their sessions end. Raises InviteRefused for the last import admin."""
    with transaction.atomic():
        _keep_one_admin(member, "leaves")
        person_id, account_id = member.user_id, member.account_id
        Membership.objects.filter(pk=member.pk).delete()
        detail = f"by {by.get_username()}"
        access_log.note(AccessKind.LEFT, origin, user_id=person_id, account_id=account_id, detail=detail)
        sessions.end_all(person_id, origin, why=f"taken out of {member.account} by {by.get_username()}")


def _keep_one_admin(member: Membership, what: str) -> None:
    """Holds the account until the transaction ends, so that two do not leave at once."""
    Account.objects.select_for_update().get(pk=member.account_id)
    admins = Membership.objects.filter(account=member.account_id, role=Role.IMPORT_ADMIN, user__is_active=True)
    others = [other for other in admins.exclude(pk=member.pk).select_related("user") if not is_waiting(other)]
    if not others and admins.filter(pk=member.pk).exists():
        said = f"{member.user} is the only import admin of {member.account} who has come in: before {member.user}"
        raise InviteRefused(f"{said} {what}, somebody else must be one.")
