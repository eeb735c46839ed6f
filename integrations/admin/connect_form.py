"""The form that connects a shop: address and keys; what the shop tells of itself fills in the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import true_time
from config.kit.admin.long_select import LongSelect
from integrations.admin.shop_forms import CREDENTIAL, AddressForm, zones
from integrations.choices import UnknownProducts
from integrations.connectors.contract import ConnectionReport, Connector
from integrations.models import Integration, Project
from integrations.secrets import Secrets, decrypt, encrypt
from integrations.shops import settings as shop_settings
from integrations.shops.settings import ShopSettings, TitleTaken

# How long keys that were typed wait for a second try, in the form, encrypted.
KEPT_FOR = timedelta(hours=1)
OVERLAP = timedelta(minutes=10)
LONGEST_TITLE = 100


def _zones() -> list[tuple[str, str]]:
    return [("", _("as the shop is set")), *zones()]


class ConnectForm(AddressForm):
    """Keys that were typed come back after a failed test as an encrypted token, never in the clear: only what was wrong
    is typed again."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=LONGEST_TITLE,
        required=False,
        help_text=gettext_lazy("What your people call this shop. Left empty: as it calls itself."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=_zones,
        widget=LongSelect,
        required=False,
        help_text=gettext_lazy("The zone the shop is set to. Shops that do not tell theirs get that of this project."),
    )
    kept = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60_000)

    def __init__(self, data: Any = None, *, connector: Connector, project: Project, user_id: int | None) -> None:
        # Where all shops share one address there is nothing to look up.
        super().__init__(data, initial={"base_url": connector.default_base_url})
        self.label_suffix = ""
        self.connector, self.project = connector, project
        self._owner = {"_user": str(user_id), "_platform": connector.key}
        self._kept = self._read((data or {}).get("kept", ""))
        self.add_keys(connector, self._kept)
        self.order_fields(["base_url", *(CREDENTIAL + field.key for field in connector.credential_fields)])

    def _read(self, token: str) -> dict[str, str]:
        """The keys of the try before; nothing of a token that is old, somebody else's or no token."""
        try:
            values = decrypt(token, max_age=KEPT_FOR) if token else {}
        except InvalidToken:
            return {}
        return values if self._owner.items() <= values.items() else {}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            self.keep_secrets()
        return values

    def credentials(self) -> dict[str, str]:
        keys = [field.key for field in self.connector.credential_fields]
        return {key: self.cleaned_data.get(CREDENTIAL + key) or self._kept.get(key, "") for key in keys}

    @property
    def zone_is_sure(self) -> bool:
        """Whether a person chose it."""
        return bool(self.cleaned_data["time_zone"])

    def integration(self) -> Integration:
        """One to try out, not saved."""
        values = self.cleaned_data
        return Integration(
            project=self.project,
            platform=self.connector.key,
            title=values["title"] or urlsplit(values["base_url"]).hostname or "",
            base_url=values["base_url"],
            time_zone=values["time_zone"] or self.project.time_zone,
            credentials=Secrets(self.credentials()),
        )

    def refused(self, report: ConnectionReport) -> None:
        """The test failed: say why, and keep what was typed."""
        self.add_error(None, [report.summary, *report.hints, _("Nothing has been saved.")])
        self.keep_secrets()

    def keep_secrets(self) -> None:
        entered = {key: value for key, value in self.credentials().items() if value}
        token = encrypt({**entered, **self._owner}) if entered else ""
        self.data = {**self.data.dict(), "kept": token} if isinstance(self.data, QueryDict) else {"kept": token}
        for key in entered:
            field = self.fields[CREDENTIAL + key]
            field.required, field.widget.is_required = False, False
            field.widget.attrs["placeholder"] = _("as typed before")

    def connect(self, tried: Integration, report: ConnectionReport) -> Integration:
        """Save what was tried out. Raises TitleTaken where a person chose the title."""
        typed = self.cleaned_data["title"]
        name = (typed or report.shop_name or tried.title)[:LONGEST_TITLE]
        # No letter may be lost to a second shop of the same name: it is told apart by its platform, then by a number.
        again = [f"{name[:80]} ({self.connector.label})", *(f"{name[:90]} {number}" for number in range(2, 20))]
        for title in [name] if typed else [name, *again]:
            try:
                return shop_settings.connect(
                    self.project.pk, tried.platform, self._settings(tried, title), self.credentials()
                )
            except TitleTaken:
                if typed:
                    raise
        raise TitleTaken(_("Give the shop a title: there are many with this name."))

    def _settings(self, tried: Integration, title: str) -> ShopSettings:
        return ShopSettings(
            title=title,
            base_url=tried.base_url,
            time_zone=tried.time_zone,
            enabled=True,
            start_at=true_time.now(),
            unknown_products=UnknownProducts.CREATE,
            overlap=OVERLAP,
        )
