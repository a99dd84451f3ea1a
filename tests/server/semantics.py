"""What HTTP says about any reply (RFC 9110): conditions, ranges, methods, and what the log and the
metrics make of them."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import support
from support import SOURCE, check, until

work = pathlib.Path(tempfile.mkdtemp())
shutil.copy(SOURCE / "samples" / "pictures" / "photo-before.jpg", work / "a.jpg")
SMALL = "/v1/-/resize:64x/save:jpeg/file/a.jpg"
OLD = "Mon, 01 Jan 2001 00:00:00 GMT"


def is_problem(reply, status, kind):
    check(reply[0] == status, f"{kind}: {reply[0]} {reply[2][:300]}")
    check(json.loads(reply[2])["type"] == f"urn:imbrex:problem:{kind}", f"{kind}: {reply[2][:300]}")


def conditions(s):
    """Whoever wants a certain version gets that or 412, whoever has it 304 without a length."""
    _, first, _ = s.get(SMALL)
    tag, date = first["etag"], first["last-modified"]
    for name, value in (("If-Match", tag), ("If-Match", f'"x", {tag}'), ("If-Match", "*"),
                        ("If-Unmodified-Since", date)):
        check(s.get(SMALL, headers={name: value})[0] == 200, f"{name}: {value}")
    for name, value in (("If-Match", '"x"'), ("If-Match", f"W/{tag}"), ("If-Unmodified-Since", OLD)):
        is_problem(s.get(SMALL, headers={name: value}), 412, "precondition-failed")
    both = {"If-Match": '"x"', "If-None-Match": tag}
    is_problem(s.get(SMALL, headers=both), 412, "precondition-failed")
    for headers in ({"If-None-Match": tag}, {"If-None-Match": "*"}, {"If-Modified-Since": date}):
        status, got, _ = s.get(SMALL, headers=headers)
        check(status == 304 and "content-length" not in got, f"{headers}: {status} {got}")
        check(got["etag"] == tag and "max-age" in got["cache-control"], f"{headers}: {got}")


def ranges(s):
    """A part behind the end is told how long the whole is; what was sent is what is counted."""
    _, got, whole = s.get(SMALL)
    check(got["accept-ranges"] == "bytes", f"parts may be had: {got}")
    size = len(whole)
    for asked, part in (("0-9", whole[:10]), ("-5", whole[-5:]), (f"{size - 1}-", whole[-1:]),
                        (f"{size}-,1-2", whole[1:3])):
        status, got, body = s.get(SMALL, headers={"Range": f"bytes={asked}",
                                                  "X-Request-Id": "a-part"})
        check((status, body) == (206, part), f"{asked}: {status} {got}")
    for asked in (f"{size}-", f"{size + 5}-{size + 6},{size}-"):
        reply = s.get(SMALL, headers={"Range": f"bytes={asked}"})
        is_problem(reply, 416, "bad-range")
        check(reply[1]["content-range"] == f"bytes */{size}", f"{asked}: {reply[1]}")
        check(reply[1]["cache-control"] == "no-store", f"{asked}: {reply[1]}")
    check(s.get(SMALL, headers={"Range": "bytes=5-2"})[0] == 200, "what is no range is left aside")
    several = s.get(SMALL, headers={"Range": "bytes=0-1,3-4"})
    check((several[0], several[2]) == (200, whole), "several parts would be a copy: it is the whole")
    until(lambda: s.metric("http_requests_total", route="image", code=206) == 4, "206 is counted")
    lines = [json.loads(line) for line in s.said().splitlines() if '"a-part"' in line]
    check({line["status"] for line in lines} == {206}, f"and in the log: {lines}")


def methods(s):
    """405 says what would be right."""
    for method, path, allowed in (("POST", "/ui/", "GET, HEAD, OPTIONS"),
                                  ("POST", "/iiif/3/a.jpg/info.json", "GET, HEAD, OPTIONS"),
                                  ("GET", "/v1/process", "POST, OPTIONS"),
                                  ("GET", "/v1/process/resize:5x", "POST, OPTIONS"),
                                  ("HEAD", "/v1/set", "POST, OPTIONS"),
                                  ("GET", "/v1/info", "POST, OPTIONS")):
        status, headers, _ = s.request(method, path)
        check((status, headers.get("allow")) == (405, allowed), f"{method} {path}: {status} {headers}")
    check(s.get("/ui")[1].get("location") == "/ui/", "the page is found without its slash")


def targets(s):
    """No address is answered without a word and a line in the log, however it is spelled."""
    for path in ("/v1/-/save/file/%zz", "/v1/-/save/file/a%00.jpg", "/v1/-/save/file/%",
                 "/v1/-/save/file/..%2f..%2fetc", "/v1/-/save/file/%2e%2e/a.jpg", "/%2e%2e/a",
                 "/iiif/3/%2e%2e%2fa.jpg/info.json", "/v1/-/save/file/%ff", "/iiif/3/%ff/info.json",
                 "/iiif/3/", "/iiif/3//info.json", "/a?%zz"):
        before = s.said().count('"status":4')
        status, headers, body = s.get(path)
        check(status in (400, 404) and headers["content-type"] == "application/problem+json",
              f"{path}: {status} {headers} {body[:100]}")
        until(lambda: s.said().count('"status":4') == before + 1, f"{path} is in the log")
    status, headers, _ = s.request("OPTIONS", "*")
    check(status == 204 and "GET" in headers["allow"], f"OPTIONS *: {status} {headers}")


def infos(s):
    """What is told of an image has a tag of its own text, which is another one for other limits and
    for who comes another way."""
    for path in ("/iiif/3/a.jpg/info.json", "/dz/a.jpg.dzi"):
        tag = {"If-None-Match": s.get(path)[1]["etag"]}
        check(s.get(path, headers=tag)[0] == 304, f"{path} has a tag")
        check(s.get(path, headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})[0] == 200,
              f"{path} has no date, as the image's is not that of the limits")
    other = s.get("/iiif/3/a.jpg/info.json", headers={"X-Forwarded-Proto": "https"})
    check(other[1]["etag"] != s.get("/iiif/3/a.jpg/info.json")[1]["etag"], "another text, another tag")


def early(s):
    """A reply that does not wait for a body that is too long is counted as what it is."""
    for head, status in (("Content-Length: 99999999", 413), ("Transfer-Encoding: chunked", 400)):
        with socket.create_connection(("127.0.0.1", s.port)) as c:
            c.sendall(f"POST /v1/process/blur:900 HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
            said = c.recv(1000)
        check(said.startswith(f"HTTP/1.1 {status} ".encode()), f"{head}: {said}")
        until(lambda: s.metric("http_requests_total", route="process", code=status) == 1,
              f"{status} is counted")
    check(s.metric("http_requests_total", route="process", code=499) == 0, "nobody left")


def kept(s):
    """A connection is used again behind 304, which has no body and says no length."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", s.port)) as c:
        headers, ports, statuses = {}, set(), []
        for _ in range(3):
            c.request("GET", SMALL, headers=headers)
            reply = c.getresponse()
            reply.read()
            headers = {"If-None-Match": reply.headers["etag"]}
            statuses.append(reply.status)
            ports.add(c.sock.getsockname())
    check(statuses == [200, 304, 304] and len(ports) == 1, f"{statuses} over {ports}")


def lines(s):
    """Whatever is told is a line of JSON, also what libraries say."""
    os.kill(s.children()[-1], signal.SIGKILL)
    until(lambda: "was ended by signal 9" in s.said(), "the log tells of a worker's end")
    for line in s.said().splitlines():
        check(line.startswith('{"time":'), f"a line of another kind: {line}")
        json.loads(line)


def signed():
    """A reply is fresh for no longer than its signature is good."""
    key = "--auth-keys", "web:" + 32 * "5a"

    def age(s, *expires):
        done = subprocess.run([support.IMBREX, "sign", *key, *expires, "resize:64x/file/a.jpg"],
                              check=True, capture_output=True, text=True)
        status, headers, _ = s.get(done.stdout.strip())
        check(status == 200, f"{expires}: {status}")
        return int(headers["cache-control"].removeprefix("public, max-age="))
    with support.server("--root", work, *key) as s:
        check(age(s) == 365 * 24 * 3600, "for a year where it is good for ever")
        check(3500 < age(s, "--expires", "1h") <= 3600, "for an hour")
        check(age(s, "--expires", "900d") == 365 * 24 * 3600, "for a year at most")


def inherited():
    """Large results of an earlier server are hits, unless they are damaged."""
    folder, path = work / "inherited", "/v1/-/resize:1000x/save:png/file/a.jpg"
    options = "--root", work, "--cache-folder", folder
    with support.server(*options) as s:
        first = s.get(path)
        check(first[0] == 200 and len(first[2]) > 256 << 10, f"it is large: {len(first[2])}")
        until(lambda: s.metric("cache_bytes") > 0, "it is stored")
    with support.server(*options) as s:
        for _ in range(2):
            again = s.get(path)
            check(again[1]["imbrex-cache"] == "hit" and again[2] == first[2], f"a hit: {again[1]}")
    for entry in folder.rglob("*"):
        if entry.is_file():
            entry.write_bytes(entry.read_bytes()[:-1] + b"x")
    with support.server(*options) as s:
        again = s.get(path)
        check(again[1]["imbrex-cache"] == "miss" and again[2] == first[2], f"made anew: {again[1]}")
        check(s.metric("cache_requests_total", result="corrupt") == 1, "the damage is counted")


def token():
    """The scheme of a token is spelled in any case (RFC 9110, 11.1), the token in one."""
    with support.server("--auth-token", "Secret") as s:
        for said, status in (("Bearer Secret", 422), ("bearer Secret", 422), ("BEARER Secret", 422),
                             ("Bearer secret", 401), ("Bearer  Secret", 401), ("Basic Secret", 401)):
            got = s.post("/v1/info", b"x", headers={"Authorization": said})[0]
            check(got == status, f"{said}: {got}")


with support.server("--root", work, "--cache-folder", work / "cache") as s:
    for test in (conditions, ranges, methods, targets, infos, early, kept, lines):
        test(s)
        print(f"{test.__name__}: good")
for test in (signed, inherited, token):
    test()
    print(f"{test.__name__}: good")
