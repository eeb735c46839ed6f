"""How far the latest fixes are, in sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.review import fixes
from integrations.review.fixes import FixProgress


@dataclass(frozen=True)
class FixShown:
    """A fix as the panel shows it."""

    id: int
    title: str
    line: str
    note: str
    done: int
    total: int
    finished: bool
    dismissed: bool
    """Whether there is a dismissal to take back."""


def fixes_shown(project_id: int) -> list[FixShown]:
    recent = fixes.recent(project_id)
    return [_shown(progress) for progress in fixes.progress_of(recent)] if recent else []


def told(project_id: int) -> list[dict[str, Any]]:
    return [asdict(fix) for fix in fixes_shown(project_id)]


def _shown(progress: FixProgress) -> FixShown:
    looked_at = progress.total - progress.waiting
    return FixShown(
        id=progress.fix.pk,
        title=progress.fix.done,
        line=_line(progress),
        note=progress.reason if progress.waiting else "",
        done=looked_at,
        total=progress.total,
        finished=progress.finished,
        dismissed=progress.dismissed > 0,
    )


def _line(progress: FixProgress) -> str:
    text = ngettext("%(done)s of %(total)s order imported", "%(done)s of %(total)s orders imported", progress.total)
    pieces = [text % {"done": f"{progress.imported:,}", "total": f"{progress.total:,}"}]
    others = (
        (progress.failed, _("%(number)s failed again")),
        (progress.ignored, _("%(number)s not imported by their rule")),
        (progress.pending, _("%(number)s pending")),
        (progress.dismissed, _("%(number)s dismissed")),
        (progress.waiting, _("%(number)s still to be looked at")),
    )
    pieces += [text % {"number": f"{number:,}"} for number, text in others if number]
    return " · ".join(pieces[1:] if progress.total == progress.dismissed + progress.pending else pieces)
