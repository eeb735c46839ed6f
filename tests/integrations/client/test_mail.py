"""Letters over real SMTP: encrypted, signed in, and every refusal told by who must act."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from integrations.client import Limits
from integrations.client.mail import MailAccount, postbox
from integrations.connectors.errors import MailError, MailFault
from integrations.simulator.mailbox import SimulatedMailServer
from tests.authority import Authority

PATIENT = Limits(connect=60, read=60, total=60)
CANARY = "pw_canary_77"


def letter(to: str = "jana@mail.example") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Shop <shop@shop.example>", to, "Dobrý den"
    made.set_content("Příliš žluťoučký kůň.\n.\nStill here.")
    return made


def account(server: SimulatedMailServer, security: str = "plain", **values: str) -> MailAccount:
    return MailAccount("127.0.0.1", server.port, security, **values)


def send(where: MailAccount, *letters: EmailMessage, allowed: bool = True, limits: Limits = PATIENT) -> None:
    with postbox(where, {f"{where.host}:{where.port}"} if allowed else set(), limits) as box:
        for each in letters:
            box.send(each)


def refused(where: MailAccount, *letters: EmailMessage, **options: Any) -> MailError:
    with pytest.raises(MailError) as caught:
        send(where, *(letters or (letter(),)), **options)
    assert CANARY not in str(caught.value)
    assert "jana" not in str(caught.value)
    return caught.value


@pytest.fixture
def server() -> Iterator[SimulatedMailServer]:
    with SimulatedMailServer() as running:
        yield running


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_letters_arrive_as_they_were_written(server: SimulatedMailServer) -> None:
    send(account(server), letter(), letter("petr@mail.example"))
    first, second = server.letters
    assert (first["Subject"], second["To"]) == ("Dobrý den", "petr@mail.example")
    assert first.get_content().replace("\r\n", "\n") == "Příliš žluťoučký kůň.\n.\nStill here.\n"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_and_signed_in(authority: Authority, security: str) -> None:
    context = server_context(authority.issue("127.0.0.1"))
    how: dict[str, Any] = {security: context}
    with SimulatedMailServer(password=CANARY, **how) as running:
        send(account(running, security, username="shop", password=CANARY), letter())
        assert len(running.letters) == 1
        wrong = refused(account(running, security, username="shop", password="wrong"))
        assert (wrong.fault, len(running.letters)) == (MailFault.SETTINGS, 1)
        assert str(wrong) == "The mail server does not accept the user name or password."


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("certificate", [{"host": "mail.example"}, {"host": "127.0.0.1", "trusted": False}])
def test_a_certificate_that_is_not_right_is_not_written_to(
    authority: Authority, security: str, certificate: dict[str, str]
) -> None:
    context = server_context(authority.issue(**certificate))  # type: ignore[arg-type]
    how: dict[str, Any] = {security: context}
    with SimulatedMailServer(**how) as running:
        error = refused(account(running, security, username="shop", password=CANARY))
        assert (error.fault, running.letters) == (MailFault.SETTINGS, [])
        assert "certificate" in str(error)


def test_a_server_without_starttls_gets_no_password(server: SimulatedMailServer) -> None:
    assert refused(account(server, "starttls", username="shop", password=CANARY)).fault == MailFault.SETTINGS


@pytest.mark.parametrize(("code", "fault"), [(450, MailFault.LATER), (550, MailFault.RECIPIENT)])
def test_a_refused_recipient_does_not_stop_the_next(server: SimulatedMailServer, code: int, fault: MailFault) -> None:
    server.refusals["jana@mail.example"] = code
    where = account(server)
    with postbox(where, {f"127.0.0.1:{server.port}"}, PATIENT) as box:
        with pytest.raises(MailError) as caught:
            box.send(letter())
        box.send(letter("petr@mail.example"))
    assert caught.value.fault == fault
    assert [each["To"] for each in server.letters] == ["petr@mail.example"]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("451 Greylisted, jana", MailFault.LATER),
        ("554 Spam from jana", MailFault.RECIPIENT),
        ("421 Bye", MailFault.LATER),
    ],
)
def test_a_refused_letter(server: SimulatedMailServer, answer: str, fault: MailFault) -> None:
    server.answer = answer
    assert refused(account(server)).fault == fault


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = refused(MailAccount("127.0.0.1", port, "plain"))
    assert (error.fault, str(error)) == (
        MailFault.LATER,
        "The mail server could not be reached, or broke the connection off.",
    )


def test_a_connection_that_breaks_at_the_end_leaves_it_open_whether_the_letter_was_taken() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as asked:
            connection.sendall(b"220 mail\r\n")
            for line in asked:
                connection.sendall(b"354 Go on\r\n" if line.strip().lower() == b"data" else b"250 OK\r\n")
                if line.strip().lower() == b"data":
                    while asked.readline().strip() != b".":
                        pass
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    error = refused(MailAccount("127.0.0.1", listener.getsockname()[1], "plain"))
    listener.close()
    thread.join(5)
    assert error.fault == MailFault.UNSURE


def test_a_server_that_drips_is_cut_off() -> None:
    """A byte now and then keeps a socket's own time-out from ever coming."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.2):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        error = refused(MailAccount("127.0.0.1", listener.getsockname()[1], "plain"), limits=replace(PATIENT, total=1))
        assert error.fault == MailFault.LATER
    finally:
        stop.set()
        listener.close()
        thread.join(5)


def test_only_public_servers_unless_the_operator_says_so(server: SimulatedMailServer) -> None:
    error = refused(account(server), allowed=False)
    assert (error.fault, server.letters) == (MailFault.SETTINGS, [])
    assert str(error) == "There is no mail server with a public address by this name."


def test_a_name_that_points_inside_is_not_connected_to(
    server: SimulatedMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    error = refused(MailAccount("mail.example", server.port, "plain"), allowed=False)
    assert (error.fault, server.letters) == (MailFault.SETTINGS, [])


def test_an_account_never_shows_its_password() -> None:
    assert CANARY not in repr(MailAccount("mail.example", 587, "starttls", "shop", CANARY))
