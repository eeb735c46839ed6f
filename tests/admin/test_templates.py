"""The pages keep to the strict policy: no script or style of ours inside a page, no address of another site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from integrations.models import Integration

TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
STATIC = sorted((Path(settings.BASE_DIR) / "config" / "static").rglob("*.*"))
FORBIDDEN = re.compile(
    r"<style|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|\sstyle\s*=|javascript:|\|\s*safe\b", re.IGNORECASE
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_script_or_a_style(template: Path) -> None:
    assert not FORBIDDEN.findall(template.read_text())


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in [*TEMPLATES, *STATIC]:
        foreign = re.findall(r"(?:src|href|url\()\s*=?\s*[\"'(]?(?:https?:)?//[^\s\"')]+", path.read_text())
        assert not foreign, f"{path.name}: {foreign}"


@pytest.mark.parametrize(
    "address", ["/", "/orders/order/", "/integrations/integration/connect/", "/stock/product/new/"]
)
def test_pages_carry_the_policy_and_no_inline_code(address: str, shop: Integration, admin: Client) -> None:
    answer = admin.get(address)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert not re.findall(r"<style|<script(?![^>]*\ssrc=)|\sstyle=\"", answer.content.decode())
