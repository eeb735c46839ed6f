"""The mail server of the demo as a program: letters are files, and stay over a restart."""

from __future__ import annotations

import signal
import smtplib
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

from config.demo.programs import free_port
from config.running.listening import wait_for_port


def test_letters_are_kept_over_a_restart(tmp_path: Path) -> None:
    port = free_port(0)
    command = [sys.executable, "manage.py", "simulate_mail", "--port", str(port), "--folder", str(tmp_path)]
    for number in range(2):
        program = subprocess.Popen(command)
        assert wait_for_port("127.0.0.1", port)
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("shop@tea.example", ["jana@mail.example"], f"Subject: {number}\r\n\r\nHello")
        program.send_signal(signal.SIGTERM)
        assert program.wait(50) == 0
    kept = [message_from_bytes(path.read_bytes())["Subject"] for path in sorted(tmp_path.glob("*.eml"))]
    assert kept == ["0", "1"]
