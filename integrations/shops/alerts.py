"""Letters to import admins when a shop rejects our keys or its webhooks do not work: one an incident, one when settled.

The tick notices: an incident is a row, kept by a constraint to one open row a shop and kind, so that copies of the tick
that run at once make none twice. A worker marks the row as told and then hands the letter over: where it dies between
the two, or nobody can say whether the mail server took it, the letter is not sent again. So each goes out at most once.
An incident that begins within a day of the last letter waits until the day is over, and is told if it still lasts.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from email.message import EmailMessage

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from config.kit import true_time
from integrations.access import site_letters
from integrations.choices import IntegrationHealth, Role, TroubleKind
from integrations.connectors.errors import MailError, MailFault
from integrations.models import Integration, Trouble
from integrations.runs.queue import ring_alert

logger = logging.getLogger(__name__)

NOT_AGAIN_WITHIN = timedelta(days=1)
# After a letter that was not sent: it is tried again.
TRY_AGAIN_AFTER = timedelta(minutes=10)
# After a bell that nobody may have heard.
RING_AGAIN_AFTER = timedelta(minutes=2)
# How long settled incidents are kept.
KEPT_FOR = timedelta(days=30)

TEXT = """{said}

{shop}, in the project {project}:
{link}

{advice}
"""
SAYS = {
    TroubleKind.CREDENTIALS: (
        "{shop} rejects our credentials, since {since:%d %B %Y, %H:%M} UTC. Its orders are not loaded until that is"
        " mended.",
        "Open the page, enter the credentials again and test the connection. What has come in meanwhile is loaded"
        " then.",
    ),
    TroubleKind.WEBHOOKS: (
        "The webhooks of {shop} do not work, since {since:%d %B %Y, %H:%M} UTC. Its orders still come in by the feeds,"
        " but later.",
        "Open the page to see why, and register them again.",
    ),
}
SETTLED = {
    TroubleKind.CREDENTIALS: "{shop} accepts our credentials again. Its orders are loaded.",
    TroubleKind.WEBHOOKS: "The webhooks of {shop} work again.",
}
PART = {TroubleKind.CREDENTIALS: "connection", TroubleKind.WEBHOOKS: "webhooks"}


def look() -> None:
    """Note what has begun and what is settled, and ring for letters that are due. For the tick, under its lock."""
    now = true_time.now()
    for kind in TroubleKind:
        lasting, over = _shops(kind)
        Trouble.objects.filter(kind=kind, settled_at=None, integration__in=over).update(settled_at=now, next_try_at=now)
        known = Trouble.objects.filter(kind=kind, settled_at=None).values("integration")
        Trouble.objects.bulk_create(
            [
                Trouble(integration_id=pk, kind=kind, opened_at=now, next_try_at=now)
                for pk in lasting.exclude(pk__in=known).values_list("pk", flat=True)
            ],
            ignore_conflicts=True,
        )
    Trouble.objects.filter(settled_at__lt=now - KEPT_FOR).delete()
    if site_letters.available():
        due = list(_missing().filter(next_try_at__lte=now).values_list("pk", flat=True)[:100])
        Trouble.objects.filter(pk__in=due).update(next_try_at=now + RING_AGAIN_AFTER)
        for pk in due:
            ring_alert(pk)


def _shops(kind: TroubleKind) -> tuple[QuerySet[Integration], QuerySet[Integration]]:
    """The shops that have this trouble, and those that certainly have it no longer.

    New credentials are no proof: until the shop has taken them the incident lasts.
    """
    shops = Integration.objects.order_by()
    if kind == TroubleKind.CREDENTIALS:
        rejected = Q(health=IntegrationHealth.CREDENTIALS)
        return shops.filter(rejected, enabled=True), shops.filter(Q(health=IntegrationHealth.OK) | Q(enabled=False))
    broken = Q(webhook__isnull=False) & ~Q(webhook__problem="")
    return shops.filter(broken, enabled=True), shops.filter(~broken | Q(enabled=False))


def _missing() -> QuerySet[Trouble]:
    """Incidents of which a letter is missing."""
    now = true_time.now()
    of_same = Trouble.objects.filter(integration=OuterRef("integration"), kind=OuterRef("kind"))
    recent = of_same.filter(told_at__gt=now - NOT_AGAIN_WITHIN).exclude(pk=OuterRef("pk"))
    begun = Q(told_at=None, settled_at=None) & ~Exists(recent)
    settled = Q(told_at__isnull=False, settled_at__isnull=False, settled_told_at=None, integration__enabled=True)
    return Trouble.objects.filter(begun | settled).order_by("pk")


def send(trouble_id: int) -> None:
    """Send the letter that is due of an incident; for a worker, outside of transactions."""
    trouble = _missing().select_related("integration__project").filter(pk=trouble_id).first()
    if trouble is None or not site_letters.available():
        return
    people = list(filter(site_letters.is_address, _people(trouble.integration).values_list("email", flat=True)))
    column = "told_at" if trouble.settled_at is None else "settled_told_at"
    unmarked = Trouble.objects.filter(pk=trouble.pk, settled_at=trouble.settled_at, **{column: None})
    if not people:  # somebody may get an address meanwhile
        unmarked.update(next_try_at=true_time.now() + TRY_AGAIN_AFTER)
        return
    if not unmarked.update(**{column: true_time.now()}):
        return  # another worker has it, or it is settled
    try:
        site_letters.hand_over([_letter(trouble, people)])
    except MailError as error:
        logger.warning("An e-mail about a shop was not sent: %s", error)
        if error.fault != MailFault.UNSURE:
            again = true_time.now() + TRY_AGAIN_AFTER
            Trouble.objects.filter(pk=trouble.pk).update(**{column: None}, next_try_at=again)


def _people(integration: Integration) -> QuerySet[User]:
    """Who may mend it, and has an address."""
    account = integration.project.account_id
    admins = User.objects.filter(is_active=True, memberships__account=account, memberships__role=Role.IMPORT_ADMIN)
    return admins.exclude(email="").order_by("email").distinct()


def _letter(trouble: Trouble, people: list[str]) -> EmailMessage:
    kind, shop = TroubleKind(trouble.kind), trouble.integration
    subject, (said, advice) = f"{shop}: {kind.label.lower()}", SAYS[kind]
    if trouble.settled_at is not None:
        subject, said, advice = f"{shop}: settled", SETTLED[kind], "There is nothing left to do."
    sentence = said.format(shop=shop, since=trouble.opened_at)
    link = f"{settings.PUBLIC_URL}{reverse('admin:integrations_integration_change', args=[shop.pk])}#{PART[kind]}"
    text = TEXT.format(said=sentence, shop=shop, project=shop.project, link=link, advice=advice)
    return site_letters.written(people, subject, text)
