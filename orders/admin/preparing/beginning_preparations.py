"""From chosen orders to the page of their preparation."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit.admin.undo import Undo, say_done
from integrations.access.tenancy import project_of
from orders.models import Order
from orders.preparing import gathering
from orders.preparing.gathering import LeftOut

# Orders that are named; of more there is a count.
MOST_NAMED = 10


def begin(request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse | None:
    """Prepare these orders; None, with a message, where none of them can be.

    Orders that are all in one open preparation lead there: somebody was interrupted, and goes on.
    """
    project = project_of(request)
    if project is None:
        return None
    ids = list(chosen.filter(project=project).values_list("pk", flat=True))
    done = gathering.gather(project.pk, ids, actor_id=request.user.pk)
    if done.left_out:
        messages.warning(request, left_out(done.left_out))
    if done.preparation is not None:
        count = done.preparation.orders.count()
        text = ngettext("%(n)s order is in this preparation.", "%(n)s orders are in this preparation.", count)
        close = reverse("admin:orders_preparation_close", args=[done.preparation.pk])
        say_done(request, text % {"n": count}, Undo(close, {}))
    known = {each.preparation_id for each in done.left_out}
    at = done.preparation.pk if done.preparation else known.pop() if len(known) == 1 else None
    return HttpResponseRedirect(reverse("admin:orders_preparation_change", args=[at])) if at else None


def left_out(rows: Sequence[LeftOut]) -> str:
    """Which orders are not prepared and why, in one sentence."""
    told = ngettext("%(n)s order is left out:", "%(n)s orders are left out:", len(rows)) % {"n": len(rows)}
    named = ", ".join(f"{each.order.number or each.order.pk} {each.why}" for each in rows[:MOST_NAMED])
    more = len(rows) - MOST_NAMED
    return f"{told} {named}" + (_(" and %(n)s more.") % {"n": more} if more > 0 else ".")
