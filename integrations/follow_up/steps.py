"""Do what follows from orders: step after step for one project, in bounded slices, then the next project's turn.

Rows say what is to be done. A bell only makes it quick: the tick rings again for whatever is due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction

from config.kit import locks
from config.kit.isolating import place_of
from config.kit.locks import ProjectLock
from integrations.distributions import dispatch, hand_over, triggers
from integrations.follow_up import fan_out
from integrations.pushes import shop_articles, starting
from integrations.runs.queue import ring_follow_up
from integrations.webhooks import sender
from orders import announcements, bell
from orders.points import earning
from orders.segments import filling, placing

logger = logging.getLogger(__name__)

# Seconds a worker stays with one project before others get their turn.
SLICE = 2.0


@dataclass(frozen=True)
class Follower:
    """Something that follows from orders."""

    step: Callable[[int], bool]
    """One portion of a project's work, less than a second of it. Whether there is more to do at once."""
    due: Callable[[], Iterable[int]]
    """The projects for which something is to be done now, by an index: the tick asks every few seconds."""
    sends: bool = False
    """It talks to others: it opens its own transactions, and keeps two workers from sending one thing itself.

    Other steps are one transaction, of which one runs at a time in each project.
    """


# In this order, so that what one step brings about is done by the next in the same turn.
FOLLOWERS: tuple[Follower, ...] = (
    Follower(placing.place_due, placing.waiting_projects),
    Follower(filling.fill, filling.waiting_projects),
    Follower(earning.earn_from_entries, earning.waiting_projects),
    Follower(fan_out.pass_on, announcements.waiting_projects),
    Follower(shop_articles.follow_levels, shop_articles.changed_projects),
    Follower(starting.start_sending, starting.waiting_projects),
    Follower(triggers.answer_entries, triggers.entered_projects),
    Follower(hand_over.hand_over, dispatch.waiting_projects),
    Follower(sender.deliver, sender.due_projects, sends=True),
    Follower(dispatch.send_letters, dispatch.waiting_projects, sends=True),
)


def follow_up(project_id: int, followers: Sequence[Follower] | None = None) -> None:
    """Do all that is due for a project, as far as a slice of time allows; ring for what is left."""
    deadline = monotonic() + SLICE
    busy = list(FOLLOWERS if followers is None else followers)
    with bell.quiet():  # what one step brings about, the next does in this turn
        while busy and monotonic() < deadline:
            busy = [follower for follower in busy if _portion(follower, project_id)]
    if busy:
        ring_follow_up(project_id)


def _portion(follower: Follower, project_id: int) -> bool:
    """Whether there is more. A step that fails is told without its data, stops no other, and is due again."""
    try:
        if follower.sends:
            return follower.step(project_id)
        with transaction.atomic():
            # Waited for, not tried: who came while a step was running may have seen what it did not.
            locks.lock_project(ProjectLock.FOLLOW_UP, project_id)
            return follower.step(project_id)
    except (OperationalError, InterfaceError):
        logger.warning("Follow-up of project %s waits for the tick: the database was interrupted.", project_id)
        connection.close()
    except Exception as error:  # noqa: BLE001  the barrier: the text of an error may hold personal data
        logger.error("Follow-up of project %s failed unexpectedly: %s", project_id, place_of(error))
    return False


def ring_due() -> set[int]:
    """Ring for every project for which something is due. The ids rung. For the tick."""
    projects = {project_id for follower in FOLLOWERS for project_id in follower.due()}
    for project_id in sorted(projects):
        ring_follow_up(project_id)
    return projects
