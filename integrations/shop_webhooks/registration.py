"""Our webhooks at a shop: registered there, and looked after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config.kit import true_time
from config.kit.plurals import are, counted
from integrations.choices import IntegrationHealth
from integrations.connectors.contract import Register
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.notifications import RemoteWebhook
from integrations.models import Integration, Run, Webhook
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.shops.ask import ask


@dataclass(frozen=True)
class Registration:
    ok: bool
    summary: str
    by_hand: bool = False
    """Nothing is wrong, but the address has to be entered in the platform's own settings."""


def address_of(webhook: Webhook) -> str:
    """The public address notifications go to; "" where the site has none."""
    return f"{settings.PUBLIC_URL}/hooks/{webhook.token}/" if settings.PUBLIC_URL else ""


def is_elsewhere(registered_for: str) -> bool:
    """Whether webhooks were registered for another site than this one: it was moved, or this is a copy of it."""
    return registered_for not in ("", settings.PUBLIC_URL)


def register(integration: Integration, *, sure: bool = False) -> Registration:
    """Register our webhooks in the shop, or switch disabled ones on again; those of other addresses stay.

    `sure`: somebody has confirmed it for this address, where they were registered for another one.
    """
    platform = integration.connector.webhooks
    if platform is None:
        return Registration(False, f"{integration.connector.label} has no signed webhooks; the feeds do the work.")
    webhook, _ = Webhook.objects.get_or_create(integration=integration)
    address = address_of(webhook)
    if not address:
        return Registration(
            False, "The shop cannot reach this site: set PUBLIC_URL to its https address, then register again."
        )
    if platform.register is None:
        return Registration(False, f"{platform.note} The address is {address}", by_hand=True)
    if is_elsewhere(webhook.registered_for) and not sure:
        return Registration(False, f"{_elsewhere(webhook)} Tick that the shop shall tell this site, too.")
    try:
        operation = platform.register(integration.shop(), address, webhook.secrets.get("signing", ""), None)
        registered = ask(integration, operation)
    except ShopError as error:
        # Only who had webhooks misses them; a shop that never had any loses nothing.
        Webhook.objects.filter(pk=webhook.pk, registered_at__isnull=False).update(
            problem=str(error)[:500], checked_at=true_time.now()
        )
        return Registration(False, str(error))
    Webhook.objects.filter(pk=webhook.pk).update(**_kept(registered))
    return Registration(True, _summary(registered))


def _elsewhere(webhook: Webhook) -> str:
    here = settings.PUBLIC_URL or "has no public address"
    return f"The shop's webhooks are registered for {webhook.registered_for}, and this site is {here}."


def _kept(registered: Sequence[RemoteWebhook]) -> dict[str, Any]:
    """What is kept of a registration."""
    now, active = true_time.now(), [known for known in registered if known.active]
    return {
        "registered_at": now,
        "checked_at": now,
        "problem": "",
        "external_id": active[0].external_id[:100] if active else "",
        "registered_for": settings.PUBLIC_URL,
        "topics": sorted({known.topic for known in active}),
    }


def _summary(registered: Sequence[RemoteWebhook]) -> str:
    refused = [known.topic for known in registered if not known.active]
    taken = len(registered) - len(refused)
    summary = f"{counted(taken, 'webhook')} {are(taken)} registered in the shop."
    return f"{summary} It does not let us have {', '.join(refused)}." if refused else summary


@dataclass(frozen=True)
class _Found:
    """What a look at the shop has shown."""

    happened: str = ""
    """A sentence; "" when all is well."""
    topics: frozenset[str] | None = frozenset()
    """Those to register again; None: all."""


def check_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Look whether the shop has disabled or lost our webhooks; register them again, or keep why that is left to staff.

    Those of a site at another address are none of ours: a copy of the database must not write to a shop. Asks the shop
    to register at most once. Made twice, e.g. after a crash, it finds them there.
    """
    webhook = Webhook.objects.filter(integration=integration, registered_at__isnull=False).first()
    platform = integration.connector.webhooks
    if webhook is None or platform is None or platform.registered is None:
        return RunPage(done=True, asked=False)
    if is_elsewhere(webhook.registered_for):
        note = f"{_elsewhere(webhook)} They are left alone until somebody registers them for this site."
        return RunPage(done=True, asked=False, note=note)
    try:
        there = ask(integration, platform.registered(integration.shop()), held=held)
    except ShopError as error:
        if error.kind != Failure.NOT_FOUND:
            raise
        there = ()
    ours = [known for known in there if known.address == address_of(webhook)]
    found = _look(webhook, ours)
    problem = f"{found.happened} Register them again; until then the feeds bring the orders." if found.happened else ""
    note, values = problem, {"problem": problem, "checked_at": true_time.now()}
    if found.happened and platform.register is not None and _may_register(integration, webhook):
        note, values = _register_again(held, integration, webhook, platform.register, found)
    elif ours and not webhook.registered_for:  # registered before that was kept
        topics = sorted({known.topic for known in ours if known.active})
        values |= {"registered_for": settings.PUBLIC_URL, "topics": topics}

    def write(run_id: int) -> Written:
        Webhook.objects.filter(pk=webhook.pk).update(**values)
        return Written()

    return RunPage(None, write, done=True, note=note)


def _look(webhook: Webhook, ours: Sequence[RemoteWebhook]) -> _Found:
    if not ours:
        return _Found("The shop has lost our webhooks.", None)
    active = {known.topic for known in ours if known.active}
    off = {known.topic for known in ours} - active
    lost = set(webhook.topics) - active - off
    named = f" for {', '.join(sorted(lost or off))}" if active or lost else ""
    if lost:
        return _Found(f"The shop has lost our webhooks{named}.", frozenset(lost | off))
    if off:
        return _Found(f"The shop has disabled our webhooks{named} after failures.", frozenset(off))
    return _Found()


def _may_register(integration: Integration, webhook: Webhook) -> bool:
    """Whether the shop may be written to: it may have been switched off while it was asked, and where nobody knows for
    which address they were registered, this may be a copy of that site."""
    usable = Integration.objects.filter(pk=integration.pk, enabled=True).exclude(health=IntegrationHealth.CREDENTIALS)
    return bool(webhook.registered_for) and usable.exists()


def _register_again(
    held: Claim, integration: Integration, webhook: Webhook, register: Register, found: _Found
) -> tuple[str, dict[str, Any]]:
    """What people are told, and what is kept of the webhook."""
    secret = webhook.secrets.get("signing", "")
    try:
        operation = register(integration.shop(), address_of(webhook), secret, found.topics)
        again = ask(integration, operation, held=held)
        failed = "" if any(known.active for known in again) else "The shop does not let us have any."
    except ShopError as error:
        if error.kind == Failure.BUSY:
            raise  # the run goes on when the shop may be asked
        # Keys that may only read are rejected here and nowhere else: no reason to stop reading with them.
        failed = str(error)
    if failed:
        problem = f"{found.happened} Registering them again failed: {failed}"[:500]
        return problem, {"problem": problem, "checked_at": true_time.now()}
    return f"{found.happened} They were registered again: {_summary(again)}", _kept(again)
