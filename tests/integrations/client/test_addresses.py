"""Which addresses a shop may have: U01 to U30 of the list of bad inputs, and those that must go on working."""

from __future__ import annotations

import pytest

from integrations.client.addresses import address_is_public, check_shop_url
from tests.rows import EveryRow

NONE: frozenset[str] = frozenset()

REFUSED = [
    "http://127.0.0.1",
    "https://127.0.0.1",
    "http://127.1",
    "https://127.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://0",
    "https://0.0.0.0",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://localhost",
    "https://LOCALHOST",
    "https://localhost.",
    "https://shop.localhost",
    "https://printer.local",
    "https://intranet",
    "https://①②⑦.⓪.⓪.①",
    "https://１２７.0.0.1",
    "https://127。0。0。1",
    "https://[64:ff9b::7f00:1]",
    "https://[2002:7f00:1::]",
    "https://[2001:0:1::1]",
    "https://[fe80::1]",
    "https://[fd00::1]",
    "https://[::1%25lo]",
    "https://169.254.169.254/latest/meta-data",
    "https://100.100.100.200",
    "https://10.0.0.5",
    "https://172.16.0.1",
    "https://192.168.1.1",
    "https://224.0.0.1",
    "https://good.com@127.0.0.1",
    "http://127.0.0.1\\.good.com",
    "https://good.com\\@127.0.0.1",
    "https://127.0.0.1#@good.com",
    "https://user:pw@shop.example",
    "file:///etc/passwd",
    "ftp://shop.example",
    "gopher://shop.example",
    "javascript:alert(1)",
    "//shop.example",
    "shop.example",
    "http:/\\x",
    "https:///x",
    "https://",
    "",
    "https://shop.example:22",
    "https://shop.example:25",
    "https://shop.example:6379",
    "https://shop.example:0",
    "https://shop.example:99999",
    "https://shop.example:x",
    "https://shop.example:",
    "http://shop.example",
    "https://shop.example/" + "x" * 2040,
    "https://shop\n.example",
    "https://shop.example/a\tb",
    "https://shop .example",
    "https://shop.example/../admin",
    "https://shop.example//x",
    "https://-shop.example",
    "https://shop_x.example",
    "https://" + "a" * 64 + ".example",
    "https://shop.example?x=1",
    "https://shop.example/#x",
    "unix:///run/redis.sock",
    "https://our.example",
]


def test_refused_with_a_sentence() -> None:
    with EveryRow() as every:
        for text in REFUSED:
            with every.row(text):
                with pytest.raises(ValueError) as caught:
                    check_shop_url(text, NONE, own_hosts={"our.example"})
                assert str(caught.value).endswith((".", "https://")), "a sentence for the form"
                assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443/", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://shop.example/obchod/", "https://shop.example/obchod"),
        ("https://shop.example/čaj", "https://shop.example/%C4%8Daj"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://príklad.example", "https://xn--prklad-4va.example"),
        ("https://аpple.com", "https://xn--pple-43d.com"),
        ("https://93.184.216.34", "https://93.184.216.34"),
        ("https://[2606:2800:220:1::1]", "https://[2606:2800:220:1::1]"),
    ],
)
def test_taken_and_rebuilt(text: str, expected: str) -> None:
    """A homograph is shown in punycode."""
    assert check_shop_url(text, NONE) == expected
    assert check_shop_url(expected, NONE) == expected


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("http://127.0.0.1:8101", "127.0.0.1:8101"),
        ("http://localhost:8101/shop", "localhost:8101"),
        ("http://10.0.0.5", "10.0.0.5:80"),
        ("https://intranet", "intranet:443"),
        ("http://shop.example", "shop.example:80"),
        ("http://[::1]:9000", "[::1]:9000"),
    ],
)
def test_the_operators_list_opens_exactly_one(text: str, allowed: str) -> None:
    assert check_shop_url(text, {allowed}) == text
    with pytest.raises(ValueError):
        check_shop_url(text, {f"{allowed}1"})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2001::1",
        "2002:808:808::1",
        "2001:db8::1",
    ],
)
def test_not_public(address: str) -> None:
    assert not address_is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"])
def test_public(address: str) -> None:
    assert address_is_public(address)
