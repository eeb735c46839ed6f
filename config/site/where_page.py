"""The search of every page: what was found, where the one order is that was meant, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from config.kit.money import money
from integrations.access.tenancy import project_of
from integrations.admin.open_project import loadable_shops_of
from integrations.admin.tones import STATE_TONES, WHERE_TONES
from integrations.choices import Whereabouts
from integrations.finding import asking_shops, everywhere, whereabouts
from integrations.finding.everywhere import Found
from integrations.finding.timeline import timeline
from integrations.finding.whereabouts import OrderAnswer
from integrations.importing import retry
from integrations.models import Project, RemoteOrder
from orders.admin.tones import STATUS_TONES, TAB_TONES
from orders.choices import OrderStatus
from orders.models import Order

PERMISSIONS = ("orders.view_order", "integrations.view_remoteorder")
REVIEW, RETRY = "integrations.review_remoteorder", "integrations.retry_remoteorder"
FETCHABLE = {
    Whereabouts.NOT_FETCHED,
    Whereabouts.REJECTED,
    Whereabouts.BEFORE_START,
    Whereabouts.PLAN,
    Whereabouts.BY_RULE,
    Whereabouts.WAITING,
}


@dataclass(frozen=True)
class NextStep:
    """A button below an answer: a link, or a form with these fields."""

    label: str
    url: str
    fields: dict[str, object] = field(default_factory=dict)
    posts: bool = False


def where(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """GET: what is called `q`; with `order` or `remote` the one that is meant. POST: the shops are asked for `q`."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    project = project_of(request)
    if project is None or not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    asked = (request.POST if request.method == "POST" else request.GET).get("q", "")
    text = asked.replace("\x00", "").strip()[: everywhere.LONGEST]
    projects = _projects(request, project)
    found = everywhere.find(projects, text)
    shops = loadable_shops_of(request)
    if request.method == "POST":
        answers = asking_shops.ask_shops(shops, text) if text else []
    else:
        one = _meant(request, projects, found, text)
        answers = [_answer(one)] if one is not None else []
    shown = [row for answer in answers for row in (answer.order, answer.remote)]
    context |= {
        "title": _("Where is my order?"),
        "asked_for": text,
        "answers": [_shown(request, project, each, text) for each in answers if each.where != Whereabouts.NOT_IN_SHOP],
        "absent": [answer for answer in answers if answer.where == Whereabouts.NOT_IN_SHOP],
        "rows": [_row(project, row, text) for row in found.rows(text) if row not in shown],
        "customers": found.customers,
        "products": found.products,
        "anything": bool(found),
        "more": found.more,
        "may_ask": bool(text and shops),
        "shops_asked": request.method == "POST",
        "shop_count": sum(shop.enabled for shop in shops),
        "books": len(projects),
    }
    return TemplateResponse(request, "admin/where.html", context)


def _projects(request: HttpRequest, project: Project) -> list[Project]:
    """Those the person may open, the open one first."""
    user: Any = request.user
    return [project, *(other for other in user.may_open if other.pk != project.pk)]


def _meant(request: HttpRequest, projects: list[Project], found: Found, text: str) -> Order | RemoteOrder | None:
    """The row that was chosen in the list, or the only one that can be meant."""
    for name, model in (("order", Order), ("remote", RemoteOrder)):
        wanted = request.GET.get(name, "")
        if wanted:
            rows = model.objects.filter(project__in=projects).select_related("integration", "project")
            chosen: Order | RemoteOrder | None = rows.filter(pk=wanted).first() if _is_key(wanted) else None
            if chosen is None:
                raise Http404
            return chosen
    return found.exactly(text, projects[0])


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _answer(one: Order | RemoteOrder) -> OrderAnswer:
    return whereabouts.of_order(one) if isinstance(one, Order) else whereabouts.of_remote(one)


def _shown(request: HttpRequest, project: Project, answer: OrderAnswer, text: str) -> dict[str, Any]:
    at = answer.order or answer.remote
    elsewhere = at.project if at is not None and at.project_id != project.pk else None
    steps = [_open(at.project, answer, text)] if at is not None and elsewhere else _steps(request, answer)
    return {
        "answer": answer,
        "tone": WHERE_TONES[answer.where],
        "elsewhere": elsewhere,
        "steps": steps,
        "moments": timeline(answer),
    }


def _row(project: Project, row: Order | RemoteOrder, text: str) -> dict[str, Any]:
    """A line of what was found, with a link to where it can be worked on, or to its answer."""
    if isinstance(row, Order):
        # Who looks for an order of this book wants to work on it; its page tells what has happened, too.
        here = row.project_id == project.pk
        url = reverse("admin:orders_order_change", args=[row.pk]) if here else _address(text, order=row.pk)
        state, tone = whereabouts.stands(row), _tone(row)
    else:
        url, state, tone = _address(text, remote=row.pk), row.get_state_display(), STATE_TONES[row.state]
    return {
        "url": url,
        "label": row.number or str(row),
        "shop": row.integration or "–",
        "project": row.project if row.project_id != project.pk else "",
        "buyer": row.buyer,
        "placed_at": row.placed_at,
        "amount": money(row.total, row.currency) if row.total is not None else "–",
        "state": state,
        "tone": tone,
    }


def _tone(order: Order) -> str:
    return TAB_TONES[order.tab] if order.status == OrderStatus.PROCESSING else STATUS_TONES[order.status]


def _address(text: str, **chosen: int) -> str:
    return f"{reverse('admin:where')}?{urlencode({'q': text, **chosen})}"


def _open(other: Project, answer: OrderAnswer, text: str) -> NextStep:
    chosen = {"order": answer.order.pk} if answer.order else {"remote": answer.remote.pk if answer.remote else 0}
    label = _("Open %(account)s · %(project)s") % {"account": other.account, "project": other.name}
    fields = {"project": other.pk, "next": _address(text, **chosen)}
    return NextStep(label, reverse("admin:open_project"), fields, posts=True)


def _steps(request: HttpRequest, answer: OrderAnswer) -> list[NextStep]:
    """What a person can do about it, the best first."""
    if answer.order is not None:
        return [NextStep(_("Open the order"), reverse("admin:orders_order_change", args=[answer.order.pk]))]
    may = request.user.has_perm
    steps = _fetching(answer) if may(REVIEW) and answer.where in FETCHABLE else []
    if answer.remote is not None:
        again = reverse("admin:integrations_remoteorder_retry", args=[answer.remote.pk])
        back = reverse("admin:integrations_remoteorder_take_back", args=[answer.remote.pk])
        if answer.where == Whereabouts.DISMISSED and may(REVIEW) and answer.remote.erased_at is None:
            steps.append(NextStep(_("Take “Mark as cancel” back"), back, {"back": "page"}, posts=True))
        steps.append(_its_page(answer.remote, answer.where, decides=may(REVIEW)))
        if answer.remote.state in retry.RETRIED and may(RETRY):
            steps.append(NextStep(_("Look again now"), again, {"back": "page"}, posts=True))
    return steps + (_of_shop(answer) if may("integrations.view_integration") else [])


def _its_page(remote: RemoteOrder, where: Whereabouts, *, decides: bool) -> NextStep:
    label = _("Everything about it")
    if where == Whereabouts.FAILED:
        label = _("See the cause and mend it")
    elif where in {Whereabouts.PENDING, Whereabouts.DUPLICATE} and decides:
        label = _("Look at it and decide")
    return NextStep(label, reverse("admin:integrations_remoteorder_change", args=[remote.pk]))


def _fetching(answer: OrderAnswer) -> list[NextStep]:
    """Import Orders, by its id."""
    shop = answer.integration
    if shop is None:
        return []
    wanted = answer.remote.external_id if answer.remote is not None else answer.external_id
    fields = {"platform": shop.platform, "store": shop.pk, "by": "order", "order": wanted}
    return [NextStep(_("Fetch it now, to decide"), reverse("admin:integrations_remoteorder_fetch"), fields, posts=True)]


def _of_shop(answer: OrderAnswer) -> list[NextStep]:
    """Where the settings of its shop say why."""
    if answer.integration is None:
        return []
    address = reverse("admin:integrations_integration_change", args=[answer.integration.pk])
    places = {
        Whereabouts.BY_RULE: (_("Rules of this shop"), "rules"),
        Whereabouts.WAITING: (_("Rules of this shop"), "rules"),
        Whereabouts.REJECTED: (_("Webhooks of this shop"), "webhooks"),
        Whereabouts.NOT_ASKED: (_("Connection of this shop"), "connection"),
        Whereabouts.BEFORE_START: (_("Settings of this shop"), "settings"),
    }
    if answer.where not in places:
        return []
    label, part = places[answer.where]
    return [NextStep(label, f"{address}#{part}")]
