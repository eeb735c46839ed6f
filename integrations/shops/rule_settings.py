"""Save the order import settings of an integration: all rows at once, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from config.kit.refusals import Refused
from integrations.choices import ImportAction
from integrations.models import Integration, StatusRule

MOST_RULES = 500


@dataclass(frozen=True)
class WantedRule:
    """One row as a person wants it; `seen` is what the page showed them (`fingerprint`), "" for a new row."""

    status: str
    label: str
    action: ImportAction
    retry: bool
    rule_id: int | None = None
    seen: str = ""


class RulesRefused(Refused):
    """Nothing was saved. `problems` holds a sentence per row, by its place in what was wanted."""

    def __init__(self, problems: dict[int, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


def fingerprint(rule: StatusRule) -> str:
    """What a person saw of a rule: compared at saving, so that two people do not overwrite each other unseen."""
    return f"{rule.action}:{int(rule.retry)}:{rule.label}"


def selectable(action: str, current: str = "") -> bool:
    """Whether a row may have this action: the legacy “Import” only where it stands already."""
    return action in ImportAction and (action != ImportAction.IMPORT or current == ImportAction.IMPORT)


def save_rules(integration: Integration, wanted: Sequence[WantedRule]) -> list[str]:
    """Write the rows and confirm the discovered ones among them; a sentence per change, for the history.

    Rows an import has added meanwhile stay as they are. Raises RulesRefused, nothing written, when a row is not
    possible or was changed by somebody else since it was shown.
    """
    with transaction.atomic():
        # The integration's row is the lock: two people saving at once come one after the other.
        Integration.objects.select_for_update().only("pk").get(pk=integration.pk)
        rules = {rule.pk: rule for rule in integration.rules.all()}
        problems = _problems(rules, wanted)
        if problems:
            raise RulesRefused(problems)
        return [change for row in wanted if (change := _save(integration, rules, row))]


def _problems(rules: dict[int, StatusRule], wanted: Sequence[WantedRule]) -> dict[int, str]:
    problems: dict[int, str] = {}
    statuses = {rule.status for rule in rules.values()}
    new: set[str] = set()
    for place, row in enumerate(wanted):
        rule = rules.get(row.rule_id) if row.rule_id is not None else None
        if row.rule_id is not None:
            if rule is None:
                problems[place] = "This row is not there any more: open the page again."
            elif fingerprint(rule) != row.seen and fingerprint(rule) != _wanted_print(row):
                problems[place] = (
                    f"Changed meanwhile by somebody else to “{rule.get_action_display()}”, "
                    f"Retry {'Yes' if rule.retry else 'No'}: choose again."
                )
        elif not row.status:
            problems[place] = "Enter the status code as the shop writes it."
        elif row.status in statuses or row.status in new:
            problems[place] = f"There is a row for the status “{row.status}” already."
        if place not in problems and not selectable(row.action, rule.action if rule else ""):
            problems[place] = "Choose what to do with these orders."
        new.add(row.status)
    if len(rules) + sum(row.rule_id is None for row in wanted) > MOST_RULES:
        problems[len(wanted) - 1] = f"At most {MOST_RULES} statuses."
    return problems


def _wanted_print(row: WantedRule) -> str:
    return f"{row.action}:{int(row.retry)}:{row.label}"


def _save(integration: Integration, rules: dict[int, StatusRule], row: WantedRule) -> str:
    said = f"{row.action.label}, Retry {'Yes' if row.retry else 'No'}"
    if row.rule_id is None:
        StatusRule.objects.create(
            integration=integration, status=row.status, label=row.label, action=row.action, retry=row.retry
        )
        return f"Status “{row.status}” added: {said}."
    rule = rules[row.rule_id]
    before = f"{rule.get_action_display()}, Retry {'Yes' if rule.retry else 'No'}"
    confirmed, changed = rule.discovered, fingerprint(rule) != _wanted_print(row)
    if not (confirmed or changed):
        return ""
    rule.label, rule.action, rule.retry, rule.discovered = row.label, row.action, row.retry, False
    rule.save(update_fields=["label", "action", "retry", "discovered"])
    if before != said:
        return f"Status “{rule.status}”: {before} → {said}."
    return f"Status “{rule.status}”: {'confirmed' if confirmed else 'name changed'}: {said}."
