"""Our webhooks at a shop: registered there, and looked after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config.kit import true_time
from integrations.choices import IntegrationHealth
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.notifications import RemoteWebhook
from integrations.models import Integration, Run, Webhook
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.shops.ask import ask

# As `Webhooks.register`.
Register = Callable[[Shop, str, str], Operation[tuple[RemoteWebhook, ...]]]


@dataclass(frozen=True)
class Registration:
    ok: bool
    summary: str
    by_hand: bool = False
    """Nothing is wrong, but the address has to be entered in the platform's own settings."""


def address_of(webhook: Webhook) -> str:
    """The public address notifications go to; "" where the site has none."""
    return f"{settings.PUBLIC_URL}/hooks/{webhook.token}/" if settings.PUBLIC_URL else ""


def register(integration: Integration) -> Registration:
    """Register our webhooks in the shop, or switch disabled ones on again."""
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
    try:
        operation = platform.register(integration.shop(), address, webhook.secrets.get("signing", ""))
        registered = ask(integration, operation)
    except ShopError as error:
        # Only who had webhooks misses them; a shop that never had any loses nothing.
        Webhook.objects.filter(pk=webhook.pk, registered_at__isnull=False).update(
            problem=str(error)[:500], checked_at=true_time.now()
        )
        return Registration(False, str(error))
    Webhook.objects.filter(pk=webhook.pk).update(**_kept(registered))
    return Registration(True, _summary(registered))


def _kept(registered: Sequence[RemoteWebhook]) -> dict[str, Any]:
    """What is kept of a registration."""
    now = true_time.now()
    ids = [known.external_id[:100] for known in registered if known.active]
    return {"registered_at": now, "checked_at": now, "problem": "", "external_id": ids[0] if ids else ""}


def _summary(registered: Sequence[RemoteWebhook]) -> str:
    refused = [known.topic for known in registered if not known.active]
    summary = f"{len(registered) - len(refused)} webhook(s) are registered in the shop."
    return f"{summary} It does not let us have {', '.join(refused)}." if refused else summary


def check_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Look whether the shop has disabled or lost our webhooks; register them again, or keep why that is left to staff.

    Asks the shop to register them at most once. Made twice, e.g. after a crash, it finds them there.
    """
    webhook = Webhook.objects.filter(integration=integration, registered_at__isnull=False).first()
    platform = integration.connector.webhooks
    if webhook is None or platform is None or platform.registered is None:
        return RunPage(done=True, asked=False)
    try:
        there = ask(integration, platform.registered(integration.shop()), held=held)
    except ShopError as error:
        if error.kind != Failure.NOT_FOUND:
            raise
        there = ()
    happened = _what_happened(webhook, there)
    problem = f"{happened} Register them again; until then the feeds bring the orders." if happened else ""
    note, values = problem, {"problem": problem, "checked_at": true_time.now()}
    if happened and platform.register is not None and _may_register(integration):
        note, values = _register_again(held, integration, webhook, platform.register, happened)

    def write(run_id: int) -> Written:
        Webhook.objects.filter(pk=webhook.pk).update(**values)
        return Written()

    return RunPage(None, write, done=True, note=note)


def _what_happened(webhook: Webhook, there: Sequence[RemoteWebhook]) -> str:
    """A sentence; "" when all is well."""
    ours = [known for known in there if known.address == address_of(webhook)]
    if not ours:
        return "The shop has lost our webhooks."
    return "" if all(known.active for known in ours) else "The shop has disabled our webhooks after failures."


def _may_register(integration: Integration) -> bool:
    """Whether the shop may still be written to: it may have been switched off while it was asked."""
    usable = Integration.objects.filter(pk=integration.pk, enabled=True).exclude(health=IntegrationHealth.CREDENTIALS)
    return bool(settings.PUBLIC_URL) and usable.exists()


def _register_again(
    held: Claim, integration: Integration, webhook: Webhook, register: Register, happened: str
) -> tuple[str, dict[str, Any]]:
    """What people are told, and what is kept of the webhook."""
    try:
        again = ask(
            integration,
            register(integration.shop(), address_of(webhook), webhook.secrets.get("signing", "")),
            held=held,
        )
        failed = "" if any(known.active for known in again) else "The shop does not let us have any."
    except ShopError as error:
        if error.kind == Failure.BUSY:
            raise  # the run goes on when the shop may be asked
        # Keys that may only read are rejected here and nowhere else: no reason to stop reading with them.
        failed = str(error)
    if failed:
        problem = f"{happened} Registering them again failed: {failed}"[:500]
        return problem, {"problem": problem, "checked_at": true_time.now()}
    return f"{happened} They were registered again: {_summary(again)}", _kept(again)
