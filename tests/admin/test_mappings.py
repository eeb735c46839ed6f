"""The “Mappings” card of a shop: SKUs, payments, shipping methods, metadata; who may, refusals, nothing twice."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.choices import ListKind, RemoteState, Role, UnknownCodes, UnknownTaxes
from integrations.models import CodeListEntry, Integration, MetadataMapping, Project, RemoteOrder, SkuMapping
from tests.admin.conftest import Login
from tests.benchmarks import w2000
from tests.factories import IntegrationFactory, give_stock

PARTS: dict[str, dict[str, str]] = {
    "sku": {"sku-shop_sku": "tea", "sku-sku": "A-17"},
    "metadata": {"metadata-source": "_vat", "metadata-name": "VAT id"},
    "code": {"code-kind": "payment", "code-code": "cod", "code-name": "Cash"},
    "articles": {"articles-by": "sku_ean"},
    "unknown": {"unknown-payments": "fail", "unknown-deliveries": "keep", "unknown-taxes": "fail"},
}


def post(browser: Client, shop: Integration, part: str, data: dict[str, Any]) -> Any:
    return browser.post(f"/integrations/integration/{shop.pk}/mappings/{part}/", data, follow=True)


def entry(shop: Integration, code: str, name: str = "") -> CodeListEntry:
    made: CodeListEntry = CodeListEntry.objects.create(
        integration=shop, kind=ListKind.PAYMENT, code=code, label=code.upper(), name=name
    )
    return made


def test_what_is_mapped_is_saved_shown_and_logged_once(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, A_17=0)
    for part, data in PARTS.items():
        assert "It acts on orders imported from now on." in post(admin, shop, part, data).content.decode()
        assert "Nothing was changed." in post(admin, shop, part, data).content.decode()
    shop.refresh_from_db()
    assert SkuMapping.objects.get().sku == "A-17"
    assert MetadataMapping.objects.get().name == "VAT id"
    assert CodeListEntry.objects.get(code="cod").name == "Cash"
    assert (shop.unknown_payments, shop.unknown_deliveries) == (UnknownCodes.FAIL, UnknownCodes.KEEP)
    assert (shop.articles_by, shop.unknown_taxes) == ("sku_ean", UnknownTaxes.FAIL)
    page = admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert all(text in page for text in ("<code>tea</code>", "VAT id", "Cash", "only when you synchronize them"))
    history = admin.get(f"/integrations/integration/{shop.pk}/history/").content.decode()
    assert history.count("SKU tea stands for A-17.") == 1


@pytest.mark.parametrize(
    ("part", "data", "sentence"),
    [
        ("sku", {"sku-shop_sku": "tea", "sku-sku": "NO-1"}, "There is no product with the SKU NO-1"),
        ("sku", {"sku-shop_sku": "A-17", "sku-sku": "A-17"}, "Both SKUs are the same"),
        ("sku", {"sku-shop_sku": "taken", "sku-sku": "A-17"}, "taken stands for B-2 already"),
        ("sku", {"sku-shop_sku": "x" * 101, "sku-sku": "A-17"}, "at most 100 characters"),
        ("sku", {"sku-shop_sku": "a\x00b", "sku-sku": "A-17"}, "Null characters are not allowed"),
        ("metadata", {"metadata-source": "other", "metadata-name": "Taken"}, "Another key is called “Taken” already"),
        ("metadata", {"metadata-source": "key", "metadata-name": "New"}, "key is called “Taken” already"),
        ("metadata", {"metadata-source": "other", "metadata-name": ""}, "Metadata needs a name here."),
        ("metadata", {"metadata-source": "other", "metadata-field": "note"}, "“Note of the buyer” already"),
        (
            "metadata",
            {"metadata-source": "gift", "metadata-field": "phone"},
            "gift becomes “Note of the buyer” already",
        ),
        ("metadata/try", {"metadata-source": "a", "metadata-name": "b", "metadata-number": "no"}, "with this number"),
        ("articles", {"articles-by": "guess"}, "Select a valid choice"),
        ("code", {"code-kind": "payment", "code-code": "cod", "code-name": "New"}, "“cod” is called “Cash” here"),
        ("code", {"code-kind": "status", "code-code": "cod", "code-name": "New"}, "Select a valid choice"),
        (
            "unknown",
            {"unknown-payments": "keep", "unknown-deliveries": "keep", "unknown-taxes": "guess"},
            "Select a valid choice",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    shop: Integration, admin: Client, part: str, data: dict[str, str], sentence: str
) -> None:
    give_stock(shop.project, A_17=0, B_2=0)
    SkuMapping.objects.create(integration=shop, shop_sku="taken", sku="B-2")
    MetadataMapping.objects.create(integration=shop, source="key", name="Taken")
    MetadataMapping.objects.create(integration=shop, source="gift", field="note")
    entry(shop, "cod", "Cash")
    answer = post(admin, shop, part, data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (SkuMapping.objects.count(), MetadataMapping.objects.count(), CodeListEntry.objects.count()) == (1, 2, 1)


def test_names_are_saved_together_and_nobody_is_overwritten_unseen(shop: Integration, admin: Client) -> None:
    cod, card = entry(shop, "cod"), entry(shop, "card", "Card")
    data = {f"name-{cod.pk}": " Cash ", f"seen-{cod.pk}": "", f"name-{card.pk}": "", f"seen-{card.pk}": "Card"}
    shown = post(admin, shop, "names", data).content.decode()
    assert "“cod” is called “Cash”." in shown and "“card” is called as in the shop." in shown
    stale = {f"name-{card.pk}": "Kredit", f"seen-{card.pk}": "", f"name-{cod.pk}": "Bar", f"seen-{cod.pk}": "Old"}
    assert "Changed meanwhile by somebody else to “Cash”." in post(admin, shop, "names", stale).content.decode()
    assert set(CodeListEntry.objects.values_list("name", flat=True)) == {"Cash", ""}
    assert "at most 200" in post(admin, shop, "names", {f"name-{cod.pk}": "x" * 201}).content.decode()


def test_mappings_are_removed_and_a_second_click_finds_nothing(shop: Integration, admin: Client) -> None:
    sku = SkuMapping.objects.create(integration=shop, shop_sku="tea", sku="A-17")
    key = MetadataMapping.objects.create(integration=shop, source="key", name="Name")
    for part, row in (("sku", sku), ("metadata", key)):
        assert "Removed: " in post(admin, shop, f"{part}/{row.pk}/remove", {}).content.decode()
        assert "Nothing was changed." in post(admin, shop, f"{part}/{row.pk}/remove", {}).content.decode()


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.WAREHOUSE])
def test_readers_see_mappings_and_cannot_change_them(
    project: Project, shop: Integration, login: Login, role: Role
) -> None:
    give_stock(project, A_17=0)
    SkuMapping.objects.create(integration=shop, shop_sku="tea", sku="A-17")
    reader = login(project, role)
    page = reader.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    assert "<code>tea</code>" in page and "/mappings/" not in page
    for part, data in PARTS.items():
        assert post(reader, shop, part, data).status_code == 403


def test_another_projects_shop_is_not_there(shop: Integration, admin: Client) -> None:
    theirs = IntegrationFactory.create()
    row = SkuMapping.objects.create(integration=theirs, shop_sku="tea", sku="A-17")
    for part, data in (*PARTS.items(), ("names", {}), (f"sku/{row.pk}/remove", {})):
        assert post(admin, theirs, part, data).status_code == 404
    post(admin, shop, f"sku/{row.pk}/remove", {})
    assert SkuMapping.objects.count() == 1


def test_a_mapping_is_tried_on_orders_that_are_on_record(shop: Integration, admin: Client) -> None:
    documents = w2000.payloads()[:7]
    for number, document in enumerate(documents):
        key = json.loads(document)["id"]
        RemoteOrder.objects.create(
            project=shop.project, integration=shop, external_id=str(key), number=f"N{number}",
            payload=document.decode(), first_seen_at=timezone.now(), changed_at=timezone.now(),
            state=RemoteState.IGNORED, reason_code="skip", reason="Ignored.",
        )  # fmt: skip
    wanted = {"metadata-source": "$.billing.first_name", "metadata-field": "note", "metadata-transform": "upper"}
    names = [json.loads(document)["billing"]["first_name"] for document in documents]
    shown = html.unescape(post(admin, shop, "metadata/try", wanted).content.decode())
    tried = re.findall(r"<td><a [^>]*>(N\d)</a></td><td>([^<]*)</td><td>([^<]*)</td>", shown)
    assert tried == [(f"N{number}", names[number], names[number].upper()) for number in (6, 5, 4, 3, 2)]
    shown = post(admin, shop, "metadata/try", wanted | {"metadata-number": "N0"}).content.decode()
    assert re.findall(r">(N\d)</a>", shown) == ["N0"]
    assert not MetadataMapping.objects.exists(), "nothing is saved"
    RemoteOrder.objects.all().delete()
    assert "No order of this shop is on record yet." in post(admin, shop, "metadata/try", wanted).content.decode()


def test_a_field_is_mapped_and_shown(shop: Integration, admin: Client) -> None:
    wanted = {"metadata-source": "$.customer_id", "metadata-field": "phone", "metadata-name": "x"}
    shown = html.unescape(post(admin, shop, "metadata", wanted | {"metadata-transform": "digits"}).content.decode())
    assert "Metadata $.customer_id becomes “Phone”." in shown
    assert "<td><code>$.customer_id</code></td><td>Phone</td><td>Digits only</td>" in shown
    assert MetadataMapping.objects.get().name == ""


def test_colours_and_codes_that_are_gone_are_shown_where_they_are_mapped(shop: Integration, admin: Client) -> None:
    for kind, code, shown, listed in (
        (ListKind.STATUS, "processing", "#3498d8", True),
        (ListKind.STATUS, "completed", "", False),
        (ListKind.PAYMENT, "cod", "#ff8c00", False),
        (ListKind.TAX, "reduced", "", True),
    ):
        CodeListEntry.objects.create(integration=shop, kind=kind, code=code, label=code, color=shown, listed=listed)
    page = admin.get(f"/integrations/integration/{shop.pk}/change/").content.decode()
    rules, mappings = (page.partition(f'<section class="card" id="{part}"')[2] for part in ("rules", "mappings"))
    assert re.search(r'<rect [^>]*fill="#3498d8"></rect></svg> <code>processing</code>\s*</?[^b]', rules)
    assert re.search(
        r"<code>completed</code>\s*<span class=\"badge badge-plain\">not in the shop any more</span>", rules
    )
    assert re.search(r'fill="#ff8c00"></rect></svg> <code>cod</code> <span class="badge badge-plain">not in', mappings)
    assert page.count('fill="#3498d8"') == 2 and page.count("not in the shop any more") == 4
    assert " style=" not in page, "no inline style, which the CSP forbids"
