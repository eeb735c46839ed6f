"""Forms of integrations that exchange files: the server, and what the files of a feed look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import true_time
from config.kit.admin.long_select import LongSelect
from integrations.admin.shop_forms import SecretField, ZoneChoices
from integrations.choices import FILES_IN, RunKind, UnknownProducts
from integrations.client.addresses import check_file_server
from integrations.models import Feed, Integration
from integrations.shops.settings import ShopSettings
from integrations.warehouses.columns import COLUMNS
from integrations.warehouses.feed_settings import FeedWish
from integrations.warehouses.file_layout import (
    DATES,
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    FeedOptions,
    FileFormat,
    FileLayout,
    StockMeaning,
)
from integrations.warehouses.serving import check_private_key
from stock import warehouses

PROTOCOLS = [
    ("sftp", gettext_lazy("SFTP (usually port 22)")),
    ("ftps", gettext_lazy("FTPS, explicit TLS (usually port 21)")),
    ("ftp", gettext_lazy("FTP, not encrypted (usually port 21)")),
]
MEANINGS = [
    (StockMeaning.ABSOLUTE.value, gettext_lazy("what is on hand")),
    (StockMeaning.DELTA.value, gettext_lazy("what came or went")),
]
COLUMN = "column_"
LONGEST_KEY = 20_000
FIXED = re.compile(r"\s*(?P<column>[^=]{1,200}?)\s*=(?P<text>.{0,200})")


class FileServerForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=100, help_text=gettext_lazy("What your people call it.")
    )
    protocol = forms.ChoiceField(label=gettext_lazy("Type"), choices=PROTOCOLS)
    host = forms.CharField(
        label=gettext_lazy("Server"), max_length=253, help_text=gettext_lazy("Its name, e.g. files.example.com")
    )
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535, initial=22)
    username = forms.CharField(label=gettext_lazy("User name"), max_length=200)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=ZoneChoices(),
        widget=LongSelect,
        help_text=gettext_lazy("Of dates in files that name no zone."),
    )
    enabled = forms.BooleanField(
        label=gettext_lazy("Switched on"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Off: nothing is read there, by hand or automatically."),
    )
    unknown_products = forms.ChoiceField(
        label=gettext_lazy("Unknown products"),
        choices=UnknownProducts.choices,
        help_text=gettext_lazy("What happens when an order that comes in has a SKU that is not among the products."),
    )

    def __init__(self, *args: Any, integration: Integration | None = None, **kwargs: Any) -> None:
        self.integration = integration
        stored: Mapping[str, str] = {}
        if integration is not None:
            address = urlsplit(integration.base_url)
            stored = integration.credentials
            kwargs["initial"] = {
                "title": integration.title,
                "protocol": address.scheme,
                "host": address.hostname,
                "port": address.port,
                "username": stored.get("username", ""),
                "time_zone": integration.time_zone,
                "enabled": integration.enabled,
                "unknown_products": integration.unknown_products,
            }
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["password"] = SecretField(
            label=_("Password"),
            help_text=_("Sent as it stands. Not needed with a private key."),
            stored=bool(stored.get("password")),
            required=False,
        )
        unchanged = _("unchanged") if stored.get("private_key") else ""
        self.fields["private_key"] = forms.CharField(
            label=_("Private key"),
            required=False,
            max_length=LONGEST_KEY,
            widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "placeholder": unchanged}),
            help_text=_("For SFTP instead of a password: Ed25519, ECDSA or RSA, without a passphrase."),
        )
        self.order_fields(["title", "protocol", "host", "port", "username", "password", "private_key"])

    def clean_private_key(self) -> str:
        text: str = self.cleaned_data["private_key"].strip().replace("\r\n", "\n")
        if text:
            try:
                check_private_key(text)
            except ValueError as error:
                raise ValidationError(str(error)) from error
            return f"{text}\n"
        return ""

    def clean_username(self) -> str:
        text: str = self.cleaned_data["username"]
        if not text.isprintable():
            raise ValidationError(_("There is a line break or a tab inside: enter it again, without it."))
        return text

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                values["base_url"] = check_file_server(
                    values["protocol"], values["host"], values["port"], settings.ALLOWED_SHOP_ADDRESSES
                )
            except ValueError as error:
                self.add_error("host", str(error))
        stored = self.integration.credentials if self.integration else {}
        if not self.errors and not any(values.get(name) or stored.get(name) for name in ("password", "private_key")):
            self.add_error("password", _("Enter a password, or a private key."))
        return values

    def settings(self) -> ShopSettings:
        values, known = self.cleaned_data, self.integration
        return ShopSettings(
            title=values["title"],
            base_url=values["base_url"],
            time_zone=values["time_zone"],
            enabled=values["enabled"],
            start_at=known.start_at if known else true_time.now(),
            unknown_products=UnknownProducts(values["unknown_products"]),
            overlap=known.overlap if known else timedelta(minutes=10),
        )

    def credentials(self) -> dict[str, str]:
        """What was entered; a user name that stands there already is no news."""
        known = self.integration.credentials if self.integration else {}
        entered = {name: self.cleaned_data[name] for name in ("username", "password", "private_key")}
        return {name: value for name, value in entered.items() if value and value != known.get(name)}


def _choices(known: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(known.items())


class FileFeedForm(forms.Form):
    """What the files of one feed look like."""

    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("E.g. out or /clients/42/out; empty: where we come to."),
    )
    pattern = forms.CharField(label=gettext_lazy("Files"), max_length=128)
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=[(each.value, each.name) for each in FileFormat])
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=_choices(ENCODINGS))
    delimiter = forms.ChoiceField(label=gettext_lazy("Columns are separated by"), choices=_choices(DELIMITERS))
    header = forms.BooleanField(label=gettext_lazy("The first row names the columns"), required=False)
    head = forms.CharField(
        label=gettext_lazy("Heads begin with"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Only where a file has heads and lines, e.g. PH and PD."),
    )
    line = forms.CharField(label=gettext_lazy("Lines begin with"), required=False, max_length=20)
    record = forms.CharField(label=gettext_lazy("XML: element of a record"), required=False, max_length=100)
    rows = forms.CharField(
        label=gettext_lazy("XML: way to its lines"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("E.g. order_lines/line; empty: a record is a row."),
    )
    root = forms.CharField(label=gettext_lazy("XML: element around all"), required=False, max_length=100)
    decimal = forms.ChoiceField(label=gettext_lazy("Decimals"), choices=_choices(DECIMALS))
    dates = forms.ChoiceField(label=gettext_lazy("Dates"), choices=_choices(DATES))
    meaning = forms.ChoiceField(label=gettext_lazy("Quantities are"), choices=MEANINGS)
    partial = forms.BooleanField(
        label=gettext_lazy("Send partial orders too"),
        required=False,
        help_text=gettext_lazy("With what is in stock of them; each order goes once."),
    )
    warehouse = forms.TypedChoiceField(label=gettext_lazy("Warehouse"), coerce=int)
    fixed = forms.CharField(
        label=gettext_lazy("What always stands in a column"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("A line each, e.g. warehouse=MAIN"),
    )

    def __init__(self, *args: Any, feed: Feed, wish: FeedWish, **kwargs: Any) -> None:
        layout, options = wish.layout, wish.options
        kwargs["initial"] = {
            "folder": wish.folder,
            "pattern": wish.pattern,
            **layout.stored(),
            **options.stored(),
            "fixed": "\n".join(f"{name}={text}" for name, text in layout.fixed.items()),
            **{COLUMN + key: name for key, name in layout.columns.items()},
        }
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.kind = feed.kind
        goes_out = feed.kind not in FILES_IN
        self.fields["pattern"].label = _("Names begin with") if goes_out else _("Files that are taken")
        self.fields["pattern"].help_text = (
            _("A time and the ending follow, e.g. orders_20260901101500_1f3a2b.csv")
            if goes_out
            else _("A name with * and ? for what varies, e.g. stock_*.csv")
        )
        if feed.kind != RunKind.STOCK_FILES:
            del self.fields["meaning"]
        self._ask_for_warehouse(feed, wish, asks=goes_out or feed.kind == RunKind.STOCK_FILES)
        if not goes_out:
            for name in ("partial", "fixed", "root"):
                del self.fields[name]
        for column in COLUMNS[feed.kind]:
            self.fields[COLUMN + column.key] = forms.CharField(
                label=f"{column.label} *" if column.required else column.label,
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"list": "headings", "autocomplete": "off"}),
            )

    def _ask_for_warehouse(self, feed: Feed, wish: FeedWish, *, asks: bool) -> None:
        """Where there are several: which one the files are about."""
        self._warehouses = warehouses.of(feed.integration.project_id)
        if not asks or not self._warehouses.several:
            del self.fields["warehouse"]
            return
        field: Any = self.fields["warehouse"]
        field.choices = [(row.pk, row.name) for row in self._warehouses.rows]
        field.initial = wish.options.place or self._warehouses.first

    def clean_fixed(self) -> dict[str, str]:
        found = {}
        for line in self.cleaned_data["fixed"].splitlines():
            part = FIXED.fullmatch(line)
            if line.strip() and part is None:
                raise ValidationError(_("Write a column, = and what stands in it on each line."))
            if part is not None:
                found[part["column"]] = part["text"]
        return found

    def wish(self) -> FeedWish:
        values = self.cleaned_data
        names = FileLayout.__dataclass_fields__.keys() - {"columns", "fixed"}
        columns = {column.key: name for column in COLUMNS[self.kind] if (name := values[COLUMN + column.key].strip())}
        layout = FileLayout(
            **{name: values[name] for name in names if name in values},
            columns=columns,
            fixed=values.get("fixed") or {},
        )
        options = FeedOptions(
            values.get("meaning") or StockMeaning.ABSOLUTE.value,
            bool(values.get("partial")),
            self._warehouses.place(values.get("warehouse")),
        )
        return FeedWish(values["folder"], values["pattern"], layout, options)

    def refuse(self, sentence: str, field: str | None) -> None:
        self.add_error(field if field in self.fields else None, sentence)

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith(COLUMN)]

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith(COLUMN)]
