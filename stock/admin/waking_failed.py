"""What came is told to the orders that failed for it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from integrations.access.tenancy import project_of
from integrations.review.waking import wake


def wake_failed(request: HttpRequest, skus: Sequence[str]) -> None:
    """Look again at orders that failed for lack of these goods, and say so."""
    project = project_of(request)
    count = wake(project.pk, skus, request.user.pk) if project else 0
    if count:
        told = ngettext(
            "%(n)s order that failed for lack of stock is tried again.",
            "%(n)s orders that failed for lack of stock are tried again.",
            count,
        )
        messages.info(request, told % {"n": count})
