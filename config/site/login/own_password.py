"""Changing one's own password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse

from integrations.access import access_log, people


class OwnPassword(PasswordChangeView):
    """As Django's; one's other sessions end with it."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        origin, kept = access_log.origin_of(self.request), self.request.session.session_key
        people.password_changed(form.user.pk, origin, keep=kept)
        return response
