"""What platforms call: webhooks."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import hooks
from integrations.connectors.base import Delivery
from integrations.hooks import Answer

STATUS = {Answer.TAKEN: 200, Answer.PING: 200, Answer.UNKNOWN: 404, Answer.FORGED: 401}


@csrf_exempt
@require_POST
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Take a delivery; the answer comes before the order is read again."""
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"result": "too large"}, status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = hooks.receive(token, Delivery(headers, body, request.build_absolute_uri()))
    return JsonResponse({"result": str(answer)}, status=STATUS[answer])
