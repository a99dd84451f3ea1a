"""Other servers as sources: addresses that must not be reached, names that lead to them, servers
that misbehave, and what the cache makes of it. In a network namespace of its own, with a resolver and
servers that count who connects. (T10, T11, T12, T14, T16 of the attack list.)"""

import base64
import gzip
import hashlib
import hmac
import json
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import time

import network
import support
from support import check

PUBLIC, METADATA, PRIVATE, LOOPBACK = "203.0.114.1", "169.254.169.254", "10.0.0.1", "127.0.0.1"
FORBIDDEN = (METADATA, PRIVATE, LOOPBACK)
PORTS = (80, 8080)
KEY = bytes(range(32))
PACKED = gzip.compress(bytes(50 << 20)) # beforehand, as it takes seconds on a busy machine
work = pathlib.Path(tempfile.mkdtemp())


def web(host, path="", scheme="http"):
    """An address; names that are reserved for examples (RFC 2606), known to our resolver alone."""
    return f"{scheme}://{host}{path}"


IMG = web("img.example.org:8080")

# ---- a network ---------------------------------------------------------------------------------

def set_up():
    network.lay_over(work, "/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    network.lay_over(work, "/etc/nsswitch.conf", "hosts: files dns\n")
    network.bring_up(PUBLIC, METADATA, PRIVATE)


class Resolver(threading.Thread):
    """Answers as `zone` says: lists of addresses, one list per question, the last one for good."""

    def __init__(self):
        super().__init__(daemon=True)
        self.zone = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 53))

    def run(self):
        while True:
            data, client = self.socket.recvfrom(512)
            labels, at = [], 12
            while data[at]:
                labels.append(data[at + 1:at + 1 + data[at]].decode())
                at += data[at] + 1
            family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(data[at + 2])
            answers = self.zone.get(".".join(labels).lower(), [[]])
            chosen = answers.pop(0) if len(answers) > 1 and data[at + 2] == 1 else answers[0]
            records = b""
            count = 0
            for text in chosen:
                if family and (":" in text) == (family == socket.AF_INET6):
                    raw = socket.inet_pton(family, text)
                    records += b"\xc0\x0c" + struct.pack(">HHIH", data[at + 2], 1, 0, len(raw))
                    records += raw
                    count += 1
            head = data[:2] + b"\x84\x00" + struct.pack(">HHHH", 1, count, 0, 0)
            self.socket.sendto(head + data[12:at + 5] + records, client)


class Origin(threading.Thread):
    """A server on one address and port; counts connections, and what was asked for."""

    def __init__(self, address, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, port))
        self.connections, self.asked, self.picture = 0, [], b""

    def run(self):
        while True:
            c, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        with c:
            request = b""
            while b"\r\n\r\n" not in request:
                data = c.recv(4096)
                if not data:
                    return
                request += data
            path = request.split()[1].decode()
            self.asked.append(request)
            try:
                self.answer(c, path)
            except OSError:
                pass # it has heard enough

    def answer(self, c, path):
        def reply(status, body=b"", *fields, length=None):
            size = len(body) if length is None else length
            head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *fields,
                    "Connection: close"]
            c.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        picture = self.picture
        if path.startswith("/to?"):
            reply("302 Found", b"", "Location: " + path[4:])
        elif path == "/loop":
            reply("302 Found", b"", "Location: /loop")
        elif path == "/endless":
            c.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + picture)
            while True:
                c.sendall(bytes(65536))
        elif path == "/drip":
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
            while True:
                c.sendall(b"x")
                time.sleep(1)
        elif path == "/silent":
            time.sleep(30)
        elif path == "/huge":
            reply("200 OK", picture, length=10 << 30)
        elif path == "/cut":
            reply("200 OK", picture[:100], length=len(picture))
        elif path == "/gzip":
            reply("200 OK", PACKED, "Content-Encoding: gzip", "Content-Type: image/png")
        elif path == "/html":
            reply("200 OK", b"<html>" * 100, "Content-Type: image/jpeg")
        elif path == "/text":
            reply("200 OK", picture, "Content-Type: text/plain", "Set-Cookie: a=b")
        elif path == "/heads":
            c.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000 + b"\r\n")
        elif path.startswith("/says?"):
            reply("200 OK", picture, *path[6:].split("&"))
        elif path.startswith("/none"):
            reply("404 Not Found", b"secret of the origin")
        elif path.startswith("/broken"):
            reply("500 Internal Server Error", b"secret of the origin")
        else:
            reply("200 OK", picture)


# ---- asking ------------------------------------------------------------------------------------

def path_of(url, recipe="resize:64x"):
    return f"{recipe}/url/" + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def get(s, url, recipe="resize:64x", **more):
    return s.get(f"/v1/-/{path_of(url, recipe)}", **more)


def kind(reply):
    return json.loads(reply[2])["type"].rsplit(":", 1)[1] if reply[0] >= 400 else "good"


def touched():
    return sum(o.connections for (address, _), o in origins.items() if address in FORBIDDEN)


def literals(s):
    """T10: addresses in whatever spelling, although the settings name some of them."""
    hosts = ["127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.1", "0",
             "[::1]", "[::]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[::7f00:1]", METADATA, "0xa9fea9fe",
             "100.64.0.1", "10.0.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]",
             "localhost", "localhost.", "LOCALHOST", "ip6-localhost", "ok@127.0.0.1",
             "img.example.org@127.0.0.1", "img.example.org:80@127.0.0.1",
             "127.0.0.1#img.example.org",
             "127.0.0.1\\@img.example.org", "img.example.org.evil", "evil-example.org",
             "xn--mg-1ia.example.net", "\u0456mg.example.net", "\u2460\u2461\u2466.0.0.1", "127。0。0。1"]
    for host in hosts:
        for url in (web(host, "/a.jpg"), web(host, ":8080/a.jpg")):
            reply = get(s, url)
            check(reply[0] in (400, 403, 502), f"{url}: {reply[0]} {reply[2][:200]}")
            check(reply[0] != 502 or "127" not in host, f"{url}: it was tried: {reply[2][:200]}")
    for url in ("file:///etc/passwd", "gopher://img.example.org/", "ftp://img.example.org/",
                "dict://127.0.0.1:11/", web("img.example.org:22/"), web("/a"),
                "//img.example.org/", web(""), "img.example.org", "data:,x", web("[::1"),
                web("img.example.org\r\nX: y/")):
        reply = get(s, url)
        check(reply[0] in (400, 403), f"{url}: {reply[0]} {reply[2][:200]}")
    check(touched() == 0, f"{touched()} connections to what is forbidden")
    print(f"  {2 * len(hosts) + 12} addresses refused, no connection to what is forbidden")


def names(s):
    """T11: names that lead inside, at once, later, or by a redirection."""
    good = IMG + "/a.jpg"
    check(get(s, good)[0] == 200, f"a good one: {get(s, good)}")
    inside = [LOOPBACK, METADATA, PRIVATE, "0.0.0.0", "::1", "::ffff:127.0.0.1", "fe80::1", "fd00::1",
              "64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1"]
    for number, address in enumerate(inside):
        resolver.zone[f"n{number}.example.org"] = [[address]]
        reply = get(s, web(f"n{number}.example.org:8080/a.jpg"))
        check(reply[0] == 403, f"a name that leads to {address}: {reply[0]} {reply[2]}")
        resolver.zone[f"r{number}.example.org"] = [[PUBLIC], [address]]
        url = web(f"r{number}.example.org:8080/")
        check(get(s, url + "first.jpg")[0] == 200, "the first answer is good")
        reply = get(s, url + "second.jpg")
        check(reply[0] == 403, f"a name that then leads to {address}: {reply[0]} {reply[2]}")
    resolver.zone["both.example.org"] = [[LOOPBACK, PUBLIC]]
    check(get(s, web("both.example.org:8080/b.jpg"))[0] in (200, 403), "one of two")
    elsewhere = [web("127.0.0.1:8080/"), web("169.254.169.254/latest/"),
                 web("n0.example.org:8080/"), "//127.0.0.1:8080/", web("localhost/"), web("0x7f.1/"),
                 "file:///etc/passwd", "gopher://img.example.org/", web("other.test/"), web("img.example.org@127.0.0.1/")]
    for to in elsewhere:
        reply = get(s, IMG + "/to?" + to)
        check(reply[0] in (403, 502), f"redirected to {to}: {reply[0]} {reply[2]}")
        check(b"root:" not in reply[2] and b"secret" not in reply[2], f"{reply[2]}")
    before = origins[PUBLIC, 8080].connections
    reply = get(s, IMG + "/loop")
    hops = origins[PUBLIC, 8080].connections - before
    check(reply[0] == 502 and hops <= 4, f"a loop: {reply[0]} after {hops} requests")
    check(get(s, IMG + "/to?/a.jpg")[0] == 200, "an honest redirection")
    check(touched() == 0, f"{touched()} connections to what is forbidden")
    print(f"  {2 * len(inside)} names and {len(elsewhere)} redirections refused, a loop ended after "
          f"{hops} requests, no connection to what is forbidden")


def misbehaving(s):
    """T12: servers that send too much, too slowly, or something else."""
    for path, expected, most in (("/endless", (413,), 3), ("/huge", (413,), 2), ("/drip", (504,), 4),
                                 ("/silent", (504,), 4), ("/cut", (502,), 2), ("/gzip", (422,), 2),
                                 ("/html", (422,), 2), ("/heads", (502,), 2), ("/none", (404,), 2),
                                 ("/broken", (502,), 2), ("/text", (200,), 2)):
        begin = time.monotonic()
        reply = get(s, IMG + path)
        took = time.monotonic() - begin
        print(f"  {path}: {reply[0]} {kind(reply)} after {took * 1e3:.0f} ms")
        check(reply[0] in expected, f"{path}: {reply[0]} {reply[2][:200]}")
        check(took < most, f"{path} took {took:.1f} s")
        check(b"secret" not in reply[2] and "set-cookie" not in reply[1], f"{path}: {reply}")
    ours = {"Cookie": "c", "Authorization": "Bearer x"}
    check(get(s, IMG + "/h.jpg", headers=ours)[0] == 200, "it is fetched")
    asked = origins[PUBLIC, 8080].asked[-1].lower()
    check(b"cookie" not in asked and b"bearer" not in asked and b"127.0.0.1" not in asked,
          f"nothing of a client's goes out: {asked}")


def cached(s):
    """T14: a reply for one is a reply for those alone who ask for the same."""
    origin = origins[PUBLIC, 8080]

    def count(url, **more):
        before = len(origin.asked)
        reply = get(s, url, **more)
        return len(origin.asked) - before, reply
    url = IMG + "/fresh.jpg"
    asked, first = count(url)
    check(asked == 1 and first[0] == 200, f"it is fetched: {first[0]}")
    check(not first[1]["server-timing"].startswith("fetch;dur=0.0,"), "and told how long that took")
    asked, again = count(url)
    check(asked == 0 and again[1]["imbrex-cache"] == "hit" and again[2] == first[2], "and kept")
    origin.picture = pictures[1]
    time.sleep(1.1)
    asked, later = count(url)
    check(asked == 1 and later[2] != first[2], "fetched again when it is no longer fresh")
    check(later[1]["etag"] != first[1]["etag"], "and is another one")
    origin.picture = pictures[0]
    for said, times in (("Cache-Control:no-store", 2), ("Cache-Control:max-age=0", 2),
                        ("Cache-Control:max-age=900", 1), ("Expires:0", 2),
                        ("Cache-Control:public&Cache-Control:s-maxage=900,max-age=0", 1)):
        first = count(f"{IMG}/says?{said}")[0]
        time.sleep(1.1 if times == 1 else 0)
        check(first + count(f"{IMG}/says?{said}")[0] == times, f"its server's word counts: {said}")
    others = (IMG + "/Fresh.jpg", IMG + "/fresh.jpg?a",
              IMG + "/fresh%2ejpg", IMG + "/fresh.jpg/",
              web("img2.example.org:8080/fresh.jpg"))
    for other in others:
        check(count(other)[0] == 1, f"{other} is another address")
    for headers in ({"Host": "evil"}, {"X-Forwarded-Host": "evil"}, {"X-Forwarded-Proto": "https"},
                    {"X-Original-URL": "/v1/-/invert"}, {"X-Rewrite-URL": "/x"}, {"DPR": "3"},
                    {"Accept": "image/evil"}, {"Range": "bytes=0-9"}, {"Origin": web("evil")}):
        reply = get(s, IMG + "/a.jpg", headers=headers)
        same = get(s, IMG + "/a.jpg")
        check(same[0] == 200 and b"evil" not in same[2] and "evil" not in str(same[1]), f"{headers}")
        check(reply[1]["etag"] == same[1]["etag"], f"{headers} makes no other one")
    for path in ("/none", "/broken"):
        url = f"{IMG}{path}-{time.monotonic_ns()}"
        asked, reply = count(url)
        age = reply[1]["cache-control"]
        check(age in ("no-store", "public, max-age=10"), f"{path}: {age}")
        check(count(url)[0] == 1, f"{path} is asked again: it is not kept here")
    print(f"  kept, refetched when no longer fresh, {len(others)} spellings apart, no error kept")


def signature(rest, key=KEY, expiry=None):
    message = b"imbrex1\0" + (b"%d\0" % expiry if expiry else b"") + b"/" + rest.encode()
    mac = base64.urlsafe_b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    return f"k.{mac.rstrip('=')}" + (f".{expiry}" if expiry else "")


def signed(s):
    """T16: what is not signed, or signed for something else, is not even looked at."""
    rest = path_of(IMG + "/signed.jpg")
    now = int(time.time())
    good = signature(rest)
    check(s.get(f"/v1/{good}/{rest}")[0] == 200, "a signed one")
    check(s.get(f"/v1/{signature(rest, expiry=now + 60)}/{rest}")[0] == 200, "good for a minute")
    mac = base64.urlsafe_b64decode(good[2:] + "=")
    flips = []
    for bit in range(256):
        other = bytearray(mac)
        other[bit // 8] ^= 1 << bit % 8
        flips.append("k." + base64.urlsafe_b64encode(other).decode().rstrip("="))
    for size in range(16):
        flips.append("k." + base64.urlsafe_b64encode(mac[:size]).decode().rstrip("="))
    flips += ["-", "k.", "k", "", ".", "x" + good[1:], good + ".", good + f".{now + 60}", good + "A",
              signature(rest, bytes(32)), signature("invert/" + rest)]
    before, bodies = len(origins[PUBLIC, 8080].asked), set()
    for bad in flips:
        status, _, body = s.get(f"/v1/{bad}/{rest}")
        check(status in ((403,) if bad else (400, 403, 404)), f"{bad}: {status}")
        if bad:
            said = json.loads(body)
            bodies.add((said["type"], said.get("detail")))
    check(len(bodies) == 1, f"all are told the same: {bodies}")
    for changed in ("invert/" + rest, rest.replace("64", "65"), rest + "A",
                    rest.replace(":", "%3A", 1)):
        status = s.get(f"/v1/{good}/{changed}")[0]
        check(status in (400, 403), f"{changed}: signed for something else: {status}")
    reply = s.get(f"/v1/{signature(rest, expiry=now - 1)}/{rest}")
    check(reply[0] == 403 and kind(reply) == "expired", f"an expired one: {reply[0]}")
    check(len(origins[PUBLIC, 8080].asked) == before, "nothing was fetched for them")
    check(s.get(f"/v1/-/{rest}")[0] == 403, "what is in the cache is not given away unsigned")
    print(f"  {len(flips) + 5} wrong signatures refused, with one sentence")


network.enter()
set_up()
pictures = [subprocess.run(["convert", "-size", "120x90", f"xc:{c}", "jpg:-"], capture_output=True,
                           check=True).stdout for c in ("red", "blue")]
resolver = Resolver()
resolver.zone = {"img.example.org": [[PUBLIC]], "img2.example.org": [[PUBLIC]],
                 "localhost": [[LOOPBACK, "::1"]]}
resolver.start()
origins = {(a, p): Origin(a, p) for a in (PUBLIC, *FORBIDDEN) for p in PORTS}
for origin in origins.values():
    origin.picture = pictures[0]
    origin.start()
COMMON = ("--remote-allow", "*.example.org,127.0.0.1,169.254.169.254,10.0.0.1,localhost",
          "--remote-ports", "80,8080", "--remote-total-ms", "2500ms", "--remote-fresh-ms", "1s",
          "--limits-source-bytes", "8M", "--cache-folder", work / "cache", "--log-file", "off")
with support.server(*COMMON, "--auth-unsigned-ok", "yes") as s:
    for test in (literals, names, misbehaving, cached):
        test(s)
        print(f"{test.__name__}: good")
    check(s.stop() == 0, "it ends well")
with support.server(*COMMON, "--auth-keys", "k:" + KEY.hex()) as s:
    signed(s)
    check(s.stop() == 0, "it ends well")
check(touched() == 0, "nothing forbidden was touched")
