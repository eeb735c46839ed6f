"""What the outside calls: platforms their webhooks, customers the link that stops letters."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_exempt

from integrations.connectors.notifications import Notification
from integrations.distributions import opt_outs
from integrations.shop_webhooks import receive
from integrations.shop_webhooks.receive import Reception

STATUS = {
    Reception.TAKEN: 200,
    Reception.PING: 200,
    Reception.UNKNOWN: 404,
    Reception.FORGED: 401,
    Reception.NOT_NOW: 503,
}


@csrf_exempt
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Take a notification; the answer comes before the order is read again."""
    if request.method == "GET":
        return _challenge(request, token)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"result": "too large"}, status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = receive.receive(token, Notification(headers, body, request.build_absolute_uri()))
    return JsonResponse({"result": str(answer)}, status=STATUS[answer])


def _challenge(request: HttpRequest, token: str) -> HttpResponse:
    """eBay asks with a GET whether the address is ours; nobody else has anything to ask."""
    code = request.GET.get("challenge_code", "")
    try:
        answer = receive.challenge(token, code)
    except LookupError:
        return JsonResponse({"result": str(Reception.UNKNOWN)}, status=404)
    return HttpResponseNotAllowed(["POST"]) if answer is None else JsonResponse(dict(answer))


@csrf_exempt
def stop_letters(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to stop (GET), and stop (POST): by the button, or by a mail program in one click (RFC 8058).

    Looking alone stops nothing, because mail programs look at links before people do. The token is the permission, so
    that neither a session nor a CSRF token is asked for.
    """
    found = opt_outs.behind(token)
    if found is None:
        raise Http404
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    project, email = found
    if request.method == "POST":
        opt_outs.opt_out(project.pk, [email])
    name, _, domain = email.rpartition("@")
    context = {"project": project, "address": f"{name[:1]}…@{domain}", "stopped": request.method == "POST"}
    response = TemplateResponse(request, "letters/stop.html", context)
    response["Cache-Control"] = "no-store, private"
    return response
