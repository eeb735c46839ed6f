"""Letters: a distribution's words with a customer's values in them, as RFC 5322 messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from config.kit.refusals import Refused
from integrations.distributions.wording import fill
from integrations.models import Distribution, MailServer


class NotSendable(Refused):
    """There is nobody to send this letter to; the message is a sentence for staff, without the address."""


@dataclass(frozen=True)
class Stamp:
    """What makes a letter this one letter: sent again, it carries the same."""

    message_id: int
    at: datetime
    unsubscribe_url: str = ""


def compose(
    distribution: Distribution, server: MailServer, to: str, values: Mapping[str, str], stamp: Stamp
) -> EmailMessage:
    """The letter to one address. Raises NotSendable."""
    filled = {name: _one_line(value) for name, value in values.items()}
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(server.from_name, addr_spec=server.from_address)
    letter["To"] = _address(to)
    letter["Subject"] = _one_line(fill(distribution.subject, filled))[:200]
    letter["Date"] = format_datetime(stamp.at)
    domain = server.from_address.rpartition("@")[2]
    letter["Message-ID"] = f"<message-{stamp.message_id}.{distribution.pk}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if stamp.unsubscribe_url:
        letter["List-Unsubscribe"] = f"<{stamp.unsubscribe_url}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    letter.set_content(fill(distribution.text, {**filled, "unsubscribe_url": stamp.unsubscribe_url}))
    return letter


def _address(text: str) -> Address:
    if not text:
        raise NotSendable("The customer has no e-mail address.")
    try:
        validate_email(text)
        text.encode("ascii")
        return Address(addr_spec=text)
    except (ValidationError, UnicodeEncodeError, ValueError, MessageError):
        raise NotSendable("The customer's e-mail address is not one that e-mails can be sent to.") from None


def _one_line(text: str) -> str:
    """Line breaks in what customers wrote would begin a header of their own."""
    return " ".join(text.split())
