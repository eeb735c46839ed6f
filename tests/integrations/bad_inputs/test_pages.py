"""Whole answers that are odd, on every platform: refused in a sentence, nothing moved, loaded once they are right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations import jobs
from integrations.choices import RunState
from integrations.connectors.kit import json_answers, json_documents
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run
from tests.integrations.bad_inputs.playing import Playing, outcome
from tests.integrations.bad_inputs.wires import WIRES
from tests.rows import EveryRow

pytestmark = pytest.mark.django_db

Page = Callable[[bytes], bytes]


def inside(value: bytes) -> Page:
    """A value in the first order of the page, in a field nobody reads."""
    return lambda page: page.replace(b"[{", b'[{"plugin":' + value + b",", 1)


REFUSED: tuple[tuple[str, Page], ...] = (
    ("P61-callback", lambda page: b"cb(" + page + b")"),
    ("P61-prefix", lambda page: b")]}'," + page),
    ("FN06-cut", lambda page: page[: len(page) // 2]),
    ("FN07-nothing", lambda _: b""),
    ("FN07-null", lambda _: b"null"),
    ("FN07-login", lambda _: b"<!DOCTYPE html><html><title>Log in</title></html>"),
    ("FN07-error", lambda _: b'{"errors": "Something went wrong"}'),
)
# In one order of the page: it fails by itself, the others are taken.
POISON: tuple[tuple[str, Page], ...] = (
    ("P12-NaN", inside(b"NaN")),
    ("P12-Infinity", inside(b"-Infinity")),
    ("P14", inside(b"[" * 100_000 + b"]" * 100_000)),
    ("P14-objects", inside(b'{"a":[1,' * 50_000 + b"0" + b"]}" * 50_000)),
    ("P15", inside(b"[" * 900 + b"]" * 900)),
    ("P15-twice", inside(b"[" * 70 + b'"]"' + b"]" * 70 + b',"other":' + b'{"b":' * 80 + b"NaN" + b"}" * 80)),
    ("P17-latin-1", inside('"Jürgen"'.encode("latin-1"))),
    ("P17-halved", inside(b'"\xc3"')),
)
READ: tuple[tuple[str, Page], ...] = (
    ("P16", lambda page: b"\xef\xbb\xbf" + page),
    ("P17-utf-16", lambda page: page.decode().encode("utf-16")),
)


WITHOUT = {"shopify-FN07-error": "errors are Shopify's own way to refuse a question: see test_shopify_check"}


@pytest.mark.parametrize("platform", WIRES)
def test_refused(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EveryRow() as every:
        for number, spoil in REFUSED:
            if f"{platform}-{number}" not in WITHOUT:
                with every.apart(number):
                    is_refused_until_it_is_right(platform, spoil, monkeypatch)


def is_refused_until_it_is_right(platform: str, spoil: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    playing = Playing(platform, monkeypatch)
    names = playing.place([str, str])
    playing.site.spoil_page = spoil
    run = playing.load()
    assert run.state == RunState.WAITING
    assert run.reason.endswith(" seconds.") and len(run.reason) > 40
    assert (run.fetched, RemoteOrder.objects.exists()) == (0, False)
    assert Integration.objects.get().complete_until is None

    playing.site.spoil_page = bytes
    Run.objects.update(next_attempt_at=None)
    jobs.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED
    assert set(RemoteOrder.objects.values_list("external_id", flat=True)) == set(names)
    assert broken() == {}


@pytest.mark.parametrize("platform", WIRES)
def test_one_order_fails_alone(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EveryRow() as every:
        for number, spoil in POISON:
            with every.apart(number):
                others_land(platform, spoil, monkeypatch)


def others_land(platform: str, spoil: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    playing = Playing(platform, monkeypatch)
    names = playing.place([str, str, str])
    playing.site.spoil_page = spoil
    run = playing.load()
    assert (run.state, run.fetched, run.failed) == (RunState.SUCCEEDED, 3, 1)
    found = {remote.external_id: outcome(remote) for remote in RemoteOrder.objects.all()}
    assert set(found) == set(names)
    assert sorted(found.values()) == ["damaged", "imported", "imported"]
    assert Integration.objects.get().complete_until is not None
    assert broken() == {}


def test_without_mending_the_shop_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_documents, json_answers):
        monkeypatch.setattr(module, "mended", bytes)
    for platform in ("woocommerce", "shopify"):
        with pytest.raises(AssertionError, match="waiting"):
            others_land(platform, POISON[2][1], monkeypatch)


@pytest.mark.parametrize("platform", WIRES)
def test_read(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EveryRow() as every:
        for number, spoil in READ:
            with every.apart(number):
                playing = Playing(platform, monkeypatch)
                names = playing.place([str, str])
                playing.site.spoil_page = spoil
                assert playing.load().state == RunState.SUCCEEDED
                assert set(RemoteOrder.objects.values_list("external_id", flat=True)) == set(names)
