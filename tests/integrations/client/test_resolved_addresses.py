"""Names are resolved once and the connection goes to the address that was checked; certificates are checked by name."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integrations.client import Limits, drive
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from tests.authority import Authority

PATIENT = Limits(connect=60, read=60, total=60, tries=1)
Answers = list[str]


def once(url: str) -> Operation[Response]:
    response = yield Request("GET", url)
    return response


def failure(url: str, allowed: set[str] | None = None) -> ShopError:
    with pytest.raises(ShopError) as caught:
        drive(once(url), allowed=allowed or set(), limits=PATIENT)
    return caught.value


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`dns(["1.1.1.1"], ["127.0.0.1"])`: what each look-up answers in turn, the last for ever. Notes connections."""
    connected: list[str] = []

    def set_answers(*answers: Answers) -> list[str]:
        waiting = list(answers)

        def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
            found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
            connected.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(socket, "create_connection", connect)
        return connected

    return set_answers


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["100.100.100.200"]],
)
def test_a_name_that_points_inside_is_refused(dns: Callable[..., list[str]], answers: Answers) -> None:
    connected = dns(answers)
    error = failure("https://shop.example/wp-json/")
    assert (error.kind, connected) == (Failure.ADDRESS, [])
    assert "shop.example is not a public address" in str(error)


def test_a_name_that_flips_after_the_check_gains_nothing(dns: Callable[..., list[str]]) -> None:
    for _ in range(50):
        connected = dns(["93.184.216.34"], ["127.0.0.1"])
        error = failure("https://shop.example/")
        assert error.kind == Failure.UNAVAILABLE
    assert connected == ["93.184.216.34"] * 50


def test_the_addresses_of_a_name_are_tried_in_turn(dns: Callable[..., list[str]]) -> None:
    connected = dns(["93.184.216.34", "2606:4700::1111"])
    failure("https://shop.example/")
    assert connected == ["93.184.216.34", "2606:4700::1111"]


@pytest.mark.parametrize(
    ("number", "kind"), [(socket.EAI_NONAME, Failure.ADDRESS), (socket.EAI_AGAIN, Failure.UNAVAILABLE)]
)
def test_names_that_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch, number: int, kind: Failure) -> None:
    def look_up(*args: Any, **kwargs: Any) -> list[Any]:
        raise socket.gaierror(number, "no")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert failure("https://shop.example/").kind == kind


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "http://shop.example/", "https://shop.example:22/", "https://x/"]
)
def test_what_may_not_be_saved_may_not_be_reached(dns: Callable[..., list[str]], url: str) -> None:
    connected = dns(["93.184.216.34"])
    assert failure(url).kind == Failure.ADDRESS
    assert connected == []


@contextmanager
def tls_server(
    certificate: Path, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Iterator[tuple[int, list[str | None]]]:
    """Its port, and the server names its callers asked for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = most
    context.sni_callback = lambda _, name, __: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], names
    finally:
        listener.close()


def point_at_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_a_good_certificate_for_the_name_at_the_pinned_address(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at_loopback(monkeypatch)
    with tls_server(authority.issue("shop.test")) as (port, names):
        response = drive(once(f"https://shop.test:{port}/"), allowed={f"shop.test:{port}"}, limits=PATIENT)
    assert (response.body, names) == (b"[]", ["shop.test"])


@pytest.mark.parametrize(
    ("host", "options", "words"),
    [
        ("other.test", {}, "for another name"),
        ("127.0.0.1", {}, "for another name"),
        ("shop.test", {"days": -1}, "has expired"),
        ("shop.test", {"trusted": False}, "known authority"),
    ],
)
def test_bad_certificates(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, host: str, options: dict[str, Any], words: str
) -> None:
    point_at_loopback(monkeypatch)
    with tls_server(authority.issue(host, **options)) as (port, _):
        error = failure(f"https://shop.test:{port}/", {f"shop.test:{port}"})
    assert (error.kind, words in str(error)) == (Failure.ADDRESS, True), str(error)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at_loopback(monkeypatch)
    with tls_server(authority.issue("shop.test"), ssl.TLSVersion.TLSv1_1) as (port, _):
        error = failure(f"https://shop.test:{port}/", {f"shop.test:{port}"})
    assert error.kind in {Failure.ADDRESS, Failure.UNAVAILABLE}


def test_plain_http_behind_https(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    error = failure(f"https://127.0.0.1:{port}/", {f"127.0.0.1:{port}"})
    listener.close()
    assert (error.kind, "may not speak https" in str(error)) == (Failure.ADDRESS, True)
