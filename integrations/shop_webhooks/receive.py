"""Webhooks: a verified delivery is only a hint; the order it names is read again, once however often it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from config.kit.sql import execute
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.connectors.base import Delivery
from integrations.connectors.errors import Failure, ShopError
from integrations.importing.page import Progress, import_page
from integrations.importing.payloads import read_page
from integrations.models import Integration, OrderHint, Run, Webhook
from integrations.runs import claims
from integrations.runs.claims import Claim, RunRefused
from integrations.runs.worker import Step
from integrations.shop_webhooks import erasures, signing_keys
from integrations.shops.ask import ask

LEFT_ALONE = timedelta(minutes=15)
"""After a run that failed, or for an order not listed yet: the tick comes every few seconds, too often to ask again."""


class Answer(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    PING = "ping"
    UNKNOWN = "unknown"
    """No integration receives at this address."""
    FORGED = "forged"
    NOT_NOW = "not now"
    """Whether it is signed cannot be said yet: the platform may try again."""


@dataclass(frozen=True)
class Registration:
    ok: bool
    summary: str
    by_hand: bool = False
    """Nothing is wrong, but the address has to be entered in the platform's own settings."""


def receive(token: str, delivery: Delivery) -> Answer:
    """Check a delivery and write down which orders to read again. Nothing is stored before the signature is checked."""
    webhook = Webhook.objects.select_related("integration__project").filter(token=token).first()
    if webhook is None:
        return Answer.UNKNOWN
    connector = webhook.integration.connector
    if connector.is_ping(delivery):
        return Answer.PING
    now = timezone.now()
    try:
        shop = webhook.integration.shop()
    except ShopError:
        return Answer.FORGED  # without readable credentials nothing can be checked
    wanted = connector.signing_key(shop, delivery)
    key = signing_keys.key_for(webhook, shop, wanted) if wanted is not None else ""
    if key is None:
        return Answer.NOT_NOW
    delivery = replace(delivery, key=key, registered_as=webhook.external_id)
    if not connector.verify_webhook(shop, webhook.secrets.get("signing", ""), delivery, now):
        Webhook.objects.filter(pk=webhook.pk).update(refused=F("refused") + 1)
        return Answer.FORGED
    hint = connector.read_webhook(delivery)
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).update(accepted=F("accepted") + 1, last_at=now)
        if hint.erasure is not None:
            erasures.note(webhook.integration_id, hint.erasure, now)
        if hint.external_ids:
            execute(
                "INSERT INTO integrations_orderhint AS told"
                " (integration_id, external_id, deliveries, first_at, last_at, look_at)"
                " SELECT %s, external_id, 1, %s, %s, %s FROM unnest(%s::text[]) AS new (external_id)"
                " ON CONFLICT (integration_id, external_id)"
                " DO UPDATE SET deliveries = told.deliveries + 1, last_at = excluded.last_at,"
                " look_at = excluded.look_at",
                [webhook.integration_id, now, now, now, sorted({key[:255] for key in hint.external_ids})],
            )
            _start(webhook.integration)
    return Answer.TAKEN


def challenge(token: str, code: str) -> Mapping[str, str] | None:
    """What a platform is answered that asks whether an address is ours. Raises LookupError for an unknown address.

    None for a code that is none, and where the platform has no such question.
    """
    webhook = Webhook.objects.select_related("integration").filter(token=token).first()
    if webhook is None:
        raise LookupError(token)
    return webhook.integration.connector.answer_challenge(webhook.secrets.get("signing", ""), address_of(webhook), code)


def _start(integration: Integration) -> bool:
    """Ask for a run that reads the hints; one that is open takes them along, or the tick starts the next."""
    if not integration.enabled or integration.health == IntegrationHealth.CREDENTIALS:
        return False
    ended_badly = integration.runs.filter(kind=RunKind.HINTS, state__in=[RunState.FAILED, RunState.ERRORED])
    if ended_badly.filter(finished_at__gt=timezone.now() - LEFT_ALONE).exists():
        return False
    try:
        claims.request(RunKind.HINTS, integration)
    except RunRefused:
        return False
    return True


def start_leftovers() -> int:
    """Hints that came while their run was just ending: start another. How many runs that made."""
    due = OrderHint.objects.filter(integration=OuterRef("pk"), look_at__lte=timezone.now())
    waiting = Integration.objects.filter(Exists(due)).select_related("project")
    return sum(_start(integration) for integration in waiting)


def hints_page(held: Claim, run: Run, integration: Integration) -> Step:
    """Read one request's worth of hinted orders again, oldest hint first."""
    connector = integration.connector
    waiting = OrderHint.objects.filter(integration=integration, look_at__lte=timezone.now()).order_by("pk")
    hints = list(waiting[: connector.capabilities.orders_by_ids])
    if not hints:
        return Step(done=True, asked=False)
    shop = integration.shop()
    page = ask(integration, connector.orders_by_ids(shop, tuple(hint.external_id for hint in hints)), held=held)
    candidates = read_page(connector, shop, page.payloads)
    cancelled = import_page(held, integration, candidates, Progress(None))
    found = [candidate.external_id for candidate in candidates]
    late = [hint for hint in hints if _is_late(hint, integration, found)]
    _look_later(late)
    _forget([hint for hint in hints if hint not in late])
    return Step(cancelled=cancelled)


def _is_late(hint: OrderHint, integration: Integration, found: list[str]) -> bool:
    """Whether its order did not come, but may still."""
    connector = integration.connector
    if hint.last_at <= timezone.now() - connector.capabilities.listed_within:
        return False
    return not any(connector.is_same_order(hint.external_id, external_id) for external_id in found)


def _look_later(hints: list[OrderHint]) -> None:
    for hint in hints:
        OrderHint.objects.filter(pk=hint.pk, last_at=hint.last_at).update(look_at=timezone.now() + LEFT_ALONE)


def _forget(hints: list[OrderHint]) -> None:
    """Drop the hints that were followed; one that was told again meanwhile stays for another look."""
    execute(
        "DELETE FROM integrations_orderhint AS told USING unnest(%s::bigint[], %s::timestamptz[]) AS seen (id, last_at)"
        " WHERE told.id = seen.id AND told.last_at = seen.last_at",
        [[hint.pk for hint in hints], [hint.last_at for hint in hints]],
    )


def address_of(webhook: Webhook) -> str:
    """The public address deliveries go to; "" where the site has none."""
    return f"{settings.PUBLIC_URL}/hooks/{webhook.token}/" if settings.PUBLIC_URL else ""


def register(integration: Integration) -> Registration:
    """Register our webhooks in the shop, or switch disabled ones on again."""
    if not integration.connector.capabilities.signed_webhooks:
        return Registration(False, f"{integration.connector.label} has no signed webhooks; the feeds do the work.")
    webhook, _ = Webhook.objects.get_or_create(integration=integration)
    address = address_of(webhook)
    if not address:
        return Registration(
            False, "The shop cannot reach this site: set PUBLIC_URL to its https address, then register again."
        )
    try:
        operation = integration.connector.register_webhooks(
            integration.shop(), address, webhook.secrets.get("signing", "")
        )
        registered = ask(integration, operation)
    except ShopError as error:
        # Only who had webhooks misses them; a shop that never had any loses nothing.
        Webhook.objects.filter(pk=webhook.pk, registered_at__isnull=False).update(
            problem=str(error)[:500], checked_at=timezone.now()
        )
        return Registration(False, str(error), by_hand=integration.connector.capabilities.webhooks_by_hand)
    now = timezone.now()
    active = [known for known in registered if known.active]
    refused = [known.topic for known in registered if not known.active]
    Webhook.objects.filter(pk=webhook.pk).update(
        registered_at=now, checked_at=now, problem="", external_id=active[0].external_id[:100] if active else ""
    )
    summary = f"{len(active)} webhook(s) are registered in the shop."
    return Registration(True, f"{summary} It does not let us have {', '.join(refused)}." if refused else summary)


def check_step(held: Claim, run: Run, integration: Integration) -> Step:
    """Look whether the shop has disabled or lost our webhooks, and keep the answer where staff see it."""
    webhook = Webhook.objects.filter(integration=integration, registered_at__isnull=False).first()
    if webhook is None:
        return Step(done=True, asked=False)
    try:
        there = ask(integration, integration.connector.webhooks(integration.shop()), held=held)
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
    claims.heartbeat(held)
    Webhook.objects.filter(pk=webhook.pk).update(problem=problem, checked_at=timezone.now())
    return Step(done=True, note=problem)
