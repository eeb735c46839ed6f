"""System checks: what can be seen to be wrong before the first request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register()
def embedded_binaries(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without addresses of servers the binaries of the embedded ones must be here."""
    if not settings.EMBEDDED:
        return []
    from config.running.embedded import EmbeddedError, binaries

    try:
        binaries.find()
    except EmbeddedError as error:
        return [Error(str(error), id="config.E001")]
    return []


@register()
def debug_and_https(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG and settings.HTTPS:
        hint = "Debug pages show settings and code to every visitor. Unset DEBUG where the site is public."
        return [Error("DEBUG and HTTPS are both on.", hint=hint, id="config.E002")]
    return []


@register()
def label_providers_are_here(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A wrong path would be met by whoever prints the first label."""
    from orders.labels.label_providers import providers

    try:
        providers()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="config.E004")]
    return []


@register(Tags.security, deploy=True)
def redis_is_guarded(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever can write to the queue can make workers work: over a network it wants a password and TLS."""
    address = urlsplit(settings.REDIS_URL)
    if address.scheme == "unix" or address.hostname in LOOPBACK:
        return []
    found: list[CheckMessage] = []
    if not address.password:
        hint = "Set a password in Redis (requirepass) and in REDIS_URL: redis://:password@host:6379/0."
        found.append(Error("Redis is reached over the network without a password.", hint=hint, id="config.E003"))
    if address.scheme != "rediss":
        hint = "Use rediss://, unless the network between the two is private."
        found.append(Warning("Redis is reached over the network without TLS.", hint=hint, id="config.W001"))
    return found


@register(Tags.security, deploy=True)
def embedded_in_production(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.EMBEDDED:
        return []
    hint = "Set DATABASE_URL and REDIS_URL to servers that are backed up and watched."
    return [Warning("The embedded PostgreSQL and Valkey are meant for one machine.", hint=hint, id="config.W002")]


@register(Tags.security, deploy=True)
def proxies_are_counted(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """TLS ends at a proxy: unless it is trusted, all people seem to come from its one address."""
    if not settings.HTTPS or settings.TRUSTED_PROXIES:
        return []
    hint = "Set TRUSTED_PROXIES to the number of proxies before the site that append to X-Forwarded-For."
    return [Warning("HTTPS is on, but no proxy is trusted to say who asks.", hint=hint, id="config.W003")]
