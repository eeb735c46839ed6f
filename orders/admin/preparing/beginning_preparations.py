"""From chosen orders to the page of their preparation."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.access.tenancy import project_of
from orders.models import Order
from orders.preparing import gathering


def begin(request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse | None:
    """Prepare these orders; None, with a message, where none of them can be.

    Orders that are all in one open preparation lead there: somebody was interrupted, and goes on.
    """
    project = project_of(request)
    if project is None:
        return None
    ids = list(chosen.filter(project=project).values_list("pk", flat=True))
    done = gathering.gather(project.pk, ids, actor_id=request.user.pk)
    for each in done.left_out:
        messages.warning(request, _("Order %(number)s %(why)s.") % {"number": each.order.number, "why": each.why})
    known = {each.preparation_id for each in done.left_out}
    at = done.preparation.pk if done.preparation else known.pop() if len(known) == 1 else None
    return HttpResponseRedirect(reverse("admin:orders_preparation_change", args=[at])) if at else None
