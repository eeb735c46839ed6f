"""What every step on a page has in common: the row, the form, the service, the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from config.kit.admin.model_admins import PageAdmin
from config.kit.admin.undo import Undo, say_done
from orders.work.changing import ChangedMeanwhile, ChangeRefused

M = TypeVar("M", bound=Model)


class Steps(PageAdmin[M]):
    """Pages with forms in place; each form's view calls `step`."""

    def row(self, request: HttpRequest, pk: int) -> M:
        """A row of the open project, or 404."""
        found: M | None = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    def step(
        self,
        request: HttpRequest,
        row: M,
        name: str,
        form: forms.Form,
        service: Callable[[dict[str, Any]], object],
        done: str | Callable[[Any], str],
        *,
        to: str = "",
        undo: Callable[[], Undo | None] = lambda: None,
    ) -> HttpResponse:
        """Check a form, call the service with what was typed, say what was done and show the page anew.

        What is refused stands at the form (`name` in the page's context) with everything that was typed; a page that
        is not up to date any more is shown as it is now. `undo` is asked for the way back once it is done.
        """
        if form.is_valid():
            try:
                result = service(form.cleaned_data)
            except ChangedMeanwhile as refusal:
                messages.warning(request, str(refusal))
                return HttpResponseRedirect(self.url("change", row.pk))
            except ChangeRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                text = done(result) if callable(done) else done
                if result is False:  # nothing was different
                    messages.info(request, text)
                else:
                    say_done(request, text, undo())
                return HttpResponseRedirect(self.url("change", row.pk) + to)
        return self.render_page(request, row, status=422, **{name: form})
