"""What waits for a person: failed orders, statuses nobody decided about, shops that cannot be read, what does not get
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from config.kit.sql import execute
from integrations.choices import FeedKind, RemoteState
from integrations.models import ErasureRequest, Feed, Integration

MOST = 1_000


def open_failures(project_id: int) -> int:
    """Orders that can not be imported, counted up to MOST."""
    return waiting(project_id).failed


class Waiting(NamedTuple):
    """What of a project waits for a person, orders counted up to MOST."""

    failed: int = 0
    """Orders that can not be imported."""
    pending: int = 0
    """Orders that wait for a person's decision."""
    letters: bool = False
    """Its letters do not go out: their mail server has a problem."""
    endpoints: Sequence[int] = ()
    """Webhook endpoints, by id, that were disabled because they failed."""


# On every page: what is not imported comes from an index of its own.
WAITING = """SELECT
(SELECT count(*) FROM (
  SELECT FROM integrations_remoteorder WHERE project_id = %(project)s AND state = %(failed)s LIMIT %(most)s
) AS counted),
(SELECT count(*) FROM (
  SELECT FROM integrations_remoteorder WHERE project_id = %(project)s AND state = %(pending)s LIMIT %(most)s
) AS counted),
EXISTS (SELECT FROM integrations_mailserver WHERE project_id = %(project)s AND problem <> ''),
ARRAY(
  SELECT id FROM integrations_webhookendpoint
  WHERE project_id = %(project)s AND NOT enabled AND deleted_at IS NULL AND reason <> '' ORDER BY id
)"""


def waiting(project_id: int) -> Waiting:
    """In one statement."""
    states = {"failed": RemoteState.FAILED.value, "pending": RemoteState.PENDING.value}
    [row] = execute(WAITING, {"project": project_id, "most": MOST, **states})
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
