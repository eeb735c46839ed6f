"""Documents as downloads: one, many as one file, by the right people; and the letterhead they carry."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from integrations.choices import Role
from integrations.models import Integration, Project
from orders.models import Invoice, Letterhead, Shipment
from tests.admin.conftest import Login, imported
from tests.factories import incoming, line
from tests.reading_pdf import pages_of

EDIT = "/orders/letterhead/edit/"


@pytest.fixture
def sold(shop: Integration) -> list[Invoice]:
    imported(shop, [incoming(line(name=f"Tea {number}")) for number in range(3)], "history")
    return list(Invoice.objects.order_by("number"))


def test_documents_are_downloaded_by_everybody_who_sees_them(
    project: Project, sold: list[Invoice], login: Login
) -> None:
    reader = login(project, Role.READ_ONLY)
    shipment = Shipment.objects.get(order=sold[0].order_id)
    for kind, row in (("invoice", sold[0]), ("shipment", shipment)):
        address = f"/orders/{kind}/{row.pk}/pdf/"
        assert address in reader.get(f"/orders/{kind}/{row.pk}/change/").content.decode()
        assert address in reader.get(f"/orders/order/{row.order_id}/change/").content.decode()
        answer = reader.get(address)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{row.code}.pdf"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert row.code in pages_of(answer.content)[0]


def download(browser: Client, kind: str, ids: list[int]) -> Any:
    address = reverse(f"admin:orders_{kind}_changelist")
    return browser.post(address, {"action": "download", "_selected_action": ids, "index": 0})


def test_chosen_documents_make_one_file(sold: list[Invoice], admin: Client) -> None:
    pages = pages_of(download(admin, "invoice", [sold[2].pk, sold[0].pk]).content)
    assert [sold[0].code in pages[0], sold[2].code in pages[1], len(pages)] == [True, True, 2]
    shipments = list(Shipment.objects.values_list("pk", flat=True))
    assert len(pages_of(download(admin, "shipment", shipments).content)) == 3


def test_a_file_is_bounded(sold: list[Invoice], admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.admin.printing.MOST_LINES", 2)
    answer = download(admin, "invoice", [row.pk for row in sold])
    assert answer.status_code == 302
    assert "more than 2: choose fewer" in admin.get("/orders/invoice/").content.decode()


def values(**changed: Any) -> dict[str, Any]:
    return {"company": "Tea Ltd", "address": "Dlouhá 12\r\nBrno", "tax_ids": "VAT 1", "seen": "", **changed}


def logo(kind: str = "PNG") -> SimpleUploadedFile:
    file = BytesIO()
    Image.new("RGB", (50, 20), "navy").save(file, kind)
    return SimpleUploadedFile("../logo.png", file.getvalue(), "image/png")


def test_a_letterhead_is_changed_and_seen_on_a_sample(admin: Client, project: Project) -> None:
    assert admin.get(EDIT).status_code == 200
    assert admin.post(EDIT, values(logo=logo())).status_code == 302
    first = Letterhead.objects.get()
    assert (first.company, first.address, first.project) == ("Tea Ltd", "Dlouhá 12\nBrno", project)
    [page] = pages_of(admin.get(f"/orders/letterhead/{first.pk}/sample/").content)
    assert "Tea Ltd" in page and "SAMPLE" in page
    assert admin.post(EDIT, values(company="Coffee Ltd", seen=first.pk)).status_code == 302
    second = Letterhead.objects.get(company="Coffee Ltd")
    assert bytes(second.logo or b"") == bytes(first.logo or b"")  # kept: no file was chosen
    admin.post(EDIT, values(seen=second.pk, remove_logo="on"))
    assert Letterhead.objects.first().logo is None  # type: ignore[union-attr]
    assert "In force" in admin.get(f"/orders/letterhead/{second.pk + 1}/change/").content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"company": ""}, "This field is required"),
        ({"company": "x" * 201}, "at most 200 characters"),
        ({"footer": "a\n" * 7}, "At most 6 lines fit"),
        ({"logo": SimpleUploadedFile("logo.png", b"<svg/>", "image/png")}, "no PNG or JPEG picture"),
        ({"logo": logo("GIF")}, "no PNG or JPEG picture"),
        ({"seen": "17"}, "Somebody has changed the letterhead"),
    ],
)
def test_bad_input_is_named_and_nothing_is_saved(admin: Client, changed: dict[str, Any], sentence: str) -> None:
    answer = admin.post(EDIT, values(**changed))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Letterhead.objects.exists()


def test_order_staff_may_look_at_the_letterhead_and_not_change_it(project: Project, login: Login) -> None:
    staff = login(project, Role.ORDER_STAFF)
    assert staff.get(EDIT).status_code == 403
    assert "Change letterhead" not in staff.get("/orders/letterhead/").content.decode()
