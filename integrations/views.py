"""What platforms call: webhooks."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from integrations import hooks
from integrations.connectors.base import Delivery
from integrations.hooks import Answer

STATUS = {Answer.TAKEN: 200, Answer.PING: 200, Answer.UNKNOWN: 404, Answer.FORGED: 401, Answer.NOT_NOW: 503}


@csrf_exempt
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Take a delivery; the answer comes before the order is read again."""
    if request.method == "GET":
        return _challenge(request, token)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"result": "too large"}, status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = hooks.receive(token, Delivery(headers, body, request.build_absolute_uri()))
    return JsonResponse({"result": str(answer)}, status=STATUS[answer])


def _challenge(request: HttpRequest, token: str) -> HttpResponse:
    """eBay asks with a GET whether the address is ours; nobody else has anything to ask."""
    code = request.GET.get("challenge_code", "")
    try:
        answer = hooks.challenge(token, code)
    except LookupError:
        return JsonResponse({"result": str(Answer.UNKNOWN)}, status=404)
    return HttpResponseNotAllowed(["POST"]) if answer is None else JsonResponse(dict(answer))
