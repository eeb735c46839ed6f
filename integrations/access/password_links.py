"""New passwords by letter: a request is written down, a worker sends the letter, and its link opens once.

The request does the same whether anybody has the address or not; who has it is looked up by the worker. The link is
made with PUBLIC_URL, never with what a browser says the site is called, and with Django's own token: it ends with the
password, with the next login, and after PASSWORD_RESET_TIMEOUT seconds.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.access import access_log, sessions, site_letters
from integrations.access.access_log import Origin
from integrations.choices import AccessKind
from integrations.connectors.errors import MailError
from integrations.models import AccessEvent, PasswordRequest
from integrations.runs.queue import ring_password_letter

logger = logging.getLogger(__name__)

# Requests within an hour: for one address of e-mail, and from one address of the network.
MOST_FOR_ONE, MOST_FROM_ONE = 3, 20
WITHIN = timedelta(hours=1)
# A letter that cannot be sent is tried again this often, and given up when nobody waits for it any more.
TRY_AGAIN_AFTER = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(minutes=30)

TEXT = """Somebody - you, we hope - asked for a new password for Countinghouse at
{site}

Your user name is {name}. To choose a new password, open this within {minutes} minutes:

{link}

It ends all your sessions. If it was not you, do nothing: your password stays as it is.
"""


class TooOftenRefused(Refused):
    """Letters were asked for too often."""


def ask(email: str, origin: Origin) -> None:
    """Write a request down. Raises TooOftenRefused, for addresses that somebody has and others alike."""
    now, email = true_time.now(), email.strip()
    recent = AccessEvent.objects.filter(kind=AccessKind.RESET_REQUESTED, at__gt=now - WITHIN)
    if recent.filter(detail__iexact=email).count() >= MOST_FOR_ONE or (
        recent.filter(address=origin.address).count() >= MOST_FROM_ONE
    ):
        raise TooOftenRefused("E-mails were asked for often enough: look at those that came, or try again in an hour.")
    known = User.objects.filter(email__iexact=email).values_list("pk", "username").first()
    with transaction.atomic():
        request = PasswordRequest.objects.create(email=email, asked_at=now, next_try_at=now)
        user_id, name = known or (None, email)
        access_log.note(AccessKind.RESET_REQUESTED, origin, user_id=user_id, name=name, detail=email)
        ring_password_letter(request.pk)


def ring_waiting() -> None:
    """Ring again for what should have been sent. For the tick."""
    for pk in PasswordRequest.objects.filter(next_try_at__lte=true_time.now()).values_list("pk", flat=True)[:100]:
        ring_password_letter(pk)


def send(request_id: int) -> None:
    """Send what was asked for, to everybody who has the address; for a worker, outside of transactions."""
    now = true_time.now()
    due = PasswordRequest.objects.filter(pk=request_id, next_try_at__lte=now)
    if not due.update(next_try_at=now + TRY_AGAIN_AFTER):  # another worker has it
        return
    request = PasswordRequest.objects.get(pk=request_id)
    people = list(PasswordResetForm().get_users(request.email))
    try:
        if people and site_letters.available():
            site_letters.hand_over([_letter(person) for person in people])
    except (MailError, MessageError, ValueError) as error:
        logger.warning("An e-mail with a link to a new password was not sent: %s", error)
        if now - request.asked_at < GIVE_UP_AFTER:
            return
    request.delete()


def link_for(person: User) -> str:
    """A link that opens once, and lets whoever has it choose this person's password."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse("admin_password_reset_confirm", args=[uid, default_token_generator.make_token(person)])
    return f"{settings.PUBLIC_URL}{path}"


def password_set(person: User, origin: Origin) -> None:
    """The link was used: all sessions end, and wrong logins with the old password are forgiven."""
    access_log.note(AccessKind.RESET_DONE, origin, user_id=person.pk, name=person.get_username())
    sessions.end_all(person.pk, origin, why="with the password")
    AxesProxyHandler.reset_attempts(username=person.get_username())


def _letter(person: User) -> EmailMessage:
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    name, link = person.get_username(), link_for(person)
    text = TEXT.format(site=settings.PUBLIC_URL, name=name, minutes=minutes, link=link)
    return site_letters.written([person.email], "A new password for Countinghouse", text)
