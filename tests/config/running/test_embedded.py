"""The embedded servers, started for real: data stay, one supervisor at a time, nothing is left running."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from config.running.embedded import EmbeddedError, Servers, binaries, folders, locations
from config.running.embedded.account import RunAs, SystemAccount
from tests.config.conftest import CHECKOUT, is_running
from tests.waiting import until

Script = Callable[..., subprocess.Popen[str]]

SUPERVISOR = """
import signal, sys, time
from pathlib import Path
from config.running.embedded import Servers, child
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background inherits that it is ignored
if sys.argv[2] == "orphans":
    child.dies_with_parent = lambda signum: None
with Servers(Path(sys.argv[1]), durable=sys.argv[3] == "durable") as servers:
    print(*(server.child.process.pid for server in servers._servers))
    time.sleep(60)
"""


def started(process: subprocess.Popen[str]) -> list[int]:
    """The processes of the servers, once they answer."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return [int(word) for word in line.split()]


def pids(servers: Servers) -> list[int]:
    assert servers._servers
    return [server.child.process.pid for server in servers._servers if server.child.process]


def run_sql(servers: Servers, *statements: str) -> list[tuple[object, ...]]:
    """The rows of the last statement."""
    with psycopg.connect(servers.locations.database_url, autocommit=True) as connection:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            cursor = connection.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
        return rows


def bells(servers: Servers) -> redis.Redis:
    return redis.Redis.from_url(servers.locations.redis_url)


def test_data_outlive_a_stop_in_a_path_with_spaces_letters_and_150_characters(folder: Path) -> None:
    data_dir = folder / ("účetní dům " * 20)[: 150 - len(str(folder))].strip()
    with Servers(data_dir) as servers:
        first = pids(servers)
        run_sql(servers, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('ano')")
        bells(servers).set("kept", "yes")
        assert servers.alive()
        assert locations(data_dir) == servers.locations
        assert stat.S_IMODE(servers.locations.socket_dir.stat().st_mode) == 0o700
        shown = run_sql(
            servers,
            "SELECT current_setting('listen_addresses'), current_setting('fsync'), datlocprovider, datlocale "
            "FROM pg_database WHERE datname = current_database()",
        )
        assert shown == [("", "on", "b", "C.UTF-8")]
        settings = bells(servers).config_get("*")
        assert {key: settings[key] for key in ("port", "appendonly", "save", "maxmemory-policy")} == {
            "port": "0",
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
    assert not any(is_running(pid) for pid in first)
    assert not servers.locations.socket_dir.exists()
    with Servers(data_dir) as servers:
        assert run_sql(servers, "SELECT word FROM kept") == [("ano",)]
        assert bells(servers).get("kept") == b"yes"
        assert set(pids(servers)).isdisjoint(first)


OLDER = sorted(path for path in Path("/usr/lib/postgresql").glob("1[56]/bin") if (path / "initdb").exists())


@pytest.mark.skipif(not OLDER, reason="there is no PostgreSQL 15 or 16 on this machine")
def test_an_older_postgresql_knows_all_letters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(binaries.POSTGRES_VARIABLE, str(OLDER[-1]))
    with Servers(folder, durable=False) as servers:
        [(version, lower)] = run_sql(servers, "SELECT current_setting('server_version_num')::int / 10000, lower('ČÄŽ')")
    assert (version, lower) == (int(OLDER[-1].parent.name), "čäž")


def test_a_folder_of_another_version_is_not_touched(folder: Path) -> None:
    made_by = folder / "data" / "postgres" / "PG_VERSION"
    made_by.parent.mkdir(parents=True)
    made_by.write_text("9\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 9, but here is 1\d\. Use"), Servers(folder / "data"):
        pass
    assert made_by.read_text() == "9\n"


def test_second_supervisor_is_refused_and_harms_nothing(folder: Path) -> None:
    with Servers(folder / "data", durable=False) as servers:
        with pytest.raises(EmbeddedError, match="already runs with the data folder"), Servers(folder / "data"):
            pass
        assert servers.alive()
        assert run_sql(servers, "SELECT 1") == [(1,)]


def test_a_dead_server_is_started_again_with_its_data(folder: Path) -> None:
    with Servers(folder / "data") as servers:
        run_sql(servers, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('ano')")
        assert servers.restart_dead() == ()
        postgres, valkey = pids(servers)
        os.kill(postgres, signal.SIGKILL)
        assert until(lambda: not servers.alive())
        assert servers.restart_dead() == ("PostgreSQL",)
        assert run_sql(servers, "SELECT word FROM kept") == [("ano",)]
        os.kill(valkey, signal.SIGKILL)
        assert until(lambda: not servers.alive())
        assert servers.restart_dead() == ("Valkey",)
        assert bells(servers).ping()
        assert servers.alive()


def test_next_start_takes_over_from_a_killed_supervisor(folder: Path, script: Script) -> None:
    process = script(SUPERVISOR, str(folder / "data"), "orphans", "durable")
    orphans = started(process)
    process.kill()
    process.wait()
    assert all(is_running(pid) for pid in orphans)
    address = locations(folder / "data").redis_url
    redis.Redis.from_url(address).set("kept", "yes")
    with Servers(folder / "data") as servers:
        assert not any(is_running(pid) for pid in orphans)
        assert servers.locations.redis_url == address
        assert bells(servers).get("kept") == b"yes"
        assert run_sql(servers, "SELECT 1") == [(1,)]


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="the kernel's signal at a parent's death is Linux's")
def test_servers_do_not_outlive_a_killed_supervisor(folder: Path, script: Script) -> None:
    process = script(SUPERVISOR, str(folder / "data"), "", "")
    servers = started(process)
    process.kill()
    process.wait()
    assert until(lambda: not any(is_running(pid) for pid in servers))
    with Servers(folder / "data", durable=False) as again:
        assert again.alive()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_after_a_signal(folder: Path, script: Script, signum: signal.Signals) -> None:
    process = script(SUPERVISOR, str(folder / "data"), "orphans", "")
    servers = started(process)
    process.send_signal(signum)
    process.wait(90)
    assert not any(is_running(pid) for pid in servers)
    assert not (folder / "data" / "sockets").exists()


def test_a_stranger_with_the_old_number_is_left_alone(folder: Path) -> None:
    """After a crash and a reboot the number in postmaster.pid may be anybody's."""
    data_dir = folder / "data"
    with Servers(data_dir, durable=False):
        lines = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        forged = data_dir / "postgres" / "postmaster.pid"
        forged.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with Servers(data_dir, durable=False) as servers:
            assert run_sql(servers, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_does_not_start_says_why(folder: Path) -> None:
    data_dir = folder / "data"
    with Servers(data_dir, durable=False) as servers:
        socket_dir = servers.locations.socket_dir
    with (data_dir / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(
        EmbeddedError, match=r"PostgreSQL ended while starting(.|\n)*no_such_setting(.|\n)*postgres\.log"
    ):
        Servers(data_dir, durable=False).start()
    assert not socket_dir.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the servers another account")
class TestAsRoot:
    def test_binaries_that_nobody_can_reach_are_copied(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binaries, "can_reach", lambda account, path: False)
        with Servers(folder / "data", durable=False) as servers:
            assert run_sql(servers, "SELECT 1") == [(1,)]
            assert servers._servers
            for server in servers._servers:
                assert server.child.process
                program = Path(f"/proc/{server.child.process.pid}/exe").resolve()
                assert program.is_relative_to(folder / "data" / "binaries")
                assert Path(f"/proc/{server.child.process.pid}").stat().st_uid != 0

    def test_a_data_folder_that_nobody_can_reach_is_refused_and_not_loosened(self, folder: Path) -> None:
        folder.chmod(0o700)
        with pytest.raises(EmbeddedError, match="`nobody`, who cannot enter"):
            Servers(folder / "data", durable=False).start()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_an_ordinary_user_needs_no_root(self, folder: Path) -> None:
        """Run as `nobody` by an interpreter that everyone can reach; the package needs the standard library only."""
        nobody = pwd.getpwnam("nobody")
        run_as = RunAs(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        probe = "import sys, config.running.embedded; sys.exit(sys.version_info < (3, 11))"
        environment = {
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONDONTWRITEBYTECODE": "1",
            binaries.POSTGRES_VARIABLE: str(binaries.find_postgres()),
            binaries.VALKEY_VARIABLE: str(binaries.find_valkey()),
        }
        python = ["/usr/bin/python3", "-c"]
        if subprocess.run([*python, probe], cwd="/", env=environment, capture_output=True, **run_as).returncode:
            pytest.skip("no Python 3.11 that every account can run, or a checkout that is closed to them")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        code = SUPERVISOR.replace("time.sleep(60)", "print(servers.alive())")
        command = [*python, code, str(folder / "data"), "", ""]
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, **run_as)
        assert done.returncode == 0, done.stderr
        numbers, alive = done.stdout.splitlines()
        assert alive == "True"
        assert not any(is_running(int(pid)) for pid in numbers.split())
        assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700


class TestPlaces:
    def test_addresses_start_and_write_nothing(self, folder: Path) -> None:
        found = locations(folder / "data")
        assert not (folder / "data").exists()
        assert not found.socket_dir.exists()
        assert locations(folder / "other").socket_dir != found.socket_dir

    def test_a_noted_socket_folder_wins_while_it_is_there(self, folder: Path) -> None:
        noted = folder / "a socket folder"
        noted.mkdir()
        folders.note(folder).write_text(f"{noted}\n")
        assert locations(folder).socket_dir == noted
        assert locations(folder).redis_url.startswith(f"unix://{folder}/a%20socket%20folder/")
        noted.rmdir()
        assert locations(folder).socket_dir == folders.default_socket_dir(folder)

    def test_a_link_in_place_of_the_socket_folder_is_refused(self, folder: Path) -> None:
        (folder / "elsewhere").mkdir()
        (folder / "sockets").symlink_to(folder / "elsewhere")
        with pytest.raises(EmbeddedError, match="link or belongs to someone else"):
            folders.make_socket_dir(folder / "sockets", SystemAccount(os.geteuid(), os.getegid()))

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of someone else")
    def test_a_socket_folder_of_someone_else_is_refused(self, folder: Path) -> None:
        (folder / "sockets").mkdir()
        os.chown(folder / "sockets", 4321, 4321)
        with pytest.raises(EmbeddedError, match="link or belongs to someone else"):
            folders.make_socket_dir(folder / "sockets", SystemAccount(os.geteuid(), os.getegid()))

    def test_the_socket_path_fits_into_the_systems_limit(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        deep = folder / ("d" * 80)
        deep.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(deep))
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        path = folders.default_socket_dir(folder) / f"{folders.POSTGRES_SOCKET}.lock"
        assert len(os.fsencode(path)) <= folders.LONGEST_SOCKET_PATH


@pytest.mark.parametrize(
    ("variable", "find"),
    [(binaries.POSTGRES_VARIABLE, binaries.find_postgres), (binaries.VALKEY_VARIABLE, binaries.find_valkey)],
)
def test_a_wrong_path_of_binaries_is_named(
    variable: str, find: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv(variable, str(folder))
    with pytest.raises(EmbeddedError, match=variable):
        find()


def test_missing_binaries_name_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_in_wheel", lambda package, pattern: [])
    monkeypatch.setattr(binaries, "_is_postgres", lambda folder: False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmbeddedError, match="DATABASE_URL and REDIS_URL"):
        binaries.find()
