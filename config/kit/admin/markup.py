"""Small pieces of markup for lists and pages; every text is escaped."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def badge(label: object, tone: str = "plain") -> SafeString:
    """A small coloured label; tones: plain, good, info, warn, bad."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, label)


def badge_link(model: str, pk: int, label: object, tone: str = "info") -> SafeString:
    """A badge that leads to the page of a row; `model` as in "orders_order"."""
    address = reverse(f"admin:{model}_change", args=[pk])
    return format_html('<a class="badge badge-{}" href="{}">{}</a>', tone, address, label)


def number(text: object) -> SafeString:
    """A number or amount, set to the right."""
    return format_html('<span class="number">{}</span>', text)


def link(model: str, pk: int, label: object) -> SafeString:
    """A link to the page of a row; `model` as in "orders_order"."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{model}_change", args=[pk]), label)


def post_button(address: str, label: object, described: object = "") -> SafeString:
    """A button inside a list's own form that posts somewhere else; the form's CSRF token goes along."""
    return format_html(
        '<button formaction="{}" aria-label="{} {}">{}</button>',
        address,
        label,
        described,
        label,
    )
