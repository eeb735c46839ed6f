"""The client against servers that misbehave: everything ends in time, in a ShopError that says who must act."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from integrations.client import Limits, drive
from integrations.client.exchange import retry_after
from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, HeaderAuth, OAuth1Auth, Operation, Request, Response
from integrations.runs.claims import LEASE
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop

woo = get("woocommerce")
PATIENT = Limits(connect=60, read=60, total=60, tries=3, wait=5)
# Where time is to run out: nowhere else, or a machine under load would be told to be a slow shop.
SHORT = {"slow": replace(PATIENT, read=1, tries=1), "drip": replace(PATIENT, total=1.5)}
# Seconds in which anything has ended that does not wait for what never comes, even on a machine under load.
ENDLESS = 20
CANARY = "cs_canary_5d1f"


class Waits(list[float]):
    """Notes the waits instead of waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    shop = SimulatedShop("Client", seed=9)
    shop.place()
    with SimulatedServer(SimulatedSite(shop)) as running:
        yield running


def ask(server: SimulatedServer, path: str = "orders", **options: Any) -> Response:
    shop = server.site.shop
    request = Request("GET", f"{server.url}/wp-json/wc/v3/{path}", auth=OAuth1Auth(shop.key, shop.secret))
    options = {"allowed": {server.address}, "limits": PATIENT, "sleep": Waits(), **options}
    return drive(once(replace(request, **options.pop("request", {}))), **options)


def once(request: Request) -> Operation[Response]:
    response = yield request
    return response


def failure(call: Callable[[], object]) -> ShopError:
    with pytest.raises(ShopError) as caught:
        call()
    assert str(caught.value).endswith(".")
    return caught.value


@contextmanager
def raw_server(answer: bytes, *, pause: float = 0, each: float = 0) -> Iterator[str]:
    """Says these bytes to everybody, whatever the question; its host:port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        try:
            with connection:
                asked = b""
                # To hang up on a question that is not read to its end resets the connection, and the answer is lost.
                while b"\r\n\r\n" not in asked and (more := connection.recv(65536)):
                    asked += more
                time.sleep(pause)
                for byte in [answer[place : place + 1] for place in range(len(answer))] if each else [answer]:
                    connection.sendall(byte)
                    time.sleep(each)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def get_raw(address: str, limits: Limits = PATIENT, **options: Any) -> Response:
    request = Request("GET", f"http://{address}/?{CANARY}", (("q", CANARY),), auth=OAuth1Auth("ck", CANARY))
    return drive(once(request), allowed={address}, limits=limits, sleep=Waits(), **options)


def test_an_answer(server: SimulatedServer) -> None:
    response = ask(server)
    assert (response.status, response.headers["x-wp-total"]) == (200, "1")
    assert server.site.log[0]["ids"] == [100]


def test_signatures_hold_for_awkward_parameters(server: SimulatedServer) -> None:
    params = (("search", "O'Brien & Söhne + 100 % /?#=~*"), ("orderby", "id"), ("status", "any"))
    assert ask(server, request={"params": params}).status == 200


def test_refusals_go_back_to_the_operation(server: SimulatedServer) -> None:
    response = ask(server, request={"auth": OAuth1Auth("ck_other", "cs_other")})
    assert response.status == 401
    assert ask(server, "nothing").status == 404
    assert ask(server, request={"params": (("per_page", "0"),)}).status == 400


@pytest.mark.parametrize("auth", [BasicAuth("ck", CANARY), HeaderAuth("X-Auth-Token", CANARY)], ids=["basic", "header"])
def test_secrets_as_they_are_do_not_leave_this_machine_over_http(auth: BasicAuth | HeaderAuth) -> None:
    request = Request("GET", "http://192.0.2.7/orders", auth=auth)
    error = failure(lambda: drive(once(request), allowed={"192.0.2.7:80"}, limits=PATIENT, sleep=Waits()))
    assert (error.kind, "over http" in str(error)) == (Failure.ADDRESS, True)


def test_a_secret_header_is_sent_to_this_machine_and_shown_nowhere(server: SimulatedServer) -> None:
    auth = HeaderAuth("X-Auth-Token", CANARY)
    assert ask(server, request={"auth": auth}).status == 401
    assert CANARY not in repr(auth)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_short_fault_is_waited_out(server: SimulatedServer, status: int) -> None:
    server.site.faults.add({"kind": "status", "status": status, "count": 2})
    waits = Waits()
    assert ask(server, sleep=waits).status == 200
    assert len(waits) == 2
    assert all(0 <= wait <= 2 for wait in waits)


def test_a_long_fault_is_the_runs_to_wait(server: SimulatedServer) -> None:
    server.site.faults.add({"kind": "status", "status": 503, "retry_after": "600", "count": 9})
    error = failure(lambda: ask(server))
    assert (error.kind, error.status, error.retry_after, len(server.site.log)) == (Failure.UNAVAILABLE, 503, 600, 1)


@pytest.mark.parametrize(("method", "idempotent", "asked"), [("GET", None, 3), ("POST", None, 1), ("PUT", True, 3)])
def test_only_what_may_be_repeated_is(
    server: SimulatedServer, method: str, idempotent: bool | None, asked: int
) -> None:
    server.site.faults.add({"kind": "status", "status": 500, "count": 9})
    failure(lambda: ask(server, request={"method": method, "idempotent": idempotent, "body": b"{}"}))
    assert len(server.site.log) == asked


@pytest.mark.parametrize(
    ("value", "waited"), [("1", 1.0), ("5", 5.0), ("0", 1.0), (None, None), ("soon", None), ("-5", None)]
)
def test_busy_shops_say_how_long(server: SimulatedServer, value: str | None, waited: float | None) -> None:
    server.site.faults.add({"kind": "status", "status": 429, "retry_after": value})
    waits = Waits()
    assert ask(server, sleep=waits).status == 200
    assert waits == [waited] if waited else 0 <= waits[0] <= 1


def test_a_busy_shop_is_left_alone(server: SimulatedServer) -> None:
    server.site.faults.add({"kind": "status", "status": 429, "retry_after": "999999", "count": 9})
    error = failure(lambda: ask(server))
    assert (error.kind, error.retry_after, len(server.site.log)) == (Failure.BUSY, 900, 1)


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("30", "", 30),
        ("0", "", 1),
        ("999999", "", 900),
        ("9" * 400, "", 900),
        ("Sun, 01 Nov 2026 12:00:30 GMT", "Sun, 01 Nov 2026 12:00:00 GMT", 30),
        ("Sun, 01 Nov 2026 11:00:00 GMT", "Sun, 01 Nov 2026 12:00:00 GMT", 1),
        ("Fri, 01 Jan 9999 00:00:00 GMT", "", 900),
        ("-5", "", None),
        ("1.5", "", 1.5),
        ("soon", "", None),
        ("", "", None),
        ("٣", "", None),
    ],
)
def test_retry_after(value: str, date: str, expected: float | None) -> None:
    """The date is read against the shop's own clock."""
    assert retry_after({"retry-after": value, "date": date}) == expected


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "cut"}, Failure.NONSENSE, "cut off"),
        ({"kind": "slow", "seconds": 1.2}, Failure.UNAVAILABLE, "silent for 1 seconds"),
        ({"kind": "drip", "seconds": 0.1}, Failure.UNAVAILABLE, "did not finish its answer in 1.5 seconds"),
        (
            {"kind": "redirect", "to": f"https://other.example/a?key={CANARY}"},
            Failure.ADDRESS,
            "https://other.example.",
        ),
        (
            {"kind": "redirect", "to": f"https://other.example:8443/eshop/wp-json/wc/v3/orders?key={CANARY}"},
            Failure.ADDRESS,
            "sends us on to https://other.example:8443/eshop.",
        ),
        ({"kind": "redirect", "to": "/eshop/wp-json/wc/v3/orders"}, Failure.ADDRESS, "/eshop."),
        ({"kind": "redirect", "to": "/eshop/rest/all/V1/orders"}, Failure.ADDRESS, "/eshop."),
        ({"kind": "redirect", "to": ""}, Failure.ADDRESS, "another page of its own"),
        ({"kind": "redirect", "to": "/wp-json/wc/v3/orders/"}, Failure.ADDRESS, "another page of its own"),
        ({"kind": "redirect", "to": "http://169.254.169.254/latest"}, Failure.ADDRESS, "http://169.254.169.254."),
        ({"kind": "redirect", "to": "file:///etc/passwd"}, Failure.ADDRESS, "another page of its own"),
        ({"kind": "redirect", "to": "/wp-login.php"}, Failure.ADDRESS, "another page of its own"),
        ({"kind": "redirect", "to": "http://[x"}, Failure.ADDRESS, "an unreadable address"),
    ],
)
def test_broken_answers(server: SimulatedServer, fault: dict[str, Any], kind: Failure, words: str) -> None:
    server.site.faults.add({**fault, "count": 9})
    started = time.monotonic()
    error = failure(lambda: ask(server, limits=SHORT.get(fault["kind"], PATIENT)))
    assert (error.kind, words in str(error)) == (kind, True)
    assert CANARY not in str(error)
    assert time.monotonic() - started < ENDLESS


def test_a_redirect_is_not_followed(server: SimulatedServer) -> None:
    with SimulatedServer(SimulatedSite(SimulatedShop("Other", seed=2))) as other:
        server.site.faults.add({"kind": "redirect", "to": f"{other.url}/wp-json/"})
        failure(lambda: ask(server, allowed={server.address, other.address}))
        assert not other.site.log


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Failure.UNAVAILABLE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]", Failure.NONSENSE),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]", Failure.NONSENSE),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[", Failure.NONSENSE),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip", Failure.NONSENSE),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxxxx", Failure.NONSENSE),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Failure.UNAVAILABLE),
        (b"HTTP/1.1 999999 X\r\n\r\n", Failure.UNAVAILABLE),
    ],
)
def test_answers_that_are_no_http(answer: bytes, kind: Failure) -> None:
    with raw_server(answer) as address:
        error = failure(lambda: get_raw(address))
    assert error.kind == kind
    assert CANARY not in str(error)


def test_dripping_headers_end_in_time() -> None:
    started = time.monotonic()
    with raw_server(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 400, each=0.1) as address:
        error = failure(lambda: get_raw(address, SHORT["drip"]))
    assert (error.kind, "did not finish" in str(error)) == (Failure.UNAVAILABLE, True)
    assert time.monotonic() - started < ENDLESS


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_compressed_bombs_stop_at_the_limit(layers: int) -> None:
    bomb = b"\0" * 50_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb, 1)
    encodings = ", ".join(["gzip"] * layers).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encodings + b"\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with raw_server(head + bomb) as address:
        error = failure(lambda: get_raw(address, replace(PATIENT, size=1024 * 1024)))
    assert (error.kind, "larger than 1 MB" in str(error)) == (Failure.NONSENSE, True)


def test_the_body_of_a_redirect_is_not_read() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\nContent-Length: 99999999\r\n\r\n"
    started = time.monotonic()
    with raw_server(head) as address:
        assert failure(lambda: get_raw(address)).kind == Failure.ADDRESS
    assert time.monotonic() - started < ENDLESS


def test_gzip_is_read() -> None:
    with raw_server(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"[1]")
    ) as at:
        assert get_raw(at).body == b"[1]"


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    assert failure(lambda: get_raw(address)).kind == Failure.UNAVAILABLE


def test_no_cookie_is_kept() -> None:
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nSet-Cookie: id=7\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
                )

    def twice(address: str) -> Operation[None]:
        yield Request("GET", f"http://{address}/a")
        yield Request("GET", f"http://{address}/b")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    drive(twice(address), allowed={address}, limits=PATIENT)
    thread.join(2)
    listener.close()
    assert len(heard) == 2
    assert all(b"Cookie" not in request and b"User-Agent: Countinghouse/" in request for request in heard)


def test_the_environments_proxy_and_netrc_are_not_asked(
    server: SimulatedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ck password " + CANARY)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ask(server).status == 200


def test_operations_hear_of_failures_first(server: SimulatedServer) -> None:
    keys = {"consumer_key": "ck", "consumer_secret": CANARY}
    report = drive(woo.check(Shop("https://10.0.0.1", keys)), allowed=set(), limits=PATIENT)
    assert (report.ok, report.failure) == (False, Failure.ADDRESS)
    assert "10.0.0.1 is not a public address" in report.summary


def test_the_heart_beats_before_every_request(server: SimulatedServer) -> None:
    class Lost(Exception):
        pass

    beats: list[int] = []

    def beat() -> None:
        beats.append(len(server.site.log))
        if len(beats) == 3:
            raise Lost

    shop = server.site.shop
    remote = Shop(server.url, {"consumer_key": shop.key, "consumer_secret": shop.secret})
    with pytest.raises(Lost):
        drive(woo.code_lists(remote), allowed={server.address}, limits=PATIENT, heartbeat=beat)
    assert beats == [0, 1, 2]


def test_the_heart_beats_before_every_try_and_a_try_is_shorter_than_a_lease(server: SimulatedServer) -> None:
    server.site.faults.add({"kind": "status", "status": 503, "count": 2})
    beats: list[int] = []
    ask(server, heartbeat=lambda: beats.append(len(server.site.log)))
    assert beats == [0, 1, 2]
    assert Limits().total + 10 < LEASE.total_seconds()


def test_secrets_are_in_no_error_log_or_repr(server: SimulatedServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop = Shop(server.url, {"consumer_key": "ck_canary", "consumer_secret": CANARY})
    said = [repr(shop)]
    for fault in ({"kind": "status", "status": 500}, {"kind": "cut"}, {"kind": "redirect"}, {"kind": "html"}, None):
        server.site.faults.clear()
        if fault:
            server.site.faults.add({**fault, "count": 9})
        operation = woo.orders.by_ids(shop, ("1",))
        try:
            drive(operation, allowed={server.address}, limits=PATIENT, sleep=Waits())
        except ShopError as error:
            said += [repr(error), str(error), repr(error.__cause__), repr(error.__context__)]
    said += [record.getMessage() for record in caplog.records]
    assert CANARY not in " ".join(said)
    assert "Authorization" not in " ".join(said)
    assert len(said) > 20
