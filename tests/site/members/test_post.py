# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import email
import email.policy
import logging
import re
import smtplib
import socket
import ssl
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fronde.errors import Usage
from fronde.site.members import post
from fronde.site.members.post import FIXED, Mail, Outbox, Post, Smtp

pytestmark = pytest.mark.enable_socket

NOW = datetime.datetime(2026, 11, 3, 14, 37, 21, tzinfo=datetime.UTC)
MAIL = Mail("post@fronde.example", "anne.meyer@meridian.example", "7KQ4M2XD", "fronde.example")


def parsed(data: bytes):
    return email.message_from_bytes(data, policy=email.policy.default)


# -- the text


def test_the_mail_is_neutral():
    mail = parsed(bytes(MAIL.message(NOW)))
    assert mail["From"] == "Post room <post@fronde.example>"
    assert mail["To"] == "anne.meyer@meridian.example"
    assert mail["Subject"] == "Your code / Votre code"
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content().lower()
    for word in ("http", "www", "fronde.example/", "letter", "lettre", "sign", "petition", "meyer", "@"):
        assert word not in text


def test_the_code_and_the_host_stand_alone_on_their_lines():
    raw = bytes(MAIL.message(NOW))
    assert raw.count(b"\r\n7KQ4M2XD\r\n") == 1
    assert raw.count(b"\r\nfronde.example\r\n") == 1
    lines = parsed(raw).get_content().splitlines()
    assert [line for line in lines if re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", line)] == ["7KQ4M2XD"]


def test_two_mails_differ_only_in_whom_code_and_message_id():
    one = MAIL.message(NOW)
    two = Mail(MAIL.sender, "bob.roy@meridian.example", "00000000", MAIL.host).message(NOW)
    assert one.keys() == two.keys()
    assert {n for n in one if one[n] != two[n]} == {"To", "Message-ID"}
    assert one.get_content().replace(MAIL.code, "00000000") == two.get_content()


def test_the_message_id_is_random_and_of_the_senders_domain():
    ids = {MAIL.message(NOW)["Message-ID"] for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch("<[0-9a-f]{32}@fronde.example>", one) for one in ids)


def test_every_line_is_plain_ascii_and_short():
    raw = bytes(MAIL.message(NOW))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78


# -- the outbox


def test_the_outbox_holds_one_whole_file_a_mail(tmp_path):
    outbox = Outbox(tmp_path / "outbox")
    for _ in range(3):
        outbox(MAIL, NOW)
    files = list((tmp_path / "outbox").iterdir())
    assert len(files) == 3
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{32}\.eml", file.name)
        assert MAIL.code in parsed(file.read_bytes()).get_content()


def test_the_outbox_tells_no_time_but_the_day(tmp_path):
    Outbox(tmp_path)(MAIL, NOW)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mtime == file.stat().st_atime == FIXED
    assert parsed(file.read_bytes())["Date"] == "Tue, 03 Nov 2026 00:00:00 +0000"


def test_only_the_operator_reads_the_outbox(tmp_path):
    Outbox(tmp_path / "outbox")(MAIL, NOW)
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700


# -- FRONDE_SMTP_URL


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", Smtp("mail.example", 587, "starttls")),
        ("smtp://u%40x:p@mail.example:25", Smtp("mail.example", 25, "starttls", "u@x", "p")),
        ("smtps://u:p%40ss@mail.example", Smtp("mail.example", 465, "tls", "u", "p@ss")),
        ("smtps://localhost", Smtp("localhost", 465, "tls")),
        ("smtp://localhost", Smtp("localhost", 25, "plain")),
        ("smtp://127.0.0.1:1025", Smtp("127.0.0.1", 1025, "plain")),
        ("smtp://u:p@[::1]:26/", Smtp("::1", 26, "plain", "u", "p")),
    ],
)
def test_the_address_of_a_mail_server_is_read(url, expected):
    assert Smtp.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://:secret@",
        "smtps://u:secret@mail.example:99999",
        "smtps://u:secret@mail.example:port",
        "smtps://u:secret@mail.example/path",
        "smtps://u:secret@mail.example?tls=no",
        "smtps://u:secret@mail.example#x",
        "smtp+starttls://u:secret@mail.example",
        "smtps://u:secret@[mail.example",
    ],
)
def test_a_bad_address_is_refused_without_repeating_the_password(url):
    with pytest.raises(Usage) as refused:
        Smtp.parse(url)
    assert refused.value.name == "smtp-url"
    assert "secret" not in refused.value.message + refused.value.hint


def test_a_mail_server_is_never_printed_with_its_password():
    assert "secret" not in repr(Smtp.parse("smtps://u:secret@mail.example"))


# -- a real mail server


class Server:
    """Collects mails; answers RCPT with `rcpt`."""

    def __init__(self, rcpt: str = "250 OK") -> None:
        self.mails: list = []
        self.names: list[str] = []
        self.asked = 0
        self.rcpt = rcpt

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.names.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked += 1
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def serve():
    running = []

    def start(handler, **more):
        controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **more)
        controller.start()
        running.append(controller)
        return controller.port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(what the server shows, what the client trusts) for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime.now(datetime.UTC) - day)
        .not_valid_after(datetime.datetime.now(datetime.UTC) + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + pem
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())


def test_a_mail_goes_out_over_smtp(serve):
    handler = Server()
    Smtp("127.0.0.1", serve(handler), "plain")(MAIL, NOW)
    (sent,) = handler.mails
    assert (sent.mail_from, sent.rcpt_tos) == (MAIL.sender, [MAIL.to])
    assert parsed(sent.content)["Date"] == "Tue, 03 Nov 2026 14:00:00 +0000"
    assert MAIL.code in parsed(sent.content).get_content()


def test_the_machines_own_name_is_not_told(serve):
    handler = Server()
    Smtp("127.0.0.1", serve(handler), "plain")(MAIL, NOW)
    assert handler.names == ["fronde.example"]


def test_a_password_travels_only_inside_starttls(serve, certificate):
    handler, logins = Server(), []

    def check(server, session, envelope, mechanism, data):
        logins.append((session.ssl is not None, data.login, data.password))
        return AuthResult(success=True)

    port = serve(
        handler, tls_context=certificate[0], require_starttls=True, authenticator=check, auth_required=True
    )
    Smtp("localhost", port, "starttls", "user", "pass", certificate[1])(MAIL, NOW)
    assert logins == [(True, b"user", b"pass")]
    assert len(handler.mails) == 1


def test_starttls_that_is_not_offered_sends_nothing(serve):
    handler = Server()
    with pytest.raises(smtplib.SMTPNotSupportedError):
        Smtp("127.0.0.1", serve(handler), "starttls")(MAIL, NOW)
    assert not handler.mails


def test_a_certificate_that_nobody_trusts_sends_nothing(serve, certificate):
    handler = Server()
    port = serve(handler, tls_context=certificate[0])
    with pytest.raises(ssl.SSLCertVerificationError):
        Smtp("localhost", port, "starttls")(MAIL, NOW)
    assert not handler.mails


def test_smtps_speaks_tls_from_the_start(serve, certificate):
    handler = Server()
    port = serve(handler, ssl_context=certificate[0], server_hostname="localhost")
    Smtp("localhost", port, "tls", context=certificate[1])(MAIL, NOW)
    assert len(handler.mails) == 1


# -- the background


class Flaky:
    """Fails as often as it is told, with this error."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or ConnectionRefusedError("anne.meyer@meridian.example")
        self.calls = 0
        self.carried: list[Mail] = []

    def __call__(self, mail: Mail, now: datetime.datetime) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        self.carried.append(mail)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(post, "PAUSES", (0.0, 0.0, 0.0))


def carry(carrier) -> Post:
    room = Post(carrier, lambda: NOW, threads=1)
    assert room.put(MAIL)
    room.stop()
    return room


def test_a_mail_is_sent_in_the_background():
    room = carry(carrier := Flaky(0))
    assert carrier.carried == [MAIL]
    assert (room.sent, room.failed) == (1, 0)


def test_a_mail_server_that_comes_back_gets_the_mail():
    # The pauses are real waits on an event; three of no length stand for them.
    carrier = Flaky(3)
    room = Post(carrier, lambda: NOW, threads=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(post, "PAUSES", (0.0, 0.0, 0.0))
        assert room._send(MAIL)
    assert carrier.carried == [MAIL]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPRecipientsRefused({MAIL.to: (450, b"later")}),
        ssl.SSLError("no"),
        ValueError("what nobody thought of"),
    ],
)
def test_after_four_tries_a_mail_is_given_up(error):
    carrier = Flaky(99, error)
    assert not Post(carrier, lambda: NOW)._send(MAIL)
    assert carrier.calls == 4


@pytest.mark.usefixtures("quick")
def test_a_mailbox_that_the_server_does_not_know_is_not_tried_again(serve):
    handler = Server("550 no such user")
    room = carry(Smtp("127.0.0.1", serve(handler), "plain"))
    assert (room.sent, room.failed, handler.asked) == (0, 1, 1)


def test_a_failure_is_counted_and_never_logged(caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        room = carry(Flaky(99))
    assert (room.sent, room.failed) == (0, 1)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_too_many_waiting_mails_are_refused_at_once():
    busy, go_on = threading.Event(), threading.Event()

    def slow(mail, now):
        busy.set()
        assert go_on.wait(10)

    room = Post(slow, lambda: NOW, most=2, threads=1)
    assert room.put(MAIL)
    assert busy.wait(10)
    assert room.put(MAIL)
    assert room.put(MAIL)
    assert not room.put(MAIL)
    go_on.set()
    room.stop()
    assert room.sent == 3


def test_a_stopped_post_room_can_go_on():
    room = carry(carrier := Flaky(0))
    assert room.put(MAIL)
    room.stop()
    assert len(carrier.carried) == 2
