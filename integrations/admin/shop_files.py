"""What can be done on the page of an integration that exchanges files: its key, its feeds, and going live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.admin.file_server_forms import FileFeedForm
from integrations.admin.shop_steps import CHANGE, ShopSteps
from integrations.admin.tones import FILE_TONES
from integrations.choices import FILES_IN, RunKind
from integrations.connectors.errors import ShopError
from integrations.models import ExchangedFile, Feed, FileFeed, Integration
from integrations.pushes import going_live
from integrations.pushes.going_live import LiveRefused
from integrations.shops import connection
from integrations.warehouses import feed_settings, outgoing_files, serving, trying_files
from integrations.warehouses.feed_settings import FeedRefused, FeedWish
from integrations.warehouses.presets import PRESETS
from integrations.warehouses.serving import HostKeyRefused

FEED = "integrations.change_feed"
NEWEST = 10
PAGE = "admin/integrations/integration/file_feed.html"


class ShopFiles(ShopSteps):
    def steps(self) -> Sequence[Route]:
        return [
            ("<int:pk>/key/", self.confirm_key, "confirm_key"),
            ("<int:pk>/files-live/", self.switch_files, "files_live"),
            ("<int:pk>/feeds/<int:feed_id>/files/", self.file_feed, "file_feed"),
            *super().steps(),
        ]

    @guarded(CHANGE)
    def confirm_key(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Confirm the host key that the server shows, and test the connection with it."""
        shop = self.shop(request, pk)
        if request.POST.get("sure") != "on":
            messages.error(request, _("Nothing was confirmed: compare the key, and tick that you did."))
            return self.back(shop, "connection")
        try:
            serving.confirm_key(shop, request.POST.get("fingerprint", ""))
        except HostKeyRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, shop, "Host key of the file server confirmed.")
            self.tell(request, connection.test_connection(shop))
        return self.back(shop, "connection")

    @guarded(CHANGE)
    def switch_files(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let orders go out and files be moved away there, or stop that."""
        shop = self.shop(request, pk)
        if not shop.connector.by_files:
            raise Http404
        if not shop.live and request.POST.get("sure") != "on":
            messages.error(request, _("Nothing was switched: tick that you are sure first."))
            return self.back(shop, "live")
        try:
            if shop.live:
                going_live.stop(shop)
            else:
                going_live.go_live(shop, leave_out=False)
        except LiveRefused as refusal:
            messages.error(request, str(refusal))
        else:
            said = _("live") if shop.live else _("not live any more")
            self.log_change(request, shop, f"Switched: {'live' if shop.live else 'not live'}.")
            messages.success(request, _("%(shop)s is %(said)s.") % {"shop": shop, "said": said})
        return self.back(shop, "live")

    @guarded(FEED, methods=("GET", "POST"))
    def file_feed(self, request: HttpRequest, pk: int, feed_id: int) -> HttpResponse:
        """What the files of a feed look like: filled in, tried on a real file, saved."""
        shop = self.shop(request, pk)
        feed = self._feed(shop, feed_id)
        files = FileFeed.objects.filter(feed=feed).first()
        if files is None:
            raise Http404
        wish = feed_settings.wish_of(files)
        if request.method == "GET":
            return self._feed_page(request, feed, FileFeedForm(feed=feed, wish=wish))
        action = request.POST.get("action", "")
        if action == "preset":
            return self._feed_page(request, feed, FileFeedForm(feed=feed, wish=self._filled_in(request, feed, wish)))
        form = FileFeedForm(request.POST, feed=feed, wish=wish)
        if not form.is_valid():
            return self._feed_page(request, feed, form, status=422)
        try:
            checked = feed_settings.checked(feed.kind, form.wish())
        except FeedRefused as refusal:
            form.refuse(str(refusal), refusal.field)
            return self._feed_page(request, feed, form, status=422)
        if action == "try":
            return self._feed_page(request, feed, form, **self._tried(request, feed, checked))
        return self._save(request, feed, checked)

    def _filled_in(self, request: HttpRequest, feed: Feed, wish: FeedWish) -> FeedWish:
        preset = PRESETS.get(request.POST.get("preset", ""))
        found = preset.feeds.get(RunKind(feed.kind)) if preset else None
        if preset is None or found is None:
            messages.error(request, _("This format has no such files: choose another one."))
            return wish
        messages.info(request, _("Filled in for %(format)s, not saved yet.") % {"format": preset.label})
        return FeedWish(*found, wish.options)

    def _tried(self, request: HttpRequest, feed: Feed, wish: FeedWish) -> dict[str, Any]:
        """The files there, and what the chosen one is."""
        name = request.POST.get("file", "")
        try:
            names = trying_files.names_there(feed, wish)
            if not names:
                messages.info(request, _("There is no file of this name in this folder."))
            chosen = name if name in names else next(iter(names), "")
            trial = trying_files.try_on(feed, wish, chosen) if chosen and feed.kind in FILES_IN else None
        except ShopError as error:
            messages.error(request, str(error))
            return {}
        return {"names": names, "trial": trial}

    def _save(self, request: HttpRequest, feed: Feed, wish: FeedWish) -> HttpResponse:
        if feed_settings.save(feed, wish):
            self.log_change(request, feed.integration, f"Files of “{feed.get_kind_display()}” set.")
            messages.success(request, _("The settings are saved."))
        else:
            messages.info(request, _("Nothing was changed."))
        if sentence := feed_settings.why_not(feed):
            messages.warning(request, sentence)
        return self.back(feed.integration, "feeds")

    def _feed_page(
        self, request: HttpRequest, feed: Feed, form: FileFeedForm, status: int = 200, **extra: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": feed.get_kind_display(),
            "object": feed.integration,
            "feed": feed,
            "form": form,
            "media": self.media,
            "comes_in": feed.kind in FILES_IN,
            "presets": [(key, each.label) for key, each in PRESETS.items() if RunKind(feed.kind) in each.feeds],
            **extra,
        }
        return TemplateResponse(request, PAGE, context, status=status)


def files_page(shop: Integration) -> dict[str, Any]:
    """What the page of such an integration shows beside what every integration's does."""
    fingerprint, changed = serving.offered_key(shop)
    out = FileFeed.objects.filter(feed__integration=shop, feed__kind=RunKind.ORDERS_OUT).select_related("feed").first()
    newest = ExchangedFile.objects.filter(project=shop.project_id, feed__integration=shop).select_related("feed")
    return {
        "fingerprint": fingerprint,
        "key_changed": changed,
        "waiting": outgoing_files.waiting_orders(out).count() if out else 0,
        "newest": [(file, FILE_TONES[file.state]) for file in newest[:NEWEST]],
    }
