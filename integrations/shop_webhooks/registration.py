"""Our webhooks at a shop: registered there, and looked after."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from config.kit import true_time
from integrations.connectors.errors import Failure, ShopError
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
    now = true_time.now()
    active = [known for known in registered if known.active]
    refused = [known.topic for known in registered if not known.active]
    Webhook.objects.filter(pk=webhook.pk).update(
        registered_at=now, checked_at=now, problem="", external_id=active[0].external_id[:100] if active else ""
    )
    summary = f"{len(active)} webhook(s) are registered in the shop."
    return Registration(True, f"{summary} It does not let us have {', '.join(refused)}." if refused else summary)


def check_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Look whether the shop has disabled or lost our webhooks, and keep the answer where staff see it."""
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
    ours = [known for known in there if known.address == address_of(webhook)]
    problem = ""
    if not ours:
        problem = "The shop has lost our webhooks: register them again. Until then the feeds bring the orders."
    elif not all(known.active for known in ours):
        problem = "The shop has disabled our webhooks after failures: register them again. The feeds bring the orders."

    def write(run_id: int) -> Written:
        Webhook.objects.filter(pk=webhook.pk).update(problem=problem, checked_at=true_time.now())
        return Written()

    return RunPage(None, write, done=True, note=problem)
