"""Addresses below /v1 that are not offered: 404 that says so by name, never read as the id of something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from django.urls import URLPattern, URLResolver, re_path
from rest_framework.request import Request

from config.kit.api.problems import ApiError
from integrations.api.partner_views import ProjectView

# Words that Voucherify publishes below a resource, or that are calls there: no ids.
WORDS = "import|importCSV|export"
PARAMETER = re.compile(r"<(?:\w+:)?\w+>")


class NotOfferedView(ProjectView):
    """Whoever has a key is told what there is."""

    schema = None  # it is no part of the document
    offered: ClassVar[Mapping[str, Sequence[str]]] = {}
    """The addresses that there are, by resource."""

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        path = request.path.strip("/").partition("/")[2][:200]
        resource = path.partition("/")[0]
        if resource in self.offered:
            there = ", ".join(self.offered[resource])
            details = f"There is no {request.method} /v1/{path} here. Offered: {there}"
        else:
            details = f"There are no {resource or 'such things'} here. Offered: {', '.join(self.offered)}"
        raise ApiError(404, "not_found", "Resource not found", details, resource=(_singular(resource), path))


def _singular(resource: str) -> str:
    """As resources are called in answers: `async_action` of `async-actions`."""
    name = resource.replace("-", "_")
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def beside(patterns: Iterable[URLPattern | URLResolver]) -> tuple[list[URLPattern], list[URLPattern]]:
    """What to try before these patterns of /v1, and after them."""
    offered: dict[str, list[str]] = {}
    for pattern in patterns:
        route = str(pattern.pattern)
        offered.setdefault(route.partition("/")[0], []).append(f"/v1/{PARAMETER.sub('{id}', route)}")
    view = NotOfferedView.as_view(offered=offered)
    before = [
        re_path(rf"^(?:async-actions|customers|exports|products|skus)/(?:{WORDS})/?$", view),
    ]
    return before, [re_path("^", view)]
