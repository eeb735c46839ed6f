"""Customers who want no more letters: by the link in a letter, or entered by staff."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet

from config.kit import true_time
from integrations.models import MailOptOut, Message, Project
from orders.models import Customer

_SIGNER = Signer(salt="mail-opt-out")


def link(message_id: int) -> str:
    """The address in a letter that unsubscribes its customer; "" where the site has no public address."""
    return f"{settings.PUBLIC_URL}/letters/{_SIGNER.sign(str(message_id))}/" if settings.PUBLIC_URL else ""


def behind(token: str) -> tuple[Project, str] | None:
    """The project and the e-mail address that a link is about; None for a link that is not ours."""
    try:
        pk = int(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        return None
    message = Message.objects.select_related("distribution__project").filter(pk=pk).first()
    if message is None:
        return None
    project = message.distribution.project
    email = Customer.objects.filter(pk=message.customer_id, project=project).values_list("email", flat=True).first()
    return (project, email.lower()) if email else None


def opt_out(project_id: int, emails: Iterable[str], *, user_id: int | None = None) -> int:
    """Write down who wants no more letters; of how many that was not known."""
    wanted = {email.strip().lower() for email in emails if email.strip()}
    known = opted_out(project_id, wanted)
    rows = [
        MailOptOut(project_id=project_id, email=email, at=true_time.now(), by_id=user_id)
        for email in sorted(wanted - known)
    ]
    MailOptOut.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def opt_in(rows: QuerySet[MailOptOut]) -> int:
    """Let these addresses get letters again; how many."""
    return rows.delete()[0]


def opted_out(project_id: int, emails: Iterable[str]) -> set[str]:
    """Which of these addresses, in lower case, want no letters."""
    wanted = {email.lower() for email in emails}
    return set(MailOptOut.objects.filter(project_id=project_id, email__in=wanted).values_list("email", flat=True))
