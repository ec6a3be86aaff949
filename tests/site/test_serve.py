# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from django.db import connections

from fronde.site.folder import INSTANCE
from tests.site.village import SLUG, Village

pytestmark = pytest.mark.usefixtures("own_settings")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "fronde.cli.main", *words]


def get(url: str) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
            answer.read()
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_serves_refuses_a_second_one_and_ends_cleanly(village: Village, number):
    connections.close_all()
    port = free_port()
    path = str(village.folder.path)
    server = subprocess.Popen(
        command("serve", path, "--bind", f"127.0.0.1:{port}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline().decode()
        assert f"http://127.0.0.1:{port}" in line
        status, headers = get(f"http://127.0.0.1:{port}/log/checkpoint")
        assert status == 200
        assert "Server" not in headers
        assert get(f"http://127.0.0.1:{port}//log/checkpoint")[0] == 404
        assert get(f"http://localhost:{port}/policy")[0] == 200
        second = subprocess.run(
            command("serve", path, "--bind", f"127.0.0.1:{free_port()}"), capture_output=True, check=False
        )
        assert second.returncode == 1
        assert b"already-served" in second.stderr
        # A command works beside the server, and the server publishes what it brought.
        burned = subprocess.run(command("slots", "burn", "--data", path), capture_output=True, check=False)
        assert burned.returncode == 0, burned.stderr
        server.send_signal(number)
        rest = server.stdout.read()
        assert server.wait(30) == 0
        assert rest == b""
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_an_address_that_is_taken_is_told(village: Village):
    connections.close_all()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        tried = subprocess.run(
            command("serve", str(village.folder.path), "--bind", bind), capture_output=True, check=False
        )
    assert tried.returncode == 64
    assert b"id: bind" in tried.stderr


def test_a_server_whose_past_is_lost_reads_and_takes_nothing_in(village: Village):
    village.folder.high_water(INSTANCE).unlink()
    connections.close_all()
    port = free_port()
    server = subprocess.Popen(
        command("serve", str(village.folder.path), "--bind", f"127.0.0.1:{port}"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert b"Nothing is signed or issued" in server.stdout.readline()
        assert b"Fronde serves" in server.stdout.readline()
        assert get(f"http://127.0.0.1:{port}/log/checkpoint")[0] == 200
        body = b'{"challenge":"' + b"A" * 43 + b'","mailbox":"ada@meridian.example","type":"join","v":1}'
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/w/{SLUG}/join", body, {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=30)  # noqa: S310
        caught.value.close()
        assert caught.value.code == 503
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()
