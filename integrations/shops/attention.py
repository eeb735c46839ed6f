"""What waits for a person: failed orders, statuses nobody decided about, shops that cannot be read."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from config.kit.sql import execute
from integrations.choices import FeedKind, RemoteState
from integrations.models import ErasureRequest, Feed, Integration, MailServer, WebhookEndpoint

MOST = 1_000


def open_failures(project_id: int) -> int:
    """Orders that can not be imported, counted up to MOST."""
    return waiting(project_id).failed


class Waiting(NamedTuple):
    """Orders of a project, each number counted up to MOST."""

    failed: int
    """They can not be imported."""
    pending: int
    """They wait for a person's decision."""


def waiting(project_id: int) -> Waiting:
    """In one statement, from the index of what is not imported."""
    counted = "(SELECT count(*) FROM (SELECT 1 FROM integrations_remoteorder WHERE {} LIMIT %s) AS counted)"
    where = "project_id = %s AND state = %s"
    params = [[project_id, state.value, MOST] for state in (RemoteState.FAILED, RemoteState.PENDING)]
    [row] = execute(f"SELECT {counted.format(where)}, {counted.format(where)}", [*params[0], *params[1]])
    return Waiting(*row)


def shops(project_id: int) -> list[Integration]:
    """The integrations of a project by title, without their credentials, which no page needs.

    Each has `undecided`, its statuses that wait for a decision, and `loads_every`, the interval of its automatic loads
    (None: they are off). `hook_problem` is what is wrong with its webhooks, None or "" when nothing is, and
    `hooks_for` the address of the site they were registered for.
    `erasures_waiting`: how many of its buyers asked to be forgotten and wait.
    """
    undecided = Count("rules", filter=Q(rules__discovered=True))
    waiting = ErasureRequest.objects.filter(integration=OuterRef("pk"), done_at=None).order_by().values("integration")
    loads = Feed.objects.filter(integration=OuterRef("pk"), kind=FeedKind.LOAD, enabled=True)
    return list(
        Integration.objects.filter(project_id=project_id)
        .defer("credentials")
        .annotate(
            hook_problem=F("webhook__problem"),
            hooks_for=F("webhook__registered_for"),
            undecided=undecided,
            loads_every=Subquery(loads.values("interval")[:1]),
            erasures_waiting=Coalesce(Subquery(waiting.annotate(count=Count("pk")).values("count")), 0),
        )
        .order_by("title")
    )


def silent(project_id: int) -> list[tuple[str, int]]:
    """What of a project does not get out: ("mail", its mail server) where letters do not, ("endpoint", id) for each
    webhook endpoint that was disabled because it failed."""
    mail = MailServer.objects.filter(project_id=project_id).exclude(problem="")
    failed = WebhookEndpoint.objects.filter(project_id=project_id, enabled=False, deleted_at=None).exclude(reason="")
    both = (rows.order_by().values_list(Value(kind), "pk") for kind, rows in (("mail", mail), ("endpoint", failed)))
    return list(next(both).union(next(both), all=True))
