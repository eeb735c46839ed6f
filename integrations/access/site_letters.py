"""Letters of the site itself, to people who work here: through the mail server that whoever runs the site has named."""

from __future__ import annotations

from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings

from config.kit import true_time
from integrations.client.mail import MailAccount, postbox


def available() -> bool:
    """Whether letters can be sent: there is a mail server, and the site knows its own address."""
    return bool(settings.MAIL_ACCOUNT and settings.PUBLIC_URL)


def is_address(text: str) -> bool:
    """Whether a letter can be written to it."""
    try:
        Address(addr_spec=text)
    except (MessageError, ValueError):
        return False
    return True


def written(to: Sequence[str], subject: str, text: str) -> EmailMessage:
    """A letter to these addresses. Raises ValueError or `email.errors.MessageError` for what is none."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address("Countinghouse", addr_spec=settings.EMAIL_FROM)
    letter["To"] = [Address(addr_spec=address) for address in to]
    letter["Subject"] = " ".join(subject.split())
    letter["Date"] = format_datetime(true_time.now())
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    letter.set_content(text)
    return letter


def hand_over(letters: Sequence[EmailMessage]) -> None:
    """Raises MailError."""
    account = MailAccount(**settings.MAIL_ACCOUNT)
    # Whoever runs the site named this server, so it need not be a public one.
    with postbox(account, {f"{account.host}:{account.port}"}) as box:
        for letter in letters:
            box.send(letter)
