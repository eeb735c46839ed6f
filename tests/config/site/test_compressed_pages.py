"""Pages go out compressed, under another length each time; what is not a page goes out as it is."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from config.site import middleware
from integrations.choices import Role
from tests.factories import ProjectFactory, member


@pytest.fixture
def browser(db: None) -> Client:
    made = Client(headers={"accept-encoding": "gzip"})
    made.force_login(member(ProjectFactory.create().account, Role.IMPORT_ADMIN))
    return made


def test_a_page_is_compressed_and_reads_the_same(browser: Client) -> None:
    answer = browser.get("/orders/order/")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    whole = gzip.decompress(answer.content)
    assert b"</html>" in whole and len(answer.content) < len(whole) / 3


def test_lengths_tell_nothing(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    padded = {len(browser.get("/password_reset/sent/").content) for _ in range(8)}
    assert len(padded) > 1
    monkeypatch.setattr(middleware.CompressedPages, "max_random_bytes", 0)
    assert len({len(browser.get("/password_reset/sent/").content) for _ in range(8)}) == 1


def test_who_does_not_ask_and_what_is_no_page(browser: Client) -> None:
    assert "Content-Encoding" not in browser.get("/orders/order/", headers={"accept-encoding": "identity"}).headers
    assert "Content-Encoding" not in browser.get("/api/openapi.json").headers
