# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from fronde import canonical, form
from fronde.errors import Declined, Refused, Stopped, Unreadable
from fronde.site import http
from tests.site.village import HOST, Village, client, post

ORIGIN = f"https://{HOST}"
FORM = form.document("hello", {"name": form.text(10)})
HELLO = {"v": 1, "type": "hello", "name": "you"}


@http.post(FORM, limit=100)
def hello(request: HttpRequest, body: dict, **kwargs: object) -> bytes:
    return canonical.encode({"hello": body["name"]})


def asked(data: bytes | dict = HELLO, *, kind: str = "application/json", method: str = "POST", **meta: str):
    body = data if isinstance(data, bytes) else canonical.encode(data)
    headers = {name.replace("_", "-"): value for name, value in meta.items()}
    return RequestFactory().generic(method, "/hello", body, content_type=kind, headers=headers)


@pytest.fixture(autouse=True)
def origins(monkeypatch):
    monkeypatch.setattr(settings, "FRONDE_ORIGINS", [ORIGIN, "http://127.0.0.1:8000"])


def said(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, canonical.decode(answer.content)["id"]


# -- the pipeline


def test_a_canonical_body_of_the_right_form_reaches_the_view():
    answer = hello(asked())
    assert answer.status_code == 200
    assert answer.content == b'{"hello":"you"}'
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/JSON", "application/json;x=y"]
)
def test_parameters_of_the_type_are_ignored(kind):
    assert hello(asked(kind=kind)).status_code == 200


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked(method="PUT", origin="https://evil.example", kind="text/plain"), (405, "method")),
        (asked(b"x" * 101, kind="text/plain", origin="https://evil.example"), (403, "origin")),
        (asked(b"x" * 101, kind="text/plain"), (415, "content-type")),
        (asked(b"x" * 101), (413, "too-long")),
        (asked(b"{}  "), (400, "not-canonical")),
        (asked({"v": 1, "type": "hello"}), (400, "bad-form")),
        (asked({**HELLO, "more": 1}), (400, "bad-form")),
        (asked({**HELLO, "name": 1}), (400, "bad-form")),
        (asked({**HELLO, "v": 2}), (400, "newer")),
        (asked(b"[]"), (400, "bad-form")),
        (asked(b'{"name":"you","name":"you","type":"hello","v":1}'), (400, "not-canonical")),
        (asked(b"\xff\xfe"), (400, "not-canonical")),
    ],
)
def test_what_is_wrong_is_told_in_this_order(request_, expected):
    assert said(hello(request_)) == expected


@pytest.mark.parametrize("origin", [ORIGIN, "http://127.0.0.1:8000"])
def test_our_own_origins_may_post(origin):
    assert hello(asked(origin=origin, sec_fetch_site="same-origin")).status_code == 200


@pytest.mark.parametrize(
    "origin", ["null", "", "https://evil.example", ORIGIN + ":444", f"http://{HOST}", ORIGIN + "/"]
)
def test_another_origin_may_not(origin):
    assert said(hello(asked(origin=origin))) == (403, "origin")


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none", ""])
def test_another_site_may_not(site):
    assert said(hello(asked(sec_fetch_site=site))) == (403, "origin")


@pytest.mark.parametrize("length", ["many", "-1", "1e3", "٣"])
def test_a_length_that_is_no_number_is_refused(length):
    request = asked()
    request.META["CONTENT_LENGTH"] = length
    assert said(hello(request)) == (400, "length")


def test_a_body_that_says_it_is_too_long_is_not_read():
    request = asked()
    request.META["CONTENT_LENGTH"] = "9" * 5000
    request._stream = None
    assert said(hello(request)) == (413, "too-long")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Declined("No.", status=418, name="teapot"), 418),
        (Refused("No."), 422),
        (Unreadable("What?"), 400),
        (Stopped("Broken."), 503),
        (Http404(), 404),
    ],
)
def test_an_error_of_the_view_becomes_its_status(error, status):
    @http.post(FORM)
    def view(request, body):
        raise error

    answer = view(asked())
    assert answer.status_code == status
    assert answer["Cache-Control"] == "no-store"
    assert canonical.decode(answer.content)["type"] == "error"


def test_too_many_says_when_to_come_back():
    answer = http.answer(http.TooMany("Too many.", after=2.1))
    assert (answer.status_code, answer["Retry-After"]) == (429, "3")
    assert http.answer(http.TooMany("Too many.", after=0))["Retry-After"] == "1"


def test_a_mistake_of_ours_is_500_and_nothing_of_the_request_is_logged(caplog):
    @http.post(FORM)
    def view(request, body):
        raise ValueError(body["name"])

    assert said(view(asked({**HELLO, "name": "meridian"}))) == (500, "internal")
    assert "ValueError" in caplog.text
    assert "meridian" not in caplog.text


def test_a_message_that_quotes_what_was_sent_is_made_one_line():
    answer = http.error_response(422, "x", "a\nb\x00" + "c" * 600, "\x85")
    body = canonical.decode(answer.content)
    assert body["message"].startswith("a?b?c")
    assert len(body["message"]) == 500
    assert body["hint"] == "?"


# -- one address, several methods


def test_an_address_answers_its_methods_and_names_them():
    view = http.by_method(GET=lambda request: HttpResponse(b"read"), POST=hello)
    assert view(asked(method="GET")).content == b"read"
    assert view(asked(method="HEAD")).content == b"read"
    assert view(asked()).content == b'{"hello":"you"}'
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        answer = view(asked(method=method))
        assert said(answer) == (405, "method")
        assert answer["Allow"] == "GET, HEAD, POST"
    assert http.by_method(POST=hello)(asked(method="GET"))["Allow"] == "POST"
    assert http.by_method(GET=hello)(asked())["Allow"] == "GET, HEAD"


def test_what_is_not_there_comes_before_the_method():
    def nothing() -> None:
        raise Http404

    view = http.by_method(POST=hello, find=nothing)
    assert said(view(asked(method="PUT"))) == (404, "not-found")
    with pytest.raises(Http404):
        view(asked(method="GET"))


# -- hosts and paths


def test_a_host_that_is_not_configured_is_400(village: Village):
    for host in ("evil.example", "fronde.example:444", "fronde.example.evil.example", ""):
        assert client().get("/policy", headers={"host": host}).status_code == 400
    for host in ("fronde.example", "FRONDE.example", "127.0.0.1:8000", "localhost:8000"):
        assert client().get("/policy", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/log//checkpoint",
        "/log/../policy",
        "/./policy",
        "/policy/",
        "/log/checkpoint/",
        "/Policy",
    ],
)
def test_another_spelling_of_a_path_is_404(village: Village, path):
    assert client().generic("GET", path).status_code == 404


def test_an_escaped_path_is_404(village: Village):
    for path in ("/p%6flicy", "//policy", "http://fronde.example/policy"):
        assert client().get("/policy", REQUEST_URI=path).status_code == 404
    assert client().get("/policy", REQUEST_URI="/policy?lang=en").status_code == 200


@pytest.mark.parametrize("query", ["&" * 2_000, "a=1&" * 500, "a=1&" * 60_000])
def test_a_query_of_many_fields_breaks_nothing(village: Village, caplog, query):
    answer = client().get("/", QUERY_STRING=query)
    assert answer.status_code == (200 if len(query) <= 2_000 else 404)
    assert answer["Content-Security-Policy"]
    assert caplog.text == ""


@pytest.mark.parametrize("method", ["get", "head"])
def test_who_reads_at_the_door_gets_a_page_in_a_language_of_theirs(village: Village, method):
    ask = getattr(client(), method)
    refused = [
        (400, ask("/", headers={"host": "evil.example", "accept-language": "fr"})),
        (404, ask("/policy", REQUEST_URI="//policy", headers={"accept-language": "fr"})),
        (404, ask("/nowhere", headers={"accept-language": "fr"})),
    ]
    for status, answer in refused:
        assert answer.status_code == status
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert answer["Content-Language"] == "fr"
        assert answer["Vary"] == "Accept-Language"
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Security-Policy"]
    if method == "get":
        assert b"<code>host</code>" in refused[0][1].content
        assert b'lang="fr"' in refused[0][1].content


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_whatever_else_comes_to_the_door_gets_the_canonical_error(village: Village, method):
    for host, path, expected in (("evil.example", "/", "host"), (HOST, "//", "not-found")):
        answer = client().generic(method, "/", REQUEST_URI=path, headers={"host": host})
        assert canonical.decode(answer.content)["id"] == expected


def test_a_static_file_is_served_under_its_own_spelling_and_host_only(village: Village):
    own = client().get("/static/sign.js")
    assert b"".join(own.streaming_content)
    assert own.status_code == 200
    assert client().get("/static/sign.js", REQUEST_URI="/static/%73ign.js").status_code == 404
    assert client().get("/static/sign.js", headers={"host": "evil.example"}).status_code == 400


def test_what_is_refused_at_the_door_has_a_length_and_for_head_no_body(village: Village):
    for asked in (client().head("//policy"), client().head("/policy", HTTP_HOST="evil.example")):
        assert int(asked["Content-Length"]) > 0
        assert asked.content == b""


def test_head_has_the_length_and_no_body(village: Village):
    whole, head = client().get("/policy"), client().head("/policy")
    assert head.status_code == 200
    assert head.content == b""
    assert head["Content-Length"] == whole["Content-Length"] == str(len(whole.content))


def test_no_answer_sets_a_cookie_or_reads_one(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    browser = client()
    browser.cookies["sessionid"] = "x" * 32
    pages = [
        "/",
        "/policy",
        f"/letters/{letter.id}",
        f"/letters/{letter.id}/sign",
        "/w/meridian/join",
        "/nothing",
    ]
    answers = [browser.get(path) for path in pages]
    answers.append(post(browser, f"/letters/{letter.id}/sign", member.sign(letter)))
    answers.append(post(browser, "/w/meridian/join", b""))
    for answer in answers:
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


# -- limits


def test_a_bucket_gives_its_burst_and_then_its_rate():
    now = [0.0]
    limiter = http.Limiter(0.5, 3, clock=lambda: now[0])
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(http.TooMany) as caught:
        limiter.take("a")
    assert caught.value.after == 2
    limiter.take("b")
    now[0] = 2.0
    limiter.take(b"a")
    with pytest.raises(http.TooMany):
        limiter.take("a")
    now[0] = 1000.0
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(http.TooMany):
        limiter.take("a")


def test_names_are_kept_under_a_key_that_changes_with_the_day():
    now = [0.0]
    limiter = http.Limiter(1e-9, 1, clock=lambda: now[0])
    limiter.take("somebody@meridian.example")
    first = limiter._key
    assert not any(b"meridian" in tag for tag in limiter._buckets)
    now[0] = limiter.DAY
    limiter.take("somebody@meridian.example")
    assert limiter._key != first


def test_a_flood_of_names_does_not_fill_the_memory():
    limiter = http.Limiter(1, 1, most=10)
    for name in range(50):
        limiter.take(str(name))
    assert len(limiter._buckets) == 10
