"""How far the open runs of a project are, in sentences: loads, fetches, synchronisations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit import true_time
from integrations.access.tenancy import project_of
from integrations.admin.open_project import open_runs_of
from integrations.choices import RunKind, RunState
from integrations.models import Run

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
        failed=run.failed if run.kind == RunKind.LOAD else 0,
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
    if run.kind == RunKind.IMPORT_ORDERS:
        return _("%(pending)s fetched as Pending") % {"pending": f"{run.pending:,}"}
    if run.kind == RunKind.SYNCHRONIZE:
        return _("%(updated)s changed, %(unchanged)s as in the shop, %(failed)s could not be synchronized") % {
            "updated": f"{run.updated:,}",
            "unchanged": f"{run.unchanged:,}",
            "failed": f"{run.failed:,}",
        }
    known = run.fetched - run.created - run.pending - run.ignored - run.failed
    counts = _("%(created)s created, %(ignored)s ignored, %(failed)s failed") % {
        "created": f"{run.created:,}",
        "ignored": f"{run.ignored:,}",
        "failed": f"{run.failed:,}",
    }
    if run.pending:
        counts += ", " + _("%(pending)s to review") % {"pending": f"{run.pending:,}"}
    return f"{counts}, {_('%(known)s known already') % {'known': f'{known:,}'}}" if known > 0 else counts


TITLES = {
    RunKind.LOAD: gettext_lazy("Importing orders from the eshop."),
    RunKind.IMPORT_ORDERS: gettext_lazy("Fetching orders from the eshop."),
    RunKind.SYNCHRONIZE: gettext_lazy("Synchronizing orders with the eshop."),
}


def panel(request: HttpRequest, *kinds: RunKind) -> dict[str, Any] | None:
    """The open runs under a title, remembered in the session so that their end is told to whoever saw them run."""
    found = open_runs_of(request, *kinds)
    if not found:
        return None
    remember(request, [run.pk for run in found])
    now = true_time.now()
    title = next(TITLES[kind] for kind in kinds if any(run.kind == kind for run in found))
    return {"title": title, "runs": [progress_of(run, now) for run in found]}


def as_json(request: HttpRequest, *kinds: RunKind) -> dict[str, Any]:
    now = true_time.now()
    return {"runs": [asdict(progress_of(run, now)) for run in open_runs_of(request, *kinds)]}


def remember(request: HttpRequest, run_ids: list[int]) -> None:
    shown = request.session.get(SESSION_KEY, [])
    new = [pk for pk in run_ids if pk not in shown]
    if new:
        request.session[SESSION_KEY] = [*shown, *new][-MOST_REMEMBERED:]


def tell_ended(request: HttpRequest, *kinds: RunKind) -> None:
    """Say how runs ended that this person saw running; each is told once."""
    for run in _ended(request, kinds):
        level = messages.SUCCESS if run.state == RunState.SUCCEEDED and not run.failed else messages.WARNING
        messages.add_message(request, level, summary(run))


def _ended(request: HttpRequest, kinds: tuple[RunKind, ...]) -> list[Run]:
    shown = request.session.get(SESSION_KEY, [])
    project = project_of(request)
    still_open = {run.pk for run in open_runs_of(request, *kinds)}
    if project is None or not set(shown) - still_open:
        return []
    runs = Run.objects.filter(pk__in=shown, project=project, kind__in=kinds).exclude(pk__in=still_open)
    over = list(runs.select_related("integration").order_by("id"))
    told = {run.pk for run in over}
    if told:
        request.session[SESSION_KEY] = [pk for pk in shown if pk not in told]
    return over


def summary(run: Run) -> str:
    """One sentence about a run that is over."""
    if run.kind != RunKind.LOAD:
        state = "" if run.state == RunState.SUCCEEDED else f"{run.get_state_display()}. "
        return f"{run.integration}: {state}{run.reason}"
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
