"""Root causes as cards: what is wrong, how much it holds up, and the form that puts it right."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.forms import Form
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit import true_time
from config.kit.money import money
from integrations.admin.cause_forms import CredentialsForm
from integrations.choices import IntegrationHealth
from integrations.importing.articles import AMBIGUOUS
from integrations.models import Integration, RemoteOrder
from integrations.review.causes import CONNECTION, MOST_COUNTED, RULED, Cause, Group

TROUBLED = {
    IntegrationHealth.CREDENTIALS: (gettext_lazy("%(shop)s rejects our credentials"), "bad"),
    IntegrationHealth.UNREACHABLE: (gettext_lazy("%(shop)s can not be reached"), "warn"),
    IntegrationHealth.BUSY: (gettext_lazy("%(shop)s is busy and asks us to wait"), "info"),
}


@dataclass
class Card:
    """A cause as people see it. Which forms it has depends on what it is and on what the person may do."""

    key: str
    cause: Cause
    shop: Integration
    title: str
    reason: str
    tone: str = "bad"
    group: Group | None = None
    sample: RemoteOrder | None = None
    address: str = ""
    facts: str = ""
    """A line about the thing itself, e.g. how many units are free."""
    forms: dict[str, Form] = field(default_factory=dict)
    """By what they do: product, map, code, stock, status, credentials, dismiss."""
    suggestions: list[tuple[str, str]] = field(default_factory=list)
    may_retry: bool = False
    may_test: bool = False

    @property
    def auto_id(self) -> str:
        """Ids of form fields that no other card of the page has."""
        return f"cause-{self.sample.pk if self.sample else 0}-%s"

    @property
    def counts_down(self) -> bool:
        """Whether its count is told while fixes are at work."""
        return self.group is not None and self.cause.code not in RULED

    @property
    def count(self) -> str:
        if self.group is None:
            return ""
        more = "+" if self.group.count >= MOST_COUNTED else ""
        text = ngettext("%(number)s order", "%(number)s orders", self.group.count)
        return text % {"number": f"{self.group.count:,}{more}"}

    @property
    def age(self) -> str:
        if self.group is None or self.group.oldest is None:
            return ""
        if true_time.now() - self.group.oldest < timedelta(minutes=1):
            return _("since a moment ago")
        return _("oldest %(age)s ago") % {"age": timesince(self.group.oldest, depth=1)}

    @property
    def next_attempt(self) -> str:
        if self.group is None or not self.group.count:
            return ""
        if self.group.next_attempt is None:
            return _("no further automatic attempt")
        if self.group.next_attempt <= true_time.now():
            return _("being looked at again")
        at = date_format(timezone.localtime(self.group.next_attempt), "DATETIME_FORMAT")
        return _("next attempt %(at)s") % {"at": at}

    @property
    def amounts(self) -> str:
        if self.group is None:
            return ""
        return ", ".join(money(total, currency) for currency, total in sorted(self.group.amounts.items()))


def key_of(cause: Cause) -> str:
    return f"{cause.integration_id}:{cause.code}:{cause.subject}"


def trouble(shop: Integration, user: Any) -> Card:
    """A shop that rejects our credentials, cannot be reached, or is busy."""
    cause = Cause(shop.pk, CONNECTION, "")
    rejected = shop.health == IntegrationHealth.CREDENTIALS
    title, tone = TROUBLED[IntegrationHealth(shop.health)]
    shown = Card(key_of(cause), cause, shop, title % {"shop": shop}, shop.health_note, tone=tone)
    if user.has_perm("integrations.change_integration"):
        shown.may_test = True
        if rejected:
            shown.forms["credentials"] = CredentialsForm(integration=shop, auto_id=f"shop-{shop.pk}-%s")
    return shown


def card(shop: Integration, group: Group, sample: RemoteOrder | None, user: Any) -> Card:
    """A cause with its orders, its forms not yet filled in."""
    cause = group.cause
    query = urlencode([("shop", cause.integration_id), ("code", cause.code), ("subject", cause.subject)])
    return Card(
        key=key_of(cause),
        cause=cause,
        shop=shop,
        title=title_of(cause),
        reason=sample.reason if sample else "",
        group=group,
        sample=sample,
        address=f"{reverse('admin:integrations_remoteorder_cause')}?{query}",
        may_retry=user.has_perm("integrations.retry_remoteorder"),
    )


def title_of(cause: Cause) -> str:
    titles = {
        "unknown_sku": _("SKU %(subject)s is unknown"),
        AMBIGUOUS: _("EAN %(subject)s belongs to several products"),
        "unmapped_payment": _("Payment “%(subject)s” has no name here"),
        "unmapped_delivery": _("Shipping method “%(subject)s” has no name here"),
        "unmapped_tax": _("Tax “%(subject)s” has no name here"),
        "insufficient_stock": _("Not enough stock of %(subject)s"),
        "rule": _("Status “%(subject)s”"),
        "rule_retry": _("Status “%(subject)s”"),
        "gone": _("No longer in the shop"),
        "not_storable": _("Cannot be stored"),
    }
    general = _("Cannot be read: %(subject)s") if cause.subject else _("Cannot be read")
    return titles.get(cause.code, general) % {"subject": cause.subject}
