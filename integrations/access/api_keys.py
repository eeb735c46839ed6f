"""Keys of the partner API: made, shown once, used, revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from config.kit import true_time
from config.kit.postgresql.model_columns import Columns
from config.kit.refusals import Refused
from integrations.choices import ApiScope
from integrations.models import ApiKey, Project

PREFIX_LENGTH = 11
LONGEST_TOKEN = 200
# The last use is written this often at most: it is for people, and every call would write a row.
TELL_USE_AGAIN_AFTER = timedelta(minutes=1)
KEY, PROJECT = Columns(ApiKey, "key"), Columns(Project, "project")
# Every call begins with it.
BY_PREFIX = (
    f"SELECT {KEY}, person.is_active, {PROJECT} FROM integrations_apikey AS key"  # noqa: S608  names of ours only
    " JOIN integrations_project AS project ON project.id = key.project_id"
    " LEFT JOIN auth_user AS person ON person.id = key.created_by_id WHERE key.prefix = %s"
)


class KeyRefused(Refused):
    """The key opens nothing. The message says why as far as a stranger may know."""


@dataclass(frozen=True)
class NewKey:
    """A key just made; the token is not kept anywhere."""

    key: ApiKey
    token: str


def make(
    project_id: int,
    name: str,
    scopes: Sequence[str] = ApiScope.values,
    *,
    expires_at: datetime | None = None,
    user_id: int | None = None,
) -> NewKey:
    """A new key of a project with 256 bits of secret."""
    prefix = f"ch_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        project_id=project_id,
        name=name,
        app_id=str(uuid.uuid4()),
        prefix=prefix,
        digest=_digest(token),
        scopes=[scope for scope in ApiScope.values if scope in scopes],
        expires_at=expires_at,
        created_by_id=user_id,
    )
    return NewKey(key, token)


def revoke(key: ApiKey) -> bool:
    """End a key at once. Whether it was in force until now."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=true_time.now()))


def let_write(key: ApiKey) -> bool:
    """Let a key write by all its scopes, those too that it was given to read. Whether there were any."""
    return bool(ApiKey.objects.filter(pk=key.pk).exclude(reading=[]).update(reading=[]))


def find(token: str, app_id: str | None) -> ApiKey:
    """The key with this token, and with this app id where one was sent. Raises KeyRefused."""
    key, maker_is_active = (
        _by_prefix(token[:PREFIX_LENGTH])
        if len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable()
        else (None, None)
    )
    fits = key is not None and hmac.compare_digest(bytes(key.digest), _digest(token))
    if key is None or not fits or (app_id is not None and app_id != key.app_id):
        raise KeyRefused("The key is not known: check X-App-Id and X-App-Token.")
    if key.revoked_at is not None:
        raise KeyRefused("The key was revoked: ask the owner of the project for a new one.")
    if key.expires_at is not None and key.expires_at <= true_time.now():
        raise KeyRefused("The key has expired: ask the owner of the project for a new one.")
    if maker_is_active is False:
        raise KeyRefused("The person who made this key is not active any more: ask for a new key.")
    return key


def _by_prefix(prefix: str) -> tuple[ApiKey | None, bool | None]:
    """The key, with its project; and whether who made it is active, None where nobody is known to have."""
    for key, (is_active, *project) in KEY.read(BY_PREFIX, [prefix]):
        key.project = PROJECT.row(project, str(key._state.db))
        return key, is_active
    return None, None


def note_use(key: ApiKey) -> None:
    now = true_time.now()
    if key.last_used_at is None or key.last_used_at < now - TELL_USE_AGAIN_AFTER:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - TELL_USE_AGAIN_AFTER)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _digest(token: str) -> bytes:
    """A fast hash will do: the secret is random, there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()
