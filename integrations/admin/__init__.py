"""The admin of integrations: shops and their settings, remote orders, runs, and who is who."""

from config.kit.admin.kept_lists import keep_on
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
from integrations.admin.view_shelf import ViewShelf

keep_on(ViewShelf())

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
