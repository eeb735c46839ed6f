"""A rule preview as a table: each Import value, what it gets now and what it would get."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit.money import money
from integrations.choices import ImportAction
from integrations.importing.first_look import FirstLook
from integrations.importing.preview import MOST, Preview, RuleOutcome


@dataclass(frozen=True)
class PreviewRow:
    label: str
    cells: list[str]


@dataclass(frozen=True)
class PreviewTable:
    sentence: str
    rows: list[PreviewRow]


def preview_table(preview: Preview) -> PreviewTable:
    now = {outcome.action: outcome for outcome in preview.now}
    then = {outcome.action: outcome for outcome in preview.then}
    rows = [
        PreviewRow(str(action.label), _cells(now.get(action), then.get(action)))
        for action in ImportAction
        if action in now or action in then
    ]
    return PreviewTable(_sentence(preview), rows)


def _sentence(preview: Preview) -> str:
    if not preview.orders:
        return _("No order of the last %(days)s days is stored, so there is nothing to try the rules on.") % {
            "days": preview.days
        }
    pieces = [
        ngettext(
            "One order of the last %(days)s days, decided anew from the stock as it is at present.",
            "%(number)s orders of the last %(days)s days, decided anew from the stock as it is at present.",
            preview.orders,
        )
        % {"number": f"{preview.orders:,}", "days": preview.days}
    ]
    if not preview.differs:
        pieces.append(_("These rules would have done the same as the saved ones."))
    else:
        pieces.append(_("Where the rules as typed make a difference, it says: now → then."))
    if preview.cut:
        pieces.append(_("Only the newest %(most)s are counted.") % {"most": f"{MOST:,}"})
    if preview.unreadable:
        pieces.append(_("%(number)s could not be read.") % {"number": f"{preview.unreadable:,}"})
    return " ".join(pieces)


@dataclass(frozen=True)
class FirstTable:
    sentence: str
    rows: list[PreviewRow]
    problem: str


def first_table(seen: FirstLook, preview: Preview) -> FirstTable:
    """What the rules as typed make of orders that nobody has loaded yet."""
    rows = [PreviewRow(str(outcome.action.label), _cells(outcome, outcome)) for outcome in preview.then]
    return FirstTable(_first_sentence(seen, preview), rows, seen.problem)


def _first_sentence(seen: FirstLook, preview: Preview) -> str:
    if not preview.orders:
        return "" if seen.problem else _("The shop has no order of the last %(days)s days.") % {"days": preview.days}
    number = f"{preview.orders:,}"
    if seen.total is not None and seen.total > preview.orders:
        text = _("%(number)s of the %(total)s orders of the last %(days)s days, decided from the stock as it is now.")
        pieces = [text % {"number": number, "total": f"{seen.total:,}", "days": preview.days}]
    else:
        text = ngettext(
            "One order of the last %(days)s days, decided from the stock as it is now.",
            "%(number)s orders of the last %(days)s days, decided from the stock as it is now.",
            preview.orders,
        )
        pieces = [text % {"number": number, "days": preview.days}]
        if seen.cut:
            pieces.append(_("The shop has more."))
    if preview.unreadable:
        pieces.append(_("%(number)s could not be read.") % {"number": f"{preview.unreadable:,}"})
    return " ".join(pieces)


def _cells(now: RuleOutcome | None, then: RuleOutcome | None) -> list[str]:
    return [_change(before, after) for before, after in zip(_numbers(now), _numbers(then), strict=True)]


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _numbers(outcome: RuleOutcome | None) -> list[str]:
    if outcome is None:
        return ["–"] * 8
    amounts = ", ".join(money(amount, currency) for currency, amount in sorted(outcome.amounts.items()))
    stock = (outcome.reserved, outcome.waiting, outcome.issued)
    counts = (outcome.invoices, *stock, outcome.pending, outcome.failed)
    return [f"{outcome.orders:,}", amounts, *(f"{count:,}" if count else "–" for count in counts)]
