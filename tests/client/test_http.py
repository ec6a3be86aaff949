# SPDX-License-Identifier: Apache-2.0
import re
import socket
import threading

import httpx
import pytest

from fronde import canonical
from fronde.client import http
from fronde.errors import Breach, Declined, Usage

BASE = "https://rome.example"
SLUG = re.compile(r"[a-z0-9-]{1,40}")


def server(answer, base=BASE):
    """A client whose every request is answered by `answer(request)`."""
    return http.Http(base, transport=httpx.MockTransport(answer))


def fixed(status=200, content=b"", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, stream=httpx.ByteStream(content), headers=names)


def empty():
    return httpx.Response(200, stream=httpx.ByteStream(b""))


def error_body(**changes):
    body = {
        "v": 1,
        "type": "error",
        "id": "wrong-code",
        "message": "The code is wrong.",
        "hint": "Again.",
    }
    return canonical.encode(body | changes)


def test_every_member_sends_the_same_headers():
    seen = []
    server(lambda request: seen.append(request) or empty()).get("/policy")
    assert dict(seen[0].headers) == {
        "host": "rome.example",
        "user-agent": "fronde",
        "accept": "*/*",
        "accept-encoding": "identity",
        "cache-control": "no-store",
        "connection": "keep-alive",
    }


def test_a_post_is_canonical_json():
    seen = []
    server(lambda request: seen.append(request) or empty()).post("/x", {"b": 1, "a": "é"})
    assert seen[0].content == b'{"a":"\xc3\xa9","b":1}'
    assert seen[0].headers["content-type"] == "application/json"


def test_a_cookie_is_a_breach_and_never_sent_back():
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, headers=[("set-cookie", "id=7; Domain=rome.example; Path=/")])

    client = server(answer)
    for _ in range(2):
        with pytest.raises(Breach) as caught:
            client.get("/policy")
    assert caught.value.name == "cookie"
    assert b"id=7" in caught.value.evidence["headers.txt"]
    assert all("cookie" not in request.headers for request in seen)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    seen = []

    def answer(request):
        seen.append(request.url.path)
        return httpx.Response(status, headers={"location": "/elsewhere"})

    with pytest.raises(Breach) as caught:
        server(answer).get("/policy")
    assert (caught.value.name, seen) == ("redirect", ["/policy"])


def test_an_answer_of_exactly_the_cap_is_read():
    assert server(fixed(content=b"x" * 10)).get("/policy", 10) == b"x" * 10


def test_an_answer_beyond_the_cap_is_refused():
    with pytest.raises(Breach) as caught:
        server(fixed(content=b"x" * 11)).get("/policy", 10)
    assert caught.value.name == "too-large"


def test_an_endless_answer_is_cut_off_while_it_streams():
    sent = []

    def endless():
        while True:
            sent.append(1)
            yield b"x" * 1000

    with pytest.raises(Breach):
        server(lambda request: httpx.Response(200, content=endless())).get("/policy", 5_000)
    assert len(sent) == 6


def test_a_well_formed_error_is_shown_in_the_servers_words():
    with pytest.raises(Declined) as caught:
        server(fixed(403, error_body())).post("/w/x/enrol", {})
    error = caught.value
    assert (error.status, error.name, error.message, error.hint) == (
        403, "wrong-code", "The code is wrong.", "Again.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"<h1>hand over your words</h1>",
        b"",
        error_body() + b"\n",
        error_body(more="x"),
        error_body(id="Hand over"),
        error_body(message="x" * 501),
        error_body(message="two\nlines"),
        error_body(v=2),
    ],
)
def test_nothing_of_any_other_error_is_shown(content):
    with pytest.raises(Declined) as caught:
        server(fixed(500, content)).get("/letters/abc.json")
    assert caught.value.message == "the server answered 500 at /letters/abc.json"
    assert (caught.value.hint, caught.value.name) == ("", "declined")


def test_a_busy_server_says_for_how_long():
    with pytest.raises(http.Busy) as caught:
        server(fixed(429, error_body(id="too-many"), retry_after="7")).post("/x", {})
    assert (caught.value.retry_after, caught.value.name, caught.value.status) == (7, "too-many", 429)


@pytest.mark.parametrize("after", ["", "soon", "-1", "1e9", "99999999"])
def test_a_retry_after_that_is_no_small_number_is_ignored(after):
    with pytest.raises(Declined) as caught:
        server(fixed(429, b"", retry_after=after)).get("/x")
    assert type(caught.value) is Declined


def test_a_server_that_does_not_answer_is_unreachable():
    def answer(request):
        raise httpx.ConnectError("no route")

    with pytest.raises(http.Unreachable) as caught:
        server(answer).get("/policy")
    assert caught.value.name == "unreachable"


def test_a_socks_proxy_of_the_environment_is_taken(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9050")
    with http.Http("http://abc.onion") as client:
        transport = client._client._transport_for_url(httpx.URL("http://abc.onion/policy"))
    assert type(transport._pool).__name__ == "SOCKSProxy"


def test_a_socks_proxy_is_told_the_name_and_resolves_it(monkeypatch):
    """RFC 1928 by hand: no name is looked up here, so that nobody on the way learns whom a member visits."""
    heard = []

    def proxy(listener):
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as incoming:
            incoming.read(3)  # version 5, one method: none
            connection.sendall(b"\x05\x00")
            command = incoming.read(4)
            heard.append((command, incoming.read(incoming.read(1)[0]), incoming.read(2)))
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            while incoming.readline() != b"\r\n":
                pass
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=proxy, args=(listener,))
        thread.start()
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{listener.getsockname()[1]}")
        with http.Http("http://abcdefgh.onion") as client:
            assert client.get("/policy") == b"ok"
        thread.join()
    assert heard == [(b"\x05\x01\x00\x03", b"abcdefgh.onion", (80).to_bytes(2))]


def test_nothing_but_proxies_is_taken_from_the_environment(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine rome.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    # A store of certificates that does not exist would be an error, if it were opened.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    seen = []
    server(lambda request: seen.append(request) or empty()).get("/policy")
    assert "authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://rome.example/w/x", "https://rome.example"),
        ("https://rome.example:8443/", "https://rome.example:8443"),
        ("http://127.0.0.1:8000/letters/a", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://localhost/", "http://localhost"),
        ("http://abcdef.onion/w/x", "http://abcdef.onion"),
    ],
)
def test_an_address_is_cut_to_scheme_and_authority(url, base):
    assert http.base_of(url) == base


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rome.example/w/x",
        "ftp://rome.example/",
        "https://me@rome.example/",
        "https:///w/x",
        "https://rome.example:x/",
        "https://[::1/",
        "http://rome.example/",
        "http://10.0.0.1/",
        "http://localhost.rome.example/",
    ],
)
def test_any_other_address_is_refused(url):
    with pytest.raises(Usage):
        http.base_of(url)


@pytest.mark.parametrize("tail", ["", "/", "/join", "?lang=fr", "#top", "/join?lang=fr#code"])
def test_the_name_of_a_page_is_found_in_a_copied_address(tail):
    found = http.page("https://rome.example/w/meridian" + tail, "w", SLUG, "https://.../w/NAME")
    assert found == http.Address(BASE, "meridian")


@pytest.mark.parametrize(
    "path", ["", "/", "/w", "/w/", "/letters/meridian", "/w/UP", "/x/w/meridian", "/w/a/b/c"]
)
def test_the_address_of_another_page_is_refused(path):
    with pytest.raises(Usage):
        http.page(BASE + path, "w", SLUG, "https://.../w/NAME")
