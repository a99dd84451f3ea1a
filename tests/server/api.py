"""What a user of the HTTP interface meets: addresses, replies, problems, caching, uploads."""

import contextlib
import email.parser
import email.policy
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import time

import support
from support import IMBREX, check

work = pathlib.Path(tempfile.mkdtemp())
root = work / "root"
root.mkdir()
(root / "sub dir").mkdir()


def chart(name, size="300x200"):
    """A picture of our own, made by ImageMagick."""
    subprocess.run(["convert", "-size", size, "plasma:red-blue", "-depth", "8", root / name],
                   check=True)
    return (root / name).read_bytes()


jpeg = chart("a.jpg")
png = chart("sub dir/b ü.png", "120x90")


def run(recipe, name):
    """The bytes that `imbrex run` makes."""
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([IMBREX, "run", recipe, root / name, "-o", out, "--progress", "none"],
                       check=True, capture_output=True)
        files = [f for f in pathlib.Path(out).rglob("*") if f.is_file()]
        check(len(files) == 1, f"{recipe} makes one file")
        return files[0].read_bytes()


def problem(reply, status, kind):
    check(reply[0] == status, f"{reply[0]} instead of {status} {kind}: {reply[2][:300]}")
    check(reply[1]["content-type"] == "application/problem+json", "a problem has its media type")
    what = json.loads(reply[2])
    check(what["type"] == f"urn:imbrex:problem:{kind}", f"{what['type']} instead of {kind}")
    check(what["status"] == status, "the problem repeats its status")
    return what


def images(s):
    status, headers, body = s.get("/v1/-/resize:64x/file/a.jpg")
    check(status == 200 and headers["content-type"] == "image/jpeg", f"a file is served: {body}")
    check(body == run("resize:64x", "a.jpg"), "the bytes are those of the command line")
    check(headers["imbrex-size"] == "300x200>64x43", f"its sizes are told: {headers}")
    check(headers["x-content-type-options"] == "nosniff", "nosniff")
    check("default-src 'none'" in headers["content-security-policy"], "a strict policy")
    check("decode;dur=" in headers["server-timing"], "the time that it took is told")
    path = "/v1/-/blur:2/save:png,compression=small/file/sub%20dir/b%20%C3%BC.png"
    status, headers, body = s.get(path)
    check(status == 200 and body == run("blur:2/save:png,compression=small", "sub dir/b ü.png"),
          "steps are segments, names may have blanks")
    status, headers, body = s.get("/v1/-/file/a.jpg")
    check(status == 200, f"a recipe without steps only saves: {status}")


def head(s):
    status, headers, body = s.request("HEAD", "/v1/-/resize:64x/file/a.jpg")
    full = s.get("/v1/-/resize:64x/file/a.jpg")
    check(status == 200 and body == b"", "HEAD has no body")
    check(int(headers["content-length"]) == len(full[2]), "HEAD tells the length")


def conditional(s):
    path = "/v1/-/resize:65x/file/a.jpg"
    _, headers, body = s.get(path)
    tag = headers["etag"]
    check(tag.startswith('"') and len(tag) > 20, f"a strong tag: {tag}")
    for given in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        status, _, none = s.get(path, headers={"If-None-Match": given})
        check(status == 304 and none == b"", f"304 for {given}, not {status}")
    check(s.get(path, headers={"If-None-Match": '"x"'})[0] == 200, "200 for another tag")
    since = {"If-Modified-Since": headers["last-modified"]}
    check(s.get(path, headers=since)[0] == 304, "304 for what is not modified")
    status, h, part = s.get(path, headers={"Range": "bytes=10-19"})
    check(status == 206 and part == body[10:20], f"a range: {status} {h}")
    check(s.get(path, headers={"Range": "bytes=999999-"})[0] == 416, "a range that is not there")
    (root / "changing.png").write_bytes(png)
    first = s.get("/v1/-/invert/file/changing.png")[1]["etag"]
    chart("changing.png", "50x40")
    check(s.get("/v1/-/invert/file/changing.png")[1]["etag"] != first, "a new file, a new tag")


def spelling(s):
    """Equal wishes are one entry of the cache; different ones are not."""
    tag = s.get("/v1/-/resize:70x/file/a.jpg")[1]["etag"]
    for same in ("/v1/-/resize:70x,grow=yes/file/a.jpg", "/v1/-/resize%3A70x/file/a.jpg",
                 "/v1/-/%20resize:70x/file/a.jpg"):
        status, headers, _ = s.get(same)
        check(status == 200 and headers["etag"] == tag, f"{same} is the same: {status}")
    check(s.get("/v1/-/resize:71x/file/a.jpg")[1]["etag"] != tag, "another size is another")
    forwarded = {"X-Forwarded-Host": "evil", "X-Forwarded-For": "1.2.3.4"}
    check(s.get("/v1/-/resize:70x/file/a.jpg", headers=forwarded)[1]["etag"] == tag,
          "headers do not get into the key")


def problems(s):
    what = problem(s.get("/v1/-/blur:9999/file/a.jpg"), 400, "bad-parameter")
    check((what["step"], what["name"], what["value"], what["max"]) == (1, "blur", "9999", 250),
          f"it names step, value and range: {what}")
    what = problem(s.get("/v1/-/invert/resize:64x,kernel=cubist/file/a.jpg"), 400, "bad-parameter")
    check(what["parameter"] == "kernel" and what["step"] == 2, f"it names the parameter: {what}")
    check("lanczos3" in what["choices"], "it names the choices")
    what = problem(s.get("/v1/-/blurr:2/file/a.jpg"), 400, "bad-recipe")
    check("did you mean blur" in what["detail"], "the nearest spelling")
    problem(s.get("/v1/-/resize:64x,fit=inside,unknown=1/file/a.jpg"), 400, "bad-parameter")
    for value in ("1e9", "nan", "inf", "1e-400", "-1", "0x10", ""):
        status, _, _ = s.get(f"/v1/-/blur:{value}/file/a.jpg")
        check(status == 400, f"blur:{value} is {status}")
    for size in ("0x0", "-1x", "2147483648x", "99999999999x"):
        status, _, _ = s.get(f"/v1/-/resize:{size}/file/a.jpg")
        check(status == 400, f"resize:{size} is {status}")
    check(s.get("/v1/-/resize:65000x65000,fit=fill/file/a.jpg")[0] == 413, "too large a result")
    problem(s.get("/v1/-/" + "invert/" * 33 + "file/a.jpg"), 400, "bad-recipe")
    problem(s.get("/v1/-/invert,".ljust(5000, "x") + "/file/a.jpg"), 400, "bad-recipe")
    problem(s.get("/v1/-/invert/file/none.jpg"), 404, "not-found")
    problem(s.get("/v1/-/invert/a.jpg"), 400, "bad-request")
    problem(s.get("/nowhere"), 404, "not-found")
    problem(s.get("/v1/-/invert/file/a.jpg?x=1"), 400, "bad-request")
    problem(s.get("/v1/-/save:png/save:jpeg/file/a.jpg"), 400, "bad-recipe")
    problem(s.get("/v1/-/preset:none/file/a.jpg"), 400, "bad-recipe")
    (root / "text.jpg").write_text("this is not a picture")
    problem(s.get("/v1/-/invert/file/text.jpg"), 422, "undecodable")
    (root / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    problem(s.get("/v1/-/invert/file/cut.jpg"), 422, "undecodable")
    status, headers, body = s.get("/nowhere", headers={"Accept": "text/plain"})
    check(status == 404 and headers["content-type"].startswith("text/plain"), "text on demand")


def files_of_the_server(s):
    """A recipe of a stranger reads no file of the server's."""
    for recipe in ('lut3d:"%2Fetc%2Fpasswd"', 'icc:to=file,file="%2Fetc%2Fpasswd"'):
        status, _, body = s.get(f"/v1/-/{recipe}/file/a.jpg")
        check(status == 400 and b"root:" not in body, f"{recipe} is {status}: {body[:200]}")


def paths(s):
    for path in ("..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd",
                 "%252e%252e/etc/passwd", "..%5c..%5cetc", "%c0%ae%c0%ae/etc/passwd", "a.jpg%00",
                 "/etc/passwd", "//etc/passwd", "x" * 4096, ".", "", "sub%20dir", "sub%20dir/"):
        status, _, body = s.get(f"/v1/-/invert/file/{path}")
        check(status in (400, 404, 414) and b"root:" not in body, f"{path[:40]}: {status}")


def negotiation(s):
    path = "/v1/-/resize:60x/save:auto/file/a.jpg"
    status, headers, body = s.get(path, headers={"Accept": "image/webp,image/*;q=0.8"})
    check(status == 200 and headers["content-type"] == "image/webp", f"WebP for who wants it: {headers}")
    check("Accept" in headers["vary"], "replies vary by Accept")
    status, headers, _ = s.get(path, headers={"Accept": "image/jpeg,*/*"})
    check(headers["content-type"] == "image/jpeg" and "Accept" in headers["vary"], "else its own")
    check(s.get(path)[1]["content-type"] == "image/jpeg", "its own without Accept")
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", s.port, timeout=60)) as c:
        c.putrequest("GET", path)
        for accept in ("image/jpeg;q=0.5", "image/webp"):  # a list may come in several lines
            c.putheader("Accept", accept)
        c.endheaders()
        check(c.getresponse().getheader("Content-Type") == "image/webp", "two lines of Accept")
    check("vary" not in s.get("/v1/-/resize:60x/file/a.jpg")[1], "nothing else varies")


def uploads(s):
    status, headers, body = s.post("/v1/process/resize:64x", jpeg)
    check(status == 200 and body == run("resize:64x", "a.jpg"), f"a body is processed: {body[:200]}")
    status, _, body = s.post("/v1/process/resize:64x/save:png", jpeg)
    check(body == run("resize:64x/save:png", "a.jpg"), "and saved as asked")
    chunks = iter([jpeg[:1000], jpeg[1000:]])
    status, _, body = s.post("/v1/process/resize:64x", chunks) # in chunks, as it has no length
    check(status == 200 and body == run("resize:64x", "a.jpg"), "in chunks too")
    problem(s.post("/v1/process/blurr:2", jpeg), 400, "bad-recipe")
    problem(s.post("/v1/process/resize:64x", b""), 422, "undecodable")
    problem(s.post("/v1/nowhere", jpeg), 404, "not-found")
    status, _, body = s.post("/v1/info", jpeg)
    about = json.loads(body)
    check((about["format"], about["width"], about["height"]) == ("jpeg", 300, 200), f"{about}")
    check(about["sha256"] == hashlib.sha256(jpeg).hexdigest(), "the hash of its bytes")
    check(about["bytes"] == len(jpeg), "its size")


def form(*parts):
    """A multipart/form-data body of (name, bytes), and its headers."""
    body = b""
    for name, data in parts:
        body += (f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n').encode()
        body += data + b"\r\n"
    return body + b"--limit--\r\n", {"Content-Type": "multipart/form-data; boundary=limit"}


def parts_of(headers, body):
    text = f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text)
    return [(p["Content-Type"], p["Content-Disposition"], p.get_payload(decode=True))
            for p in message.iter_parts()]


def forms(s):
    body, headers = form(("recipe", b"resize:64x"), ("image", jpeg))
    status, _, made = s.post("/v1/process", body, headers=headers)
    check(status == 200 and made == run("resize:64x", "a.jpg"), f"a form is processed: {made[:300]}")
    wanted = {"outputs": [{"name": "small", "recipe": "resize:32x"},
                          {"name": "p", "recipe": "resize:64x/save:png"}]}
    body, headers = form(("outputs", json.dumps(wanted).encode()), ("image", jpeg))
    status, headers, made = s.post("/v1/set", body, headers=headers)
    check(status == 200, f"a set: {made[:300]}")
    got = parts_of(headers, made)
    check([g[2] for g in got] == [run("resize:32x", "a.jpg"), run("resize:64x/save:png", "a.jpg")],
          f"each with the bytes of the command line: {[g[:2] for g in got]}")
    status, headers, made = s.post("/v1/set/resize:64x/save:jpeg/resize:32x/save:png", jpeg)
    check(status == 200 and [g[0] for g in parts_of(headers, made)] == ["image/jpeg", "image/png"],
          "one recipe that saves twice")
    wanted["outputs"][1]["recipe"] = "blur:9999"
    body, headers = form(("outputs", json.dumps(wanted).encode()), ("image", jpeg))
    what = problem(s.post("/v1/set", body, headers=headers), 400, "bad-parameter")
    check("output p" in what["detail"], "it names the output")
    for broken in (b"{", b"[]", b'{"outputs": []}', b'{"outputs": [1]}', b'{"x": 1}'):
        body, headers = form(("outputs", broken), ("image", jpeg))
        check(s.post("/v1/set", body, headers=headers)[0] == 400, f"{broken} is refused")
    body, headers = form(("recipe", b"invert"), ("image", jpeg), ("image", jpeg))
    check(s.post("/v1/process", body, headers=headers)[0] == 400, "two images are refused")
    body, headers = form(("recipe", b"invert"), ("image", jpeg), ("surprise", b"x"))
    check(s.post("/v1/process", body, headers=headers)[0] == 400, "an unknown part is refused")
    recipe, outputs = ("recipe", b"invert"), ("outputs", json.dumps(wanted).encode())
    for path, part, said in (("/v1/process/resize:64x", recipe, "both give a recipe"),
                             ("/v1/set/resize:64x", recipe, "both give a recipe"),
                             ("/v1/process/resize:64x", outputs, "/v1/set"),
                             ("/v1/info", recipe, "part recipe")):
        body, headers = form(part, ("image", jpeg))
        what = problem(s.post(path, body, headers=headers), 400, "bad-request")
        check(said in what["detail"], f"{path} with a part of no use: {what['detail']}")


def sets(s):
    """Names are the client's, whole and each its own; files are counted over the whole set."""
    def ask(*outputs):
        wanted = {"outputs": [{"name": n, "recipe": r} for n, r in outputs]}
        body, headers = form(("outputs", json.dumps(wanted).encode()), ("image", jpeg))
        return s.post("/v1/set", body, headers=headers)
    three = "resize:8x/save:png/save:jpeg/save:gif"
    longest = "\u00e9" * 50
    reply = ask((longest, "resize:8x"), ("b", three))
    names = [p[1].params["filename"] for p in parts_of(*reply[1:])]
    check(reply[0] == 200 and names == [f"{longest}.jpg", "b1.png", "b2.jpg", "b3.gif"], f"{names}")
    for wrong in ([("", "invert")], [("x" + longest, "invert")], [("a", "invert"), ("a", "flip")],
                  [(f"n{i}", three) for i in range(11)]):
        problem(ask(*wrong), 400, "bad-recipe")
    check(ask(*[(f"n{i}", three) for i in range(10)])[0] == 200, "30 of 32 files")


def held(s):
    """Descriptors of the front, and the bytes of bodies that it holds."""
    return len(os.listdir(f"/proc/{s.process.pid}/fd")), s.metric("inflight_body_bytes")


def grown(s, before):
    """More bytes held, or a descriptor of more than a few of the two dozen requests."""
    descriptors, held_bytes = held(s)
    return descriptors > before[0] + 3 or held_bytes > before[1]


def forms_that_are_none(s):
    """Each is refused, the server lives on and keeps nothing of it."""
    start = b'--limit\r\nContent-Disposition: form-data; name="image"\r\n'
    many = (start + b"\r\n\r\n") * 10000 + b"--limit--\r\n"
    header = start + b"X: " + b"y" * 5000 + b"\r\n\r\nx\r\n--limit--\r\n"
    bodies = [b"", b"--limit--\r\n", many, header, *(start.ljust(n, b"x") for n in (4096, 1 << 20)),
              *(b"x" * n for n in (4096, 1 << 20)), (start + b"\r\n").ljust(1 << 20, b"x")]
    deep = (b"[" * 80000, b"[" * 60000, b'{"outputs": [{"name": [[1]]}]}',
            b'["\\ud800" , "," ,' + b"[" * 60000, b'/*"*/' + b"[" * 60000, b'{"a":' * 9000,
            b'{"outputs": []}'.ljust(65537), b'{"outputs": []}\0')
    bodies += [form(("outputs", json_), ("image", jpeg))[0] for json_ in deep]
    kind = {"Content-Type": "multipart/form-data; boundary=limit"}
    before = held(s)
    for path in ("/v1/set", "/v1/process", "/v1/process/invert", "/v1/info"):
        for body in bodies[:-len(deep)] if path != "/v1/set" else bodies:
            status, _, said = s.post(path, body, headers=kind)
            check(status == 400, f"{path} {body[:60]} of {len(body)} bytes is {status}")
            check(b"json" not in said, f"a library speaks: {said}")
    for wrong in ("", "; boundary=", "; boundary=" + "x" * 71, '; boundary="a b "'):
        body = form(("image", jpeg))[0]
        problem(s.post("/v1/info", body, headers={"Content-Type": "multipart/form-data" + wrong}),
                400, "bad-request")
    problem(s.post("/v1/set", form(("image", jpeg))[0], headers=kind), 400, "bad-recipe")
    problem(s.post("/v1/process/save:png/save:png", jpeg), 400, "bad-recipe")
    until = time.monotonic() + 10 # a connection ends a little later than its reply
    while grown(s, before) and time.monotonic() < until:
        time.sleep(0.05)
    check(not grown(s, before), f"descriptors and bytes: {before} before, {held(s)} afterwards")


def documents(s):
    table = json.loads(s.get("/v1/filters")[2])
    command = json.loads(subprocess.run([IMBREX, "filters", "--json"], capture_output=True,
                                        check=True).stdout)
    check(table == command, "/v1/filters is the table of the command line")
    check(json.loads(s.get("/v1/filters/blur")[2])["name"] == "blur", "one filter")
    check(s.get("/v1/filters/none")[0] == 404, "an unknown filter")
    check(json.loads(s.get("/v1/openapi.json")[2])["openapi"].startswith("3.1"), "OpenAPI 3.1")
    status, headers, _ = s.get("/")
    check(status == 303 and headers["location"] == "/ui/", "/ leads to the page")
    check(b"<html" in s.get("/ui/")[2].lower(), "the page")


def ranges_and_tags(s):
    path = "/v1/-/resize:66x/file/a.jpg"
    _, headers, body = s.get(path)
    part = {"Range": "bytes=0-4"}
    check(s.get(path, headers={**part, "If-Range": headers["etag"]})[0] == 206, "its own part")
    status, _, whole = s.get(path, headers={**part, "If-Range": '"other"'})
    check(status == 200 and whole == body, f"no part of another version: {status}")
    status, _, _ = s.post("/v1/process/resize:64x", jpeg, headers={"If-None-Match": "*"})
    check(status == 200, f"a POST is not conditional: {status}")
    what = problem(s.get("/v1/-/save:jpeg,quality=500/file/a.jpg"), 400, "bad-parameter")
    check((what["min"], what["max"]) == (1, 100), f"the range of a save: {what}")
    big = problem(s.get("/v1/-/resize:20000x20000,fit=fill/file/a.jpg"), 413, "too-large")
    check("--" not in big["detail"], f"no options of the command line: {big['detail']}")
    named = s.get("/v1/-/save:jpeg,name=b/file/a.jpg")[1]
    check("filename*=UTF-8''b" in named["content-disposition"], "save:name is the download's")
    check(s.get("/v1/-/invert%20preset:small/file/a.jpg")[0] == 200, "presets behind blanks")
    wanted = b'{"outputs": [{"name": "a", "recipe": "median:40/median:40"}]}'
    body, headers = form(("outputs", wanted), ("image", png))
    got = s.post("/v1/set", body, headers={**headers, "Imbrex-Deadline": "1"})
    check(got[0] in (200, 504), f"a set has a deadline too: {got[0]}")


def other_sites(s):
    """Pages of other sites in a browser on this machine get nothing without being listed."""
    web = "http:" + "//"
    for headers in ({"Host": "evil.example"}, {"Origin": f"{web}evil.example"},
                    {"Origin": f"{web}localhost.evil.example"}, {"Host": "127.0.0.1.evil.example"},
                    {"Host": "128.0.0.1"}, {"Host": "0.0.0.0"}, {"Origin": "null"},
                    {"Origin": f"{web}[::2]"}, {"Origin": f"{web}localhost@evil.example"}):
        status, got, _ = s.get("/v1/-/resize:64x/file/a.jpg", headers=headers)
        check(status == 403, f"{headers}: {status}")
    for headers in ({"Host": "localhost:1"}, {"Origin": f"{web}127.0.0.1:99"}, {"Host": "[::1]"},
                    {"Host": "127.0.0.2:80"}, {"Host": "LocalHost"}, {"Origin": f"{web}[::1]:99"}):
        check(s.get("/v1/-/resize:64x/file/a.jpg", headers=headers)[0] == 200, f"{headers}")
    link = s.get("/iiif/3/a.jpg/full/max/0/default.jpg")[1]["link"]
    check("</iiif/3/a.jpg/" in link, f"the canonical link does not repeat Host: {link}")


def ids(s):
    check(s.get("/nowhere", headers={"X-Request-Id": "abc-1"})[1]["x-request-id"] == "abc-1",
          "an id of the client's is kept")
    for bad in ("a b", "x" * 65, "<script>"):
        got = s.get("/nowhere", headers={"X-Request-Id": bad})[1]["x-request-id"]
        check(got != bad and got.isalnum(), f"{bad[:20]} is replaced")


def presets(s):
    same = s.get("/v1/-/preset:small/file/a.jpg")
    check(same[0] == 200 and same[2] == run("resize:48x/unsharp:0.5", "a.jpg"), "a preset")
    saved = s.get("/v1/-/preset:noted/save:png/file/a.jpg")
    check(saved[1]["content-type"] == "image/png", "what stands behind a preset with a comment counts")


def lines(s):
    """The log names the kind of address as the metrics do."""
    for path, route in (("/nowhere", "other"), ("/v1/filters/blur", "filters"),
                        ("/v1/-/resize:64x/file/a.jpg", "image"), ("/iiif/3/a.jpg/info.json", "iiif")):
        s.get(path, headers={"X-Request-Id": f"line-{route}"})
        wanted = f'"id":"line-{route}"'
        found, end = [], time.monotonic() + 10
        while not found and time.monotonic() < end:  # it is written behind the reply
            found = [json.loads(l) for l in s.said().splitlines() if wanted in l]
        check([l["route"] for l in found] == [route], f"{path}: {found}")


def counters(s):
    """After all the others: what they did shows in the metrics."""
    for route, code in (("image", 200), ("process", 200), ("set", 200), ("info", 200),
                        ("filters", 200), ("filters", 404), ("page", 200), ("other", 404)):
        check(s.metric("http_requests_total", route=route, code=code) >= 1, f"{route} {code}")
    for route in ("image", "set"):
        check(s.metric("http_request_duration_seconds_count", route=route) >= 1, f"time of {route}")
    for stage in ("read", "decode", "filter", "encode"):
        check(s.metric("job_stage_seconds_sum", stage=stage) > 0, f"time of {stage}")
    for way in ("in", "out"):
        check(s.metric("formats_total", dir=way, format="jpeg") >= 1, f"format {way}")
    spent = [s.metric("job_cpu_seconds_total", op=op) for op in ("decode", "filter", "encode", "other")]
    check(all(0 < seconds < 600 for seconds in spent), f"processor time in seconds: {spent}")
    names = [f["name"] for f in json.loads(s.get("/v1/filters")[2])["filters"]]
    each = {name: s.metric("filter_cpu_seconds_total", filter=name) for name in names}
    check(each["resize"] > 0 and each["rotate"] == 0, f"of filters: {each}")
    check(sum(each.values()) <= spent[1] + 1e-3, f"{spent[1]} s of filters: {each}")
    jobs = s.metric("job_seconds_count")
    check(s.metric("decoded_bytes_estimate_count") >= jobs > 0, "an estimate for each job")
    bypassed = s.metric("cache_requests_total", result="bypass")
    body, headers = form(("recipe", b"save:png,name=p/save:jpeg,name=j"), ("image", jpeg))
    reply = s.post("/v1/set", body, headers=headers)
    check(reply[0] == 200 and reply[1]["imbrex-cache"] == "bypass", "sets are not cached")
    check(s.metric("cache_requests_total", result="bypass") == bypassed + 1, "that is counted")


with support.server("--root", root, "--cache-folder", work / "cache",
                    "--recipes-presets", "small=resize:48x/unsharp:0.5",
                    "--recipes-presets", "noted=resize:48x # for lists") as s:
    for test in (images, head, conditional, spelling, problems, files_of_the_server, paths,
                 negotiation, uploads, forms, sets, forms_that_are_none, documents, ids, presets,
                 ranges_and_tags, other_sites, lines, counters):
        test(s)
        print(f"{test.__name__}: good")
    check(s.stop() == 0, "it ends well")
