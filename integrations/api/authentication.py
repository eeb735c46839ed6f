"""Who calls: a key of a project, by X-App-Id and X-App-Token, or by Authorization: Bearer."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.kit.api.problems import unauthorised
from integrations.access import api_keys
from integrations.access.api_keys import KeyRefused
from integrations.models import ApiKey

CREDENTIALS = ("X-App-Id", "X-App-Token", "Authorization")
MISSING = "Send X-App-Id and X-App-Token, or Authorization: Bearer with the token."


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the key. Nobody is logged in: a key is no person."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[None, ApiKey]:
        app_id, token = _credentials(request)
        try:
            key = api_keys.find(token, app_id)
        except KeyRefused as error:
            raise unauthorised(str(error)) from error
        api_keys.note_use(key)
        return None, key


def _credentials(request: Request | HttpRequest) -> tuple[str | None, str]:
    app_id, token = request.headers.get("X-App-Id"), request.headers.get("X-App-Token")
    if app_id is not None or token is not None:
        if not app_id or not token:
            raise unauthorised(MISSING)
        return app_id, token
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorised(MISSING)
    return None, token
