"""The front with an application of a few lines: what is late, too large or wrong is refused, and all else arrives."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from waitress.adjustments import Adjustments

from config.running import front

SIZE = 2 * 1024 * 1024
MOST_BODY = 100_000


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/body":
        body = environ["wsgi.input"].read()
        answer = [f"{environ['CONTENT_LENGTH']} {len(body)}".encode()]
    elif path == "/stream":
        start_response("200 OK", [("Content-Type", "text/csv")])
        return (b"x" * 1000 for _ in range(SIZE // 1000))
    elif path.startswith("/broken"):
        sized = [("Content-Length", "3000")] if path.endswith("sized") else []
        start_response("200 OK", [("Content-Type", "text/csv"), *sized])
        return (b"x" * (1000 // (2 - each)) for each in range(3))  # breaks off after two pieces, by a fault
    elif path == "/file":
        start_response("200 OK", [("Content-Length", str(SIZE))])
        wrapper = environ.get("wsgi.file_wrapper", FileWrapper)
        return wrapper(io.BytesIO(b"f" * SIZE))  # type: ignore[no-any-return]
    elif path == "/who":
        answer = [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']} {environ['SERVER_NAME']}".encode()]
    elif path == "/fault":
        raise ZeroDivisionError
    else:
        answer = [b"ok"]
    start_response("200 OK", [("Content-Length", str(len(answer[0])))])
    return answer


@contextmanager
def running(threads: int = 2) -> Generator[int]:
    """A front in a thread of this process; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    served = front.make_front(application, listener, threads=threads, most_body=MOST_BODY)
    over = threading.Event()

    def turn() -> None:
        while not over.is_set():
            served._turn(0.05)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join()
        served.task_dispatcher.shutdown()
        for channel in list(served.active_channels.values()):
            channel.handle_close()
        served.close()


@pytest.fixture
def port() -> Generator[int]:
    with running() as found:
        yield found


def exchange(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send the pieces and read until the other side ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        answer = b""
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:
            pass
        return answer


def drip(port: int, begin: bytes, seconds: float) -> bytes:
    return exchange(port, begin, *([b"a"] * int(seconds / 0.05)), pause=0.05)


@pytest.mark.parametrize(
    ("request_", "status", "sentence"),
    [
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"400", "no valid HTTP"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431", "headers of this request are too large"),
        (b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n", b"413", "too large"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"501", "Content-Length or chunked"),
        (b"GET /fault HTTP/1.1\r\n\r\n", b"500", "Something went wrong here"),
    ],
)
def test_a_refusal_is_a_plain_sentence(port: int, request_: bytes, status: bytes, sentence: str) -> None:
    head, _, body = exchange(port, request_).partition(b"\r\n\r\n")
    assert head.split()[1] == status
    assert body.decode().endswith(".\n")
    assert sentence in body.decode()
    assert b"waitress" not in head + body
    assert b"server:" not in head.lower()


def test_one_connection_takes_many_requests(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for method in ("GET", "HEAD", "GET", "HEAD"):
        client.request(method, "/")
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok" if method == "GET" else b"")
        assert answer.headers["Content-Length"] == "2"
    client.close()


@pytest.mark.parametrize("path", ["/stream", "/file"])
def test_streams_and_files_arrive_whole_and_head_has_no_body(port: int, path: str) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", path)
    assert len(client.getresponse().read()) in (SIZE, SIZE // 1000 * 1000)
    client.close()
    head, _, body = exchange(port, f"HEAD {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""


def test_a_body_in_chunks_has_a_length(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request(
        "POST", "/body", iter([b"abc", b"de"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert client.getresponse().read() == b"5 5"
    client.close()


def test_headers_of_a_proxy_are_left_to_django(port: int) -> None:
    """Without a proxy in front anybody can send them."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/who", headers={"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https"})
    assert client.getresponse().read() == b"127.0.0.1 http 127.0.0.1"
    client.close()


BEGINNINGS = [b"GET / HTTP/1.1\r\nX: ", b"POST /body HTTP/1.1\r\nContent-Length: 90000\r\n\r\n"]


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_what_drips_is_refused_in_time(port: int, begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(front, "BODY_SECONDS", 0.5)
    begun = time.monotonic()
    answer = drip(port, begin, 10)
    assert time.monotonic() - begun < 5
    assert answer.startswith(b"HTTP/1.") and b" 408 " in answer


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_control_waitress_alone_lets_it_drip(port: int, begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(front, "BODY_SECONDS", 0.5)
    monkeypatch.setattr(front.ArrivingRequest, "is_late", lambda self, now: False)
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(begin)
        for _ in range(60):
            connection.sendall(b"a")
            time.sleep(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_body_that_keeps_its_rate_may_take_long(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "BODY_SECONDS", 0.5)
    pieces = [b"a" * 1000] * 30
    begin = b"POST /body HTTP/1.1\r\nConnection: close\r\nContent-Length: 30000\r\n\r\n"
    assert exchange(port, begin, *pieces, pause=0.1).endswith(b"30000 30000")


def test_who_does_not_take_the_answer_is_left(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many threads they hold, who asks afterwards is answered."""
    monkeypatch.setattr(front, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(Adjustments, "outbuf_high_watermark", 1000)
    with running() as other:
        deaf = [socket.create_connection(("127.0.0.1", other)) for _ in range(4)]
        for connection in deaf:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.sendall(b"GET /stream HTTP/1.1\r\n\r\n")
        assert exchange(other, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").endswith(b"ok")
        for connection in deaf:
            connection.close()


def test_at_the_limit_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "_room_for_connections", lambda: 30)
    with running() as port:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        assert exchange(port, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").endswith(b"ok")
        for connection in idle:
            connection.close()


def test_bodies_have_one_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MOST_ARRIVING", 100_000)
    with running() as port:
        begin = b"POST /body HTTP/1.1\r\nContent-Length: 90000\r\n\r\n" + b"a" * 60_000
        some = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(2)]
        for connection in some:
            connection.sendall(begin)
        assert [b" 503 " in connection.recv(1000) for connection in some] == [True, True]
        for connection in some:
            connection.close()


@pytest.mark.long
@pytest.mark.timeout(180)
def test_five_hundred_slow_connections_hold_nobody_up(port: int) -> None:
    worst, told = 0.0, 0
    slow = []
    for number in range(500):
        slow.append(socket.create_connection(("127.0.0.1", port)))
        slow[-1].sendall(BEGINNINGS[number % 2])
        slow[-1].setblocking(False)
    begun = time.monotonic()
    while time.monotonic() - begun < front.BODY_SECONDS + 15 and slow:
        for connection in list(slow):
            try:
                connection.send(b"a")
                told += b" 408 " in connection.recv(1000)
                slow.remove(connection)
                connection.close()
            except BlockingIOError:
                pass
            except OSError:
                slow.remove(connection)
                connection.close()
        asked = time.monotonic()
        assert exchange(port, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").endswith(b"ok")
        worst = max(worst, time.monotonic() - asked)
        time.sleep(1)
    assert worst < 1
    assert slow == []
    assert told > 0


@pytest.mark.parametrize("path", ["/broken", "/broken-sized"])
def test_a_file_that_breaks_off_is_no_whole_answer(port: int, path: str) -> None:
    """The connection ends before the file does: without the last chunk, or short of its length. Control: /stream."""
    whole = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    whole.request("GET", "/stream")
    assert len(whole.getresponse().read()) > 0
    broken = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    broken.request("GET", path)
    answer = broken.getresponse()
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
