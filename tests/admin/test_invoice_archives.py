"""The invoices of a period as a ZIP of PDF files, written in the background."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from config.kit import true_time
from integrations import invoice_files, jobs
from integrations.choices import Role, RunKind, RunState
from integrations.models import Export, ExportPart, Integration, Project, Run
from integrations.partner_runs import exports
from orders.documents.paper import layout
from orders.models import Invoice
from tests.admin.conftest import Login, imported
from tests.factories import ProjectFactory, give_stock, incoming, line
from tests.integrations.importing.working import worked
from tests.reading_pdf import pages_of

FILES = "/orders/invoice/files/"


@pytest.fixture
def invoices(project: Project, shop: Integration) -> list[Invoice]:
    give_stock(project, A_17=9)
    imported(shop, [incoming(line()) for _ in range(3)], "invoice")
    return list(Invoice.objects.order_by("pk"))


def period(**changed: str) -> dict[str, str]:
    today = true_time.now().date()
    return {"first": (today - timedelta(days=2)).isoformat(), "last": (today + timedelta(days=1)).isoformat()} | changed


def asked(browser: Client, **changed: str) -> Run:
    assert browser.post(FILES, period(**changed)).status_code == 302
    return Run.objects.get(kind=RunKind.INVOICE_FILES)


def names_in(answer: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_invoice_is_a_file_of_the_archive(
    admin: Client, invoices: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts: what was written before a worker died stays, and the next one goes on behind it."""
    monkeypatch.setattr(invoice_files, "AT_ONCE", 2)
    run = asked(admin)
    waiting = admin.get(FILES)
    assert waiting.headers["Refresh"] == "3"
    assert "Download</a>" not in waiting.content.decode()
    assert admin.get(f"{FILES}{run.pk}/").status_code == 404, "it is not written yet"
    run = worked(run)
    assert (run.state, run.fetched, run.total) == (RunState.SUCCEEDED, 3, 3)
    assert ExportPart.objects.count() == 2
    assert "Refresh" not in admin.get(FILES).headers
    answer: Any = admin.get(f"{FILES}{run.pk}/")
    found = names_in(answer)
    assert sorted(found) == sorted(f"{invoice.code}.pdf" for invoice in invoices)
    assert invoices[0].code in "".join(pages_of(found[f"{invoices[0].code}.pdf"]))


def test_one_that_cannot_be_set_is_named_and_the_others_are_filed(
    admin: Client, invoices: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, well = invoices[1], layout.render

    def render(sheets: Any) -> bytes:
        if sheets[0].code == odd.code:
            raise ZeroDivisionError
        return well(sheets)

    monkeypatch.setattr(invoice_files, "render", render)
    run = worked(asked(admin))
    assert (run.state, run.fetched, run.failed) == (RunState.SUCCEEDED, 2, 1)
    assert [row["number"] for row in run.results] == [odd.code]
    answer: Any = admin.get(f"{FILES}{run.pk}/")
    assert f"{odd.code}.pdf" not in names_in(answer)
    assert "1 missing" in admin.get(FILES).content.decode()
    assert odd.code in admin.get(f"/integrations/run/{run.pk}/change/").content.decode()


def test_days_without_invoices_are_refused(admin: Client, invoices: list[Invoice]) -> None:
    assert "choose others" in admin.post(FILES, period(first="2020-01-01", last="2020-02-01")).content.decode()
    assert "exchange the days" in admin.post(FILES, period(first="2027-01-01", last="2026-01-01")).content.decode()
    assert admin.post(FILES, period(first="soon")).status_code == 422
    assert not Run.objects.filter(kind=RunKind.INVOICE_FILES).exists()


def test_last_month_is_filled_in(admin: Client, project: Project) -> None:
    shown = admin.get(FILES).context["form"].initial
    assert shown["first"].day == 1
    assert shown["last"] + timedelta(days=1) == true_time.now().astimezone(project.zone).date().replace(day=1)


def test_it_is_for_those_who_see_invoices_of_this_project(
    admin: Client, invoices: list[Invoice], login: Login, project: Project
) -> None:
    run = worked(asked(admin))
    assert login(ProjectFactory.create()).get(f"{FILES}{run.pk}/").status_code == 404
    assert login(project, Role.READ_ONLY).get(f"{FILES}{run.pk}/").status_code == 200


def test_a_partner_sees_nothing_of_it(admin: Client, invoices: list[Invoice]) -> None:
    from integrations.api.exports import ExportViewSet

    asked(admin)
    assert Export.objects.count() == 1
    assert not ExportViewSet.queryset.all().exists()


def test_old_files_are_removed_and_said_to_be(admin: Client, invoices: list[Invoice], settings: LazySettings) -> None:
    run = worked(asked(admin))
    Run.objects.filter(pk=run.pk).update(finished_at=true_time.now() - timedelta(days=settings.EXPORT_DAYS + 1))
    exports.clear_old()
    assert admin.get(f"{FILES}{run.pk}/").status_code == 404
    assert "Removed" in admin.get(FILES).content.decode()


def test_a_run_whose_file_was_taken_away_ends(admin: Client, invoices: list[Invoice]) -> None:
    run = asked(admin)
    Export.objects.all().delete()
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
