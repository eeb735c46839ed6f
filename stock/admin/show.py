"""Small pieces of markup for lists and pages; every text is escaped."""

from __future__ import annotations

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def badge(label: object, tone: str = "plain") -> SafeString:
    """A small coloured label; tones: plain, good, info, warn, bad."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, label)


def link(row: Model | None, label: object = "") -> SafeString | str:
    """A link to the row's page."""
    if row is None:
        return "–"
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, label or row)


def post_button(address: str, label: object, described: object = "") -> SafeString:
    """A button inside a list's own form that posts somewhere else; the form's CSRF token goes along."""
    return format_html(
        '<button type="submit" class="row-button" formaction="{}" formmethod="post" aria-label="{} {}">{}</button>',
        address,
        label,
        described,
        label,
    )


def units(count: int) -> str:
    return f"{count:,}"
