"""What people change of keys and credentials, for the access log."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from integrations.access import access_log
from integrations.choices import AccessKind
from integrations.models import ApiKey, Integration


def note_key(request: HttpRequest, kind: AccessKind, key: ApiKey) -> None:
    _note(request, kind, key.project.account_id, f"{key.name} ({key.prefix}…) of {key.project}")


def note_credentials(request: HttpRequest, shop: Integration, changed: Iterable[str]) -> None:
    """Of what was changed of a shop, the credentials; nothing where there are none among it."""
    secret = {field.key: str(field.label) for field in shop.connector.credential_fields}
    entered = [secret[key] for key in changed if key in secret]
    if entered:
        detail = f"{shop} of {shop.project}: {', '.join(entered)}"
        _note(request, AccessKind.CREDENTIALS, shop.project.account_id, detail)


def _note(request: HttpRequest, kind: AccessKind, account_id: int, detail: str) -> None:
    origin = access_log.origin_of(request)
    access_log.note(kind, origin, user_id=request.user.pk, account_id=account_id, detail=detail)
