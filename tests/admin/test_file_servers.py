"""Integrations that exchange files: connected, the key confirmed, feeds set up on real files, files looked at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from django.test import Client
from django.urls import reverse

from integrations import jobs
from integrations.choices import FileState, IntegrationHealth, Role, RunKind
from integrations.models import ExchangedFile, Feed, FileFeed, Integration, Project, Run
from integrations.simulator.file_server import SimulatedFileServer
from integrations.warehouses import in_hand
from integrations.warehouses.feed_settings import wish_of
from integrations.warehouses.presets import PRESETS
from tests.admin.conftest import Login, imported
from tests.factories import IntegrationFactory, give_stock, incoming, line

PASSWORD = "pw ž%@:/#1"
CONNECT = "/integrations/integration/connect/?platform=files"


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[SimulatedFileServer]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    with SimulatedFileServer(tmp_path, password=PASSWORD) as running:
        settings.ALLOWED_SHOP_ADDRESSES = {running.address}
        settings.FILE_SETTLE_SECONDS = 0
        yield running
    in_hand.drop()


def form(server: SimulatedFileServer, **values: Any) -> dict[str, Any]:
    return {
        "title": "North dock", "protocol": "sftp", "host": "127.0.0.1", "port": server.port, "username": "shop",
        "password": PASSWORD, "private_key": "", "time_zone": "Europe/Prague", "enabled": "on",
        "unknown_products": "create", **values,
    }  # fmt: skip


@pytest.fixture
def warehouse(admin: Client, server: SimulatedFileServer) -> Integration:
    admin.post(CONNECT, form(server))
    made = Integration.objects.get(platform="files")
    fingerprint = made.credentials["offered_fingerprint"]
    admin.post(f"/integrations/integration/{made.pk}/key/", {"sure": "on", "fingerprint": fingerprint})
    made.refresh_from_db()
    return made


def page(admin: Client, shop: Integration) -> str:
    return admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()


def feed_of(shop: Integration, kind: RunKind) -> Feed:
    return Feed.objects.get(integration=shop, kind=kind)


def address(feed: Feed) -> str:
    return reverse("admin:integrations_integration_file_feed", args=[feed.integration_id, feed.pk])


def test_a_server_is_connected_and_its_key_confirmed(admin: Client, server: SimulatedFileServer) -> None:
    answer = admin.post(CONNECT, form(server), follow=True)
    text = answer.content.decode()
    assert server.host_key.fingerprint in text
    assert "Is this the server?" in text
    assert server.heard == []  # no password yet
    made = Integration.objects.get(platform="files")
    assert made.health == IntegrationHealth.UNREACHABLE
    assert PASSWORD not in text
    refused = admin.post(f"/integrations/integration/{made.pk}/key/", {"fingerprint": server.host_key.fingerprint})
    assert refused.status_code == 302 and server.heard == []
    another = {"sure": "on", "fingerprint": "SHA256:another"}
    told = admin.post(f"/integrations/integration/{made.pk}/key/", another, follow=True).content.decode()
    assert "shows another key by now" in told
    sure = {"sure": "on", "fingerprint": server.host_key.fingerprint}
    told = admin.post(f"/integrations/integration/{made.pk}/key/", sure, follow=True).content.decode()
    assert "The file server lets us in." in told
    assert "Folders there: in, out; beside them 0 files." in told
    made.refresh_from_db()
    assert made.health == IntegrationHealth.OK
    assert "Is this the server?" not in told


def test_a_key_that_changes_is_shown_again(admin: Client, warehouse: Integration, server: SimulatedFileServer) -> None:
    server.host_key = paramiko.ECDSAKey.generate()
    server.heard.clear()
    told = admin.post(f"/integrations/integration/{warehouse.pk}/test/", follow=True).content.decode()
    assert "another host key" in told and "The server shows another key than before" in told
    assert server.heard == []


def test_another_address_needs_another_look_at_the_key(
    admin: Client, warehouse: Integration, server: SimulatedFileServer, settings: Any, tmp_path: Path
) -> None:
    with SimulatedFileServer(tmp_path, password=PASSWORD) as other:
        settings.ALLOWED_SHOP_ADDRESSES = {server.address, other.address}
        admin.post(f"/integrations/integration/{warehouse.pk}/settings/", form(other, password=""))
        assert other.heard == []
    warehouse.refresh_from_db()
    assert warehouse.credentials["offered_fingerprint"] == other.host_key.fingerprint
    assert "host_key" not in warehouse.credentials


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"host": "127.0.0.1", "port": 2222}, "is not a public address"),
        ({"host": "https://files.example"}, "Enter only the name of the server"),
        ({"host": "localhost"}, "is not a public address"),
        ({"host": "0x7f000001"}, "not an IP address in its usual form"),
        ({"host": "files.example", "port": 80}, "is not one of a file server"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"password": "a\r\nDELE b"}, "line break or a tab inside"),
        ({"username": "a\nb"}, "line break"),
        ({"password": ""}, "Enter a password, or a private key."),
        ({"private_key": "nonsense"}, "no private key that can be read"),
        ({"protocol": "scp"}, "valid choice"),
    ],
)
def test_what_is_no_server_is_refused(
    admin: Client, server: SimulatedFileServer, values: dict[str, Any], sentence: str
) -> None:
    answer = admin.post(CONNECT, form(server, **values))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Integration.objects.filter(platform="files").exists()


def test_a_private_key_goes_in_and_never_comes_out(admin: Client, server: SimulatedFileServer) -> None:
    key, text = paramiko.ECDSAKey.generate(), io.StringIO()
    key.write_private_key(text)
    server.client_key = key
    admin.post(CONNECT, form(server, password="", private_key=text.getvalue().replace("\n", "\r\n")))
    made = Integration.objects.get(platform="files")
    sure = {"sure": "on", "fingerprint": server.host_key.fingerprint}
    told = admin.post(f"/integrations/integration/{made.pk}/key/", sure, follow=True).content.decode()
    assert "The file server lets us in." in told
    assert "PRIVATE KEY" not in page(admin, made)
    admin.post(f"/integrations/integration/{made.pk}/settings/", form(server, password="", title="South dock"))
    made.refresh_from_db()
    assert (made.title, made.credentials["private_key"]) == ("South dock", text.getvalue())


def test_a_feed_is_filled_in_tried_on_a_real_file_and_saved(
    admin: Client, warehouse: Integration, server: SimulatedFileServer
) -> None:
    feed = feed_of(warehouse, RunKind.STOCK_FILES)
    give_stock(warehouse.project, MUG_1=1)
    (server.folder / "out" / "inv_1.csv").write_text("sku;units\nMUG-1;12\nNOPE;3\nMUG-1;x\n")
    told = admin.post(f"/integrations/integration/{warehouse.pk}/feeds/{feed.pk}/start/", follow=True)
    assert "say in its settings where these stand: SKU, Quantity." in told.content.decode()
    assert not Run.objects.exists()
    filled = admin.post(address(feed), {"action": "preset", "preset": "despatchcloud"}).content.decode()
    assert 'value="inventory"' in filled and "not saved yet" in filled
    typed = {
        "folder": "out", "pattern": "inv_*.csv", "format": "csv", "encoding": "utf-8", "delimiter": ";", "header": "on",
        "decimal": ".", "dates": "iso", "meaning": "absolute", "column_sku": "sku", "column_quantity": "quantity",
    }  # fmt: skip
    tried = admin.post(address(feed), typed | {"action": "try"}).content.decode()
    assert "The file has no column “quantity”." in tried
    assert '<option value="units">' in tried  # what the file calls its columns is offered
    typed["column_quantity"] = "units"
    tried = admin.post(address(feed), typed | {"action": "try"}).content.decode()
    assert "SKU NOPE is unknown: create the product, or map the SKU." in tried
    assert "Quantity: it is no number with a decimal point." in tried
    assert wish_of(FileFeed.objects.get(feed=feed)).layout.columns == {}  # nothing was saved
    saved = admin.post(address(feed), typed | {"action": "save"}, follow=True).content.decode()
    assert "The settings are saved." in saved and "out/inv_*.csv" in saved
    again = admin.post(address(feed), typed | {"action": "save"}, follow=True).content.decode()
    assert "Nothing was changed." in again
    told = admin.post(f"/integrations/integration/{warehouse.pk}/feeds/{feed.pk}/start/", follow=True)
    assert "has started" in told.content.decode()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"folder": "../out"}, "A folder is a path of plain names"),
        ({"folder": "out/../../etc"}, "A folder is a path of plain names"),
        ({"pattern": "a/b"}, "A pattern has letters"),
        ({"pattern": "stock[0-9].csv"}, "A pattern has letters"),
        ({"format": "xml"}, "Say which element holds one record"),
        ({"head": "PH"}, "Heads and lines go together"),
        ({"head": "PH", "line": "PD", "header": "on"}, "no row of column names"),
        ({"header": "", "column_sku": "sku"}, "say which place it has, from 1"),
        ({"encoding": "utf-7"}, "valid choice"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    admin: Client, warehouse: Integration, values: dict[str, Any], sentence: str
) -> None:
    typed = {
        "folder": "out", "pattern": "*.csv", "format": "csv", "encoding": "utf-8", "delimiter": ",", "header": "on",
        "decimal": ".", "dates": "iso", "meaning": "absolute", "action": "save",
    }  # fmt: skip
    answer = admin.post(address(feed_of(warehouse, RunKind.STOCK_FILES)), {**typed, **values})
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_filled_in_and_saved_as_it_is(admin: Client, warehouse: Integration, preset: str) -> None:
    for kind in PRESETS[preset].feeds:
        feed = feed_of(warehouse, RunKind(kind))
        shown = admin.post(address(feed), {"action": "preset", "preset": preset})
        initial = shown.context["form"].initial
        names = shown.context["form"].fields
        typed = {name: value for name, value in initial.items() if name in names and value not in (None, False)}
        answer = admin.post(address(feed), {**typed, "action": "save"})
        assert answer.status_code == 302, (kind, shown.context["form"].errors)
        folder, pattern, layout = PRESETS[preset].feeds[kind]
        saved = wish_of(FileFeed.objects.get(feed=feed))
        assert (saved.folder, saved.pattern, saved.layout) == (folder, pattern, layout)


def test_orders_out_wait_until_somebody_is_sure(
    admin: Client, warehouse: Integration, server: SimulatedFileServer
) -> None:
    give_stock(warehouse.project, MUG_1=5)
    shop = IntegrationFactory.create(project=warehouse.project)
    [order] = imported(shop, [incoming(line("MUG-1", 1), number="1001")])
    feed = feed_of(warehouse, RunKind.ORDERS_OUT)
    admin.post(address(feed), {"action": "preset", "preset": "plain"})
    typed = {
        "folder": "in", "pattern": "orders", "format": "csv", "encoding": "utf-8", "delimiter": ",", "header": "on",
        "decimal": ".", "dates": "iso", "column_order": "order", "column_sku": "sku", "column_quantity": "quantity",
        "fixed": "warehouse=MAIN", "action": "save",
    }  # fmt: skip
    admin.post(address(feed), typed)
    text = page(admin, warehouse)
    assert "1 order waits to go out." in text and "Not live" in text
    start = f"/integrations/integration/{warehouse.pk}/feeds/{feed.pk}/start/"
    assert "is told nothing" in admin.post(start, follow=True).content.decode()
    live = f"/integrations/integration/{warehouse.pk}/files-live/"
    assert "tick that you are sure" in admin.post(live, follow=True).content.decode()
    assert "is live." in admin.post(live, {"sure": "on"}, follow=True).content.decode()
    admin.post(start)
    jobs.work(Run.objects.get(kind=RunKind.ORDERS_OUT).pk)
    [path] = (server.folder / "in").iterdir()
    assert path.read_bytes() == b"order,sku,quantity,warehouse\r\n1001,MUG-1,1,MAIN\r\n"
    file = ExchangedFile.objects.get()
    shown = admin.get(f"/integrations/exchangedfile/{file.pk}/change/").content.decode()
    assert f"/orders/order/{order.pk}/change/" in shown
    looked = admin.post(address(feed), typed | {"action": "try"}).content.decode()
    assert file.name in looked
    assert "is not live any more." in admin.post(live, follow=True).content.decode()


def test_files_are_listed_filtered_and_exported(admin: Client, login: Login, project: Project) -> None:
    shop = IntegrationFactory.create(project=project, platform="files", title="North dock")
    feed = Feed.objects.create(integration=shop, kind=RunKind.STOCK_FILES)
    for name, state in (("a.csv", FileState.DONE), ("=b.csv", FileState.REFUSED)):
        file = ExchangedFile.objects.create(project=project, feed=feed, name=name, state=state, reason="Because.")
    file.row_errors.create(row=7, sentence="SKU NOPE is unknown.")
    listed = admin.get("/integrations/exchangedfile/?state=refused").content.decode()
    assert "=b.csv" in listed and "a.csv</a>" not in listed.replace("=b.csv</a>", "")
    for query in (f"?integration={shop.pk}", "?kind=stock_files", "?integration=abc", "?state=no"):
        assert admin.get(f"/integrations/exchangedfile/{query}", follow=True).status_code == 200
    sheet = b"".join(admin.get("/integrations/exchangedfile/export/").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=b.csv,North dock,Stock in,Refused,Because." in sheet
    shown = admin.get(f"/integrations/exchangedfile/{file.pk}/change/").content.decode()
    assert "SKU NOPE is unknown." in shown and "Because." in shown
    reader = login(project, Role.READ_ONLY)
    assert reader.get(f"/integrations/exchangedfile/{file.pk}/change/").status_code == 200
    assert not [part for part in ("files-live", "settings", "start", "key") if f'/{part}/"' in page(reader, shop)]
    assert reader.get(address(feed)).status_code == 403


def test_shops_that_files_are_exchanged_with_are_not_offered_for_loads(admin: Client, project: Project) -> None:
    IntegrationFactory.create(project=project, platform="files", title="North dock")
    IntegrationFactory.create(project=project, title="Garden shop")
    text = admin.get("/orders/order/").content.decode()
    dialog = text[text.index("<dialog") : text.index("</dialog>")]
    assert "Garden shop" in dialog and "North dock" not in dialog
    fetch = admin.get("/integrations/remoteorder/?tab=pending").content.decode()
    assert '<option value="woocommerce"' in fetch and '<option value="files"' not in fetch
