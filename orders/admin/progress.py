"""How far the open loads of a project are, in sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.admin.open_project import open_loads_of
from integrations.choices import RunKind, RunState
from integrations.models import Run
from stock.admin.base import project_of

SESSION_KEY = "loads_shown"
MOST_REMEMBERED = 20


@dataclass(frozen=True)
class Progress:
    """One open load as the panel shows it."""

    id: int
    shop: str
    line: str
    counts: str
    reason: str
    done: int
    total: int | None
    failed: int
    cancelling: bool


def progress_of(run: Run, now: datetime) -> Progress:
    return Progress(
        id=run.pk,
        shop=str(run.integration or ""),
        line=_line(run, now),
        counts=_counts(run),
        reason=run.reason,
        done=min(run.fetched, run.total) if run.total else run.fetched,
        total=run.total or None,
        failed=run.failed,
        cancelling=run.cancel_requested_at is not None,
    )


def _line(run: Run, now: datetime) -> str:
    if run.cancel_requested_at:
        return _("Stops after this page; what was loaded stays.")
    if run.started_at is None:
        return _("Waiting for a worker.")
    if not run.fetched:
        return _("Asking the shop for its orders.")
    done = f"{run.fetched:,}"
    pieces = [
        _("%(done)s of %(total)s orders") % {"done": done, "total": f"{run.total:,}"}
        if run.total
        else ngettext("%(done)s order", "%(done)s orders", run.fetched) % {"done": done}
    ]
    rate = run.fetched / max((now - run.started_at).total_seconds(), 1)
    if rate >= 1:
        pieces.append(_("%(rate)s a second") % {"rate": f"{rate:,.0f}"})
    elif rate:
        pieces.append(_("%(rate)s a minute") % {"rate": f"{rate * 60:,.0f}"})
    if rate and run.total and run.total > run.fetched:
        pieces.append(_("about %(time)s left") % {"time": _span(timedelta(seconds=(run.total - run.fetched) / rate))})
    return " · ".join(pieces)


def _span(left: timedelta) -> str:
    seconds = left.total_seconds()
    if seconds < 60:
        return _("%(number)s seconds") % {"number": max(5, round(seconds / 5) * 5)}
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    return _("%(number)s hours") % {"number": f"{seconds / 3600:.1f}"}


def _counts(run: Run) -> str:
    known = run.fetched - run.created - run.ignored - run.failed
    counts = _("%(created)s created, %(ignored)s ignored, %(failed)s failed") % {
        "created": f"{run.created:,}",
        "ignored": f"{run.ignored:,}",
        "failed": f"{run.failed:,}",
    }
    return f"{counts}, {_('%(known)s known already') % {'known': f'{known:,}'}}" if known > 0 else counts


def panel(request: HttpRequest) -> list[Progress]:
    """The open loads, remembered in the session so that their end is told to whoever saw them run."""
    loads = open_loads_of(request)
    remember(request, [run.pk for run in loads])
    now = timezone.now()
    return [progress_of(run, now) for run in loads]


def as_json(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    return {"runs": [asdict(progress_of(run, now)) for run in open_loads_of(request)]}


def remember(request: HttpRequest, run_ids: list[int]) -> None:
    shown = request.session.get(SESSION_KEY, [])
    new = [pk for pk in run_ids if pk not in shown]
    if new:
        request.session[SESSION_KEY] = [*shown, *new][-MOST_REMEMBERED:]


def ended(request: HttpRequest) -> list[Run]:
    """Loads this person saw running that are over now; each is told once."""
    shown = request.session.get(SESSION_KEY, [])
    project = project_of(request)
    if not shown or project is None:
        return []
    still_open = {run.pk for run in open_loads_of(request)}
    over = [pk for pk in shown if pk not in still_open]
    if not over:
        return []
    request.session[SESSION_KEY] = [pk for pk in shown if pk in still_open]
    return list(
        Run.objects.filter(pk__in=over, project=project, kind=RunKind.LOAD).select_related("integration").order_by("id")
    )


def summary(run: Run) -> str:
    """One sentence about a load that is over."""
    seen = ngettext("%(number)s order read from %(shop)s", "%(number)s orders read from %(shop)s", run.fetched) % {
        "number": f"{run.fetched:,}",
        "shop": run.integration,
    }
    parts = _counts(run)
    if run.state == RunState.SUCCEEDED:
        return f"{seen}: {parts}."
    return f"{run.get_state_display()}: {seen}: {parts}. {run.reason}"


def run_address(run_id: int) -> str:
    return reverse("admin:integrations_run_change", args=[run_id])
