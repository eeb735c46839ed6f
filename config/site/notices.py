"""What every page says at its top when something waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit.admin.change_lists import capped
from integrations.access.tenancy import project_of
from integrations.admin.open_project import open_failures_of, shops_of, waiting_of
from integrations.choices import IntegrationHealth
from integrations.runs import liveness
from integrations.shop_webhooks.registration import is_elsewhere

# Lines that are not urgent; more of them would push every page below the fold of a phone.
MOST_OPEN = 2


@dataclass(frozen=True)
class Notice:
    """One line, red or yellow, with the place where it is put right."""

    tone: str
    text: str
    url: str


def notices(request: HttpRequest) -> list[Notice]:
    if project_of(request) is None:
        return []
    found = standing(request)
    if request.user.has_perm("integrations.retry_remoteorder"):
        found += failures(open_failures_of(request))
    if request.user.has_perm("integrations.view_integration"):
        for shop in shops_of(request):
            address = reverse("admin:integrations_integration_change", args=[shop.pk])
            if shop.enabled and shop.health == IntegrationHealth.CREDENTIALS:
                text = _("%(shop)s rejects our credentials: enter them again and test the connection.")
                found.append(Notice("warn", text % {"shop": shop}, f"{address}#connection"))
            elif shop.enabled and shop.health == IntegrationHealth.UNREACHABLE:
                text = _("%(shop)s could not be reached: see why, and test the connection.")
                found.append(Notice("warn", text % {"shop": shop}, f"{address}#connection"))
            elif shop.enabled and shop.health == IntegrationHealth.BUSY:
                text = _("%(shop)s is busy and asks us to wait; it is asked again automatically.")
                found.append(Notice("info", text % {"shop": shop}, f"{address}#connection"))
            if shop.enabled and is_elsewhere(shop.hooks_for or ""):  # type: ignore[attr-defined]
                text = _("%(shop)s: its webhooks are registered for another address than this site's.")
                found.append(Notice("warn", text % {"shop": shop}, f"{address}#webhooks"))
            elif shop.enabled and shop.hook_problem:  # type: ignore[attr-defined]
                text = _("%(shop)s: its webhooks do not work. See why, and register them again.")
                found.append(Notice("warn", text % {"shop": shop}, f"{address}#webhooks"))
            undecided: int = shop.undecided  # type: ignore[attr-defined]
            if undecided and shop.archived_at is None:
                text = ngettext(
                    "%(shop)s has a new order status: decide what to do with its orders.",
                    "%(shop)s has %(number)s new order statuses: decide what to do with their orders.",
                    undecided,
                )
                found.append(Notice("warn", text % {"shop": shop, "number": undecided}, f"{address}#rules"))
    found += _silent(request)
    if request.user.has_perm("integrations.settle_erasurerequest"):
        found += _erasures(sum(shop.erasures_waiting for shop in shops_of(request)))  # type: ignore[attr-defined]
    return found


def folded(found: Sequence[Notice]) -> tuple[list[Notice], list[Notice]]:
    """Those that stand open, and those that wait behind one line: what is not urgent, where it is more than two."""
    calm = [notice for notice in found if notice.tone != "bad"]
    if len(calm) <= MOST_OPEN:
        return list(found), []
    return [notice for notice in found if notice.tone == "bad"], calm


def standing(request: HttpRequest) -> list[Notice]:
    """On the first page, for those who can wake somebody: nobody works, or a machine's clock is wrong."""
    match = request.resolver_match
    if match is None or match.view_name != "admin:index" or not request.user.has_perm("integrations.view_run"):
        return []
    runs = reverse("admin:integrations_run_changelist")
    return [Notice("bad", problem, runs) for problem in liveness.problems(liveness.beating())]


def _silent(request: HttpRequest) -> Iterator[Notice]:
    """What does not get out, for those who can do something about it."""
    waiting = waiting_of(request)
    if waiting.letters and request.user.has_perm("integrations.change_mailserver"):
        text = _("E-mails do not go out: see why, and mend the mail server.")
        yield Notice("warn", text, reverse("admin:integrations_distribution_mail_server"))
    if waiting.endpoints and request.user.has_perm("integrations.change_webhookendpoint"):
        text = _("A webhook endpoint was disabled because it failed: see why, and enable it again.")
        for pk in waiting.endpoints:
            yield Notice("warn", text, reverse("admin:integrations_webhookendpoint_change", args=[pk]))


def _erasures(count: int) -> list[Notice]:
    if not count:
        return []
    text = ngettext(
        "%(number)s person has asked to be forgotten: erase their data and mark it as done.",
        "%(number)s people have asked to be forgotten: erase their data and mark it as done.",
        count,
    )
    return [Notice("warn", text % {"number": count}, reverse("admin:integrations_erasurerequest_changelist"))]


def failures(count: int) -> list[Notice]:
    if not count:
        return []
    text = ngettext(
        "%(number)s order can not be imported, click here to fix it",
        "%(number)s orders can not be imported, click here to fix them",
        count,
    )
    return [
        Notice(
            "bad",
            text % {"number": capped(count)},
            reverse("admin:integrations_remoteorder_changelist") + "?tab=failed",
        )
    ]
