"""Which addresses events may be posted to: U01 to U30 of the list of bad inputs, and those that must be taken."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from integrations import client
from integrations.client.addresses import check_webhook_url
from tests.integrations.client.test_addresses import REFUSED
from tests.rows import EveryRow

NONE: frozenset[str] = frozenset()
WITH_QUERY = {"https://shop.example?x=1"}


def test_refused_with_a_sentence() -> None:
    with EveryRow() as every:
        for text in REFUSED:
            if text not in WITH_QUERY:
                with every.row(text):
                    with pytest.raises(ValueError) as caught:
                        check_webhook_url(text, NONE, own_hosts={"our.example"})
                    assert str(caught.value).endswith((".", "https://")), "a sentence for the form"
                    assert "shop" not in {word for word in str(caught.value).split() if "." not in word}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://app.example", "https://app.example/"),
        (" HTTPS://App.Example:443/hooks/ ", "https://app.example/hooks/"),
        ("https://app.example/hooks?key=1&to=čaj", "https://app.example/hooks?key=1&to=%C4%8Daj"),
        ("https://app.example:8443?x", "https://app.example:8443/?x"),
        ("https://app.example/a%20b", "https://app.example/a%20b"),
        ("https://príklad.example/x", "https://xn--prklad-4va.example/x"),
    ],
)
def test_taken_and_rebuilt(text: str, expected: str) -> None:
    assert check_webhook_url(text, NONE) == expected
    assert check_webhook_url(expected, NONE) == expected


def test_what_grows_too_long_by_quoting_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        check_webhook_url("https://app.example/" + "č" * 1_000, NONE)


def test_http_is_for_listed_addresses_alone() -> None:
    assert check_webhook_url("http://10.0.0.5:8000/x", {"10.0.0.5:8000"}) == "http://10.0.0.5:8000/x"
    with pytest.raises(ValueError, match="must begin with https"):
        check_webhook_url("http://app.example/x", {"10.0.0.5:8000"})


def test_a_name_that_points_inside_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", lambda *_: connected.append(1))
    posted = client.post("https://app.example/hooks", b"{}", {}, allowed=frozenset())
    assert (posted.status, connected) == (None, [])
    assert posted.text == (
        "app.example is not a public address. For a server in your own network, whoever runs Countinghouse can add it"
        " to ALLOWED_SHOP_ADDRESSES."
    )
