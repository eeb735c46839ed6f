"""SFTP, FTPS and FTP do the same, against real servers of each."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import paramiko
import pytest
from pyftpdlib.handlers import FTPHandler

from integrations.client import Limits
from integrations.client.file_servers import FileAccount, FileServer, HostKeyUnknown, fetch, open_server
from integrations.client.file_servers.ftp import FtpServer
from integrations.client.file_servers.sftp import readable_key
from integrations.client.file_servers.spooling import TooLarge
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.files.listings import check_folder, is_name, joined
from integrations.simulator.file_server import SimulatedFileServer
from tests.authority import Authority
from tests.integrations.client.file_servers.servers import PASSWORD, Running, ftp_server, sftp_server

# C11: what a hostile listing may hold.
BAD_NAMES = (
    "../../x", "/etc/passwd", "a/b", ".", "..", "x" * 300, "x\r\nDELE y", "-rf", "a\x00b", "příliš.csv", "a b.csv",
)  # fmt: skip


@pytest.fixture(params=["sftp", "ftps", "ftp"])
def running(request: pytest.FixtureRequest, tmp_path: Path, authority: Authority) -> Iterator[Running]:
    folder = tmp_path / "server"
    (folder / "out").mkdir(parents=True)
    if request.param == "sftp":
        started: Any = sftp_server(folder)
    else:
        started = ftp_server(folder, authority.issue("127.0.0.1") if request.param == "ftps" else None)
    with started as server:
        yield server


@pytest.fixture
def server(running: Running) -> Iterator[FileServer]:
    with open_server(running.account, {running.address}) as opened:
        yield opened


def kind_of(account: FileAccount, *, allowed: bool = True, **limits: float) -> Failure:
    addresses = {f"{account.host}:{account.port}"} if allowed else set()
    with pytest.raises(ShopError) as caught, open_server(account, addresses, Limits(**limits)) as opened:  # type: ignore[arg-type]
        opened.files("")
    assert PASSWORD not in str(caught.value)
    return caught.value.kind


def test_files_are_listed_with_size_and_time(running: Running, server: FileServer) -> None:
    (running.folder / "out" / "inv_1.csv").write_bytes(b"sku,quantity\n")
    os.utime(running.folder / "out" / "inv_1.csv", (1_790_000_000, 1_790_000_000))
    (running.folder / "out" / "processed").mkdir()
    [file] = server.files("out")
    assert (file.name, file.size) == ("inv_1.csv", 13)
    assert file.modified_at == datetime.fromtimestamp(1_790_000_000, UTC)
    assert (server.folders("out"), server.folders("")) == (["processed"], ["out"])
    assert server.files("") == []


def test_a_file_is_read_whole_and_hashed(running: Running, server: FileServer) -> None:
    content = os.urandom(3_000_000)
    (running.folder / "out" / "big.csv").write_bytes(content)
    fetched = fetch(server, "out", "big.csv")
    assert (fetched.content.read(), fetched.size, fetched.digest) == (content, 3_000_000, sha256(content).digest())


def test_c15_a_file_that_is_too_large_is_refused_on_the_way(running: Running, server: FileServer) -> None:
    (running.folder / "out" / "big.csv").write_bytes(bytes(3_000_000))
    with pytest.raises(TooLarge, match="more than 1 MB"):
        fetch(server, "out", "big.csv", 1024 * 1024)
    assert [file.size for file in server.files("out")] == [3_000_000]  # and the connection lives on


def test_a_file_is_written_renamed_and_found(running: Running, server: FileServer) -> None:
    server.write("out", "orders.csv.tmp", io.BytesIO(b"one\r\n" * 50_000))
    server.write("out", "orders.csv.tmp", io.BytesIO(b"two\r\n" * 50_000))  # a second try is over the first
    server.rename("out", "orders.csv.tmp", "out", "orders.csv")
    assert (running.folder / "out" / "orders.csv").read_bytes() == b"two\r\n" * 50_000
    assert (server.size("out", "orders.csv"), server.size("out", "orders.csv.tmp")) == (250_000, None)


def test_a_folder_is_made_once_and_files_move_there(running: Running, server: FileServer) -> None:
    (running.folder / "out" / "inv_1.csv").write_bytes(b"x")
    for _ in range(2):
        server.make_folder("out/processed")
    server.rename("out", "inv_1.csv", "out/processed", "inv_1.csv")
    assert (running.folder / "out" / "processed" / "inv_1.csv").read_bytes() == b"x"
    with pytest.raises(ShopError) as caught:
        server.rename("out", "inv_1.csv", "out/processed", "again.csv")
    assert caught.value.kind == Failure.NOT_FOUND


def test_what_is_not_there_is_told(server: FileServer) -> None:
    for ask in (lambda: server.files("nowhere"), lambda: fetch(server, "out", "nothing.csv")):
        with pytest.raises(ShopError) as caught:
            ask()
        assert caught.value.kind == Failure.NOT_FOUND


def test_c11_names_that_are_no_names_are_not_shown(running: Running, server: FileServer) -> None:
    for name in BAD_NAMES:
        assert not is_name(name)
        with pytest.raises(ValueError, match="no name"):
            joined("out", name)
        with pytest.raises(ValueError, match="plain names"):
            check_folder(f"out/{name}" if name not in {"/etc/passwd", "a/b"} else "../out")
    for name in ("-rf", "příliš.csv", "a b.csv", "x" * 200):
        (running.folder / "out" / name).write_bytes(b"x")
    assert server.files("out") == []
    (running.folder / "out" / "good.csv").write_bytes(b"x")
    assert [file.name for file in server.files("out")] == ["good.csv"]


def test_wrong_passwords_are_told_by_who_must_act(running: Running) -> None:
    assert kind_of(replace(running.account, password="wrong")) == Failure.CREDENTIALS


def test_private_addresses_are_for_those_on_the_list(running: Running) -> None:
    assert kind_of(running.account, allowed=False) == Failure.ADDRESS
    assert kind_of(replace(running.account, port=1)) == Failure.UNAVAILABLE  # control: allowed, and nobody is there


def test_c15_a_server_that_drips_is_cut_off(running: Running) -> None:
    """A server that takes connections and says one byte now and then."""
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listening.accept()
        try:
            while True:
                connection.sendall(b"2")
                time.sleep(0.1)
        except OSError:
            return

    threading.Thread(target=drip, daemon=True).start()
    account = replace(running.account, port=listening.getsockname()[1])
    began = time.monotonic()
    assert kind_of(account, connect=5, read=5, total=1) == Failure.UNAVAILABLE
    assert time.monotonic() - began < 5
    listening.close()


# --- each its own ---


def test_sftp_sends_nothing_before_its_key_is_confirmed(tmp_path: Path) -> None:
    with SimulatedFileServer(tmp_path, password=PASSWORD) as server:
        account = FileAccount("sftp", "127.0.0.1", server.port, "shop", PASSWORD)
        with pytest.raises(HostKeyUnknown) as caught, open_server(account, {server.address}):
            pass
        assert server.heard == []
        assert caught.value.offered == server.host_key_line
        assert caught.value.fingerprint == server.host_key.fingerprint
        assert server.host_key.fingerprint in str(caught.value)
        with open_server(replace(account, host_key=caught.value.offered), {server.address}) as opened:
            assert opened.files("") == []
        assert server.heard[0] == "password of shop"


def test_sftp_refuses_another_key_than_the_confirmed_one(tmp_path: Path) -> None:
    """Of the same kind, and of another one."""
    for other in (paramiko.ECDSAKey.generate(), paramiko.RSAKey.generate(2048)):
        with SimulatedFileServer(tmp_path, password=PASSWORD) as server:
            pinned = f"{other.get_name()} {other.get_base64()}"
            account = FileAccount("sftp", "127.0.0.1", server.port, "shop", PASSWORD, host_key=pinned)
            assert kind_of(account) == Failure.ADDRESS
            assert server.heard == []


def test_sftp_comes_in_with_a_private_key(tmp_path: Path) -> None:
    key = paramiko.ECDSAKey.generate()
    text = io.StringIO()
    key.write_private_key(text)
    with SimulatedFileServer(tmp_path, password=PASSWORD) as server:
        server.client_key = key
        account = FileAccount("sftp", "127.0.0.1", server.port, "shop", "", text.getvalue(), server.host_key_line)
        with open_server(account, {server.address}) as opened:
            assert opened.files("") == []
        assert server.heard[0] == "key of shop"
        server.client_key = paramiko.ECDSAKey.generate()
        assert kind_of(account) == Failure.CREDENTIALS


def test_private_keys_that_cannot_be_read_are_told() -> None:
    for text in ("", "nonsense", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"):
        with pytest.raises(ValueError, match="no private key"):
            readable_key(text)
    locked = io.StringIO()
    paramiko.ECDSAKey.generate().write_private_key(locked, password="secret")
    with pytest.raises(ValueError, match="passphrase"):
        readable_key(locked.getvalue())


def test_ftps_refuses_a_certificate_nobody_vouches_for(tmp_path: Path, authority: Authority) -> None:
    for certificate in (authority.issue("127.0.0.1", trusted=False), authority.issue("files.example")):
        with ftp_server(tmp_path, certificate) as running:
            assert kind_of(running.account) == Failure.ADDRESS


def test_ftps_sends_no_password_to_a_server_without_tls(tmp_path: Path) -> None:
    seen: list[str] = []

    def noted(handler: Any, line: str) -> None:
        seen.append(line)

    with ftp_server(tmp_path, logline=noted) as running:
        assert kind_of(replace(running.account, protocol="ftps")) == Failure.ADDRESS
    assert not [line for line in seen if "USER" in line or "PASS" in line]


def test_c14_ftp_follows_no_answer_to_another_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server names 127.0.0.9 for its data; they go to where the control connection went."""
    (tmp_path / "a.csv").write_bytes(b"x")
    gone_to: list[str] = []
    connected = socket.create_connection

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        gone_to.append(address[0])
        return connected(("127.0.0.1", address[1]), *args, **kwargs)

    with (
        ftp_server(tmp_path, masquerade_address="127.0.0.9") as running,
        open_server(running.account, {running.address}) as opened,
    ):
        assert isinstance(opened, FtpServer)
        monkeypatch.setattr("ftplib.socket.create_connection", connect)
        assert [file.name for file in opened.files("")] == ["a.csv"]
        setattr(opened._server, "trust_server_pasv_ipv4_address", True)  # noqa: B010  control: told to, it would go there
        opened.files("")
    assert gone_to == ["127.0.0.1", "127.0.0.9"]


def test_ftp_without_mlsd_is_read_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_bytes(b"abc")
    os.utime(tmp_path / "out" / "a.csv", (1_790_000_000, 1_790_000_000))
    (tmp_path / "out" / "processed").mkdir()
    known = {name: what for name, what in FTPHandler.proto_cmds.items() if name != "MLSD"}
    with ftp_server(tmp_path, proto_cmds=known) as running, open_server(running.account, {running.address}) as opened:
        [file] = opened.files("out")
        assert (file.name, file.size, file.modified_at.timestamp()) == ("a.csv", 3, 1_790_000_000)
        assert opened.folders("out") == ["processed"]
        assert opened.files("out/processed") == []
        with pytest.raises(ShopError):
            fetch(opened, "nowhere", "a.csv")


def test_c17_line_breaks_never_reach_a_server(tmp_path: Path) -> None:
    with ftp_server(tmp_path) as running:
        assert kind_of(replace(running.account, password="x\r\nDELE a.csv")) == Failure.NONSENSE


def test_no_secret_is_in_a_repr(running: Running) -> None:
    assert PASSWORD not in repr(running.account)
