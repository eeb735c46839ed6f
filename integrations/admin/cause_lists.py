"""Which causes a page shows, the gravest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations.admin.cause_cards import TROUBLED, Card, card, trouble
from integrations.admin.cause_filling import fill
from integrations.choices import RemoteState
from integrations.models import Integration, StatusRule
from integrations.review import causes
from integrations.review.causes import Group

# Cards above the list; the others are a click away.
SHOWN = 12


def cards(
    project_id: int, shops: Sequence[Integration], state: RemoteState, user: Any, most: int = SHOWN
) -> tuple[list[Card], int]:
    """The cards of a tab, and how many causes are not among them.

    Shops that cannot be read come first, then statuses nobody has decided about, then failures, the most orders first.
    `shops` are those of the project, each with `undecided`, as `attention.shops` gives them.
    """
    by_id = {shop.pk: shop for shop in shops}
    found = [(RemoteState.IGNORED, group) for group in _undecided(project_id, shops)]
    if state == RemoteState.FAILED:
        found += [(RemoteState.FAILED, group) for group in causes.groups(project_id)]
    shown = []
    for each in (RemoteState.IGNORED, RemoteState.FAILED):
        groups = [group for of_state, group in found[:most] if of_state == each]
        samples = causes.samples(project_id, [group.cause for group in groups], each)
        shown += [card(by_id[one.cause.integration_id], one, samples.get(one.cause), user) for one in groups]
    fill(shown, user)
    troubled = [trouble(shop, user) for shop in shops if shop.health in TROUBLED and shop.enabled]
    return troubled + shown, max(0, len(found) - most)


def _undecided(project_id: int, shops: Sequence[Integration]) -> list[Group]:
    """The orders that are ignored because nobody has decided about their status."""
    waiting = [shop.pk for shop in shops if shop.undecided]  # type: ignore[attr-defined]
    if not waiting:
        return []
    rules = StatusRule.objects.filter(integration_id__in=waiting, discovered=True)
    statuses = set(rules.values_list("integration_id", "status"))
    ignored = causes.groups(project_id, RemoteState.IGNORED)
    return [group for group in ignored if (group.cause.integration_id, group.cause.subject) in statuses]
