"""The admin of integrations: shops and their settings, remote orders, runs, and who is who."""

from integrations.admin import (
    access_events,
    api_keys,
    articles_board,
    buyers,
    crossings,
    deliveries,
    distributions,
    endpoints,
    erasures,
    files,
    installation,
    letters,
    remote_orders,
    runs,
    shops,
)

__all__ = [
    "access_events",
    "api_keys",
    "articles_board",
    "buyers",
    "crossings",
    "deliveries",
    "distributions",
    "endpoints",
    "erasures",
    "files",
    "installation",
    "letters",
    "remote_orders",
    "runs",
    "shops",
]
