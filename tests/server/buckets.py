"""Buckets of S3, end to end: a server of the test's own computes the signature of every request again,
by the steps of AWS Signature Version 4 and, where it is installed, by botocore; what is not signed, or
signed by another key, gets nothing. The steps are held against the example that AWS has published."""

import datetime
import hashlib
import hmac
import http.server
import json
import pathlib
import subprocess
import tempfile
import threading
import urllib.parse

import support
from support import check, until

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
except ImportError:
    botocore = None

KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY:EXAMPLEKEY", "eu-test-1"
NOTHING = hashlib.sha256(b"").hexdigest()
SKEW = 900  # seconds that S3 lets clocks differ
work = pathlib.Path(tempfile.mkdtemp())
LOG = work / "log"


# ---- signatures ----------------------------------------------------------------------------------

def by_steps(path, headers, names, region, secret):
    """The signature of a GET, from its path as it was sent and its headers, of which those are signed."""
    day = headers["x-amz-date"][:8]
    encoded = urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")
    signed = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    request = "\n".join(("GET", encoded, "", signed, ";".join(names), headers["x-amz-content-sha256"]))
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", headers["x-amz-date"], scope,
                      hashlib.sha256(request.encode()).hexdigest()))
    key = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def by_botocore(path, headers, names, region, secret):
    encoded = urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")
    auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(KEY_ID, secret), "s3", region)
    request = botocore.awsrequest.AWSRequest("GET", f"http://localhost{encoded}",
                                             {name: headers[name] for name in names})
    request.context["timestamp"] = headers["x-amz-date"]
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


WAYS = (by_steps, by_botocore) if botocore else (by_steps,)


def published():
    """GET of an object, from the documentation of Amazon S3."""
    headers = {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9",
               "x-amz-content-sha256": NOTHING, "x-amz-date": "20130524T000000Z"}
    for way in WAYS:
        got = way("/test.txt", headers, sorted(headers), "us-east-1",
                  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        check(got == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
              f"{way.__name__} makes {got} of the published example")


def objection(path, headers):
    """What is wrong with a request; empty: nothing."""
    kind, _, rest = headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    date = headers.get("x-amz-date", "")
    if kind != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        return f"no signature: {headers}"
    if fields["Credential"] != f"{KEY_ID}/{date[:8]}/{REGION}/s3/aws4_request":
        return f"credential {fields['Credential']}"
    then = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()) > SKEW:
        return f"date {date}"
    names = fields["SignedHeaders"].split(";")
    needed = {"host", *(n for n in headers if n.startswith("x-amz-"))}
    if names != sorted(names) or not needed <= set(names):
        return f"signed headers {names}"
    if headers["x-amz-content-sha256"] != NOTHING:
        return "the hash of a body that there is not"
    for way in WAYS:
        if not hmac.compare_digest(fields["Signature"],
                                   way(path, headers, names, REGION, SECRET)):
            return f"another signature {way.__name__}"
    return ""


# ---- a bucket ------------------------------------------------------------------------------------

class Bucket(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        wrong = objection(self.path, headers)
        self.server.asked.append((self.path, wrong))
        self.server.traces.append(headers.get("traceparent"))
        key = urllib.parse.unquote(self.path).removeprefix("/pictures/")
        body = b"" if wrong else self.server.objects.get(key)
        self.send_response(403 if wrong else 404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


def serve(objects):
    bucket = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    bucket.objects, bucket.asked, bucket.traces = objects, [], []
    threading.Thread(target=bucket.serve_forever, daemon=True).start()
    return bucket


def started(bucket, secret, log="off", **more):
    (work / "secret").write_text(secret + "\n")
    return support.server("--s3-buckets", f"pics=http://127.0.0.1:{bucket.server_port}/pictures {REGION}",
                          "--s3-key-id", KEY_ID, "--s3-secret-file", work / "secret",
                          "--remote-networks", "127.0.0.0/8", "--log-file", log, **more)


def get(s, key):
    return s.get("/v1/-/resize:32x/s3/pics/" + urllib.parse.quote(key))


KEYS = ("a.png", "folder/b.png", "a b+c&d=e,f.png", "100%.png", "Grüße – 図.png", "~_-.png",
        "!*'();:@$[].png", "a%2Fb.png", "x=1;y=2/z.png")


def signed(bucket, s):
    for key in KEYS:
        status, _, body = get(s, key)
        check(status == 200, f"{key}: {status} {body[:200]} {bucket.asked[-1]}")
        check(bucket.asked[-1][1] == "", f"{key}: {bucket.asked[-1]}")
    check(get(s, "none.png")[0] == 404, "a key that there is not")
    print(f"  {len(bucket.asked)} signatures verified: {', '.join(way.__name__ for way in WAYS)}")


TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def requests():
    """Lines of the log."""
    text = LOG.read_text() if LOG.exists() else ""
    return [json.loads(line) for line in text.splitlines(True) if '"path"' in line and line[-1] == "\n"]


def ask_as_part(s, bucket, key, traceparent):
    """What the log says of the request, and what the bucket is told."""
    before, lines = len(bucket.asked), len(requests())
    status, _, body = s.get(f"/v1/-/resize:32x/s3/pics/{key}", headers={"traceparent": traceparent})
    check(status == 200, f"{traceparent}: {status} {body[:200]}")
    check(len(bucket.asked) == before + 1 and bucket.asked[-1][1] == "", f"{bucket.asked[-1]}")
    until(lambda: len(requests()) == lines + 1, "there is a line in the log")
    return requests()[-1], bucket.traces[-1]


def traced(bucket, s):
    """The bucket is asked as a part of the client's trace, and the log says which and what part."""
    line, told = ask_as_part(s, bucket, "a.png", f"00-{TRACE}-{PARENT}-01")
    check(line["trace_id"] == TRACE and line["parent_id"] == PARENT, f"the log has it: {line}")
    check(told == f"00-{TRACE}-{line['span_id']}-01", f"the bucket is told {told}: {line}")
    check(line["span_id"] not in (PARENT, "0" * 16), f"we are the parent: {line}")
    for bad in (f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01",
                f"00-{TRACE.upper()}-{PARENT}-01", "x" * 3000, "00-<script>"):
        line, told = ask_as_part(s, bucket, "a.png", bad)
        check("trace_id" not in line and told is None, f"{bad[:60]} is no trace: {told} {line}")


def wrong(bucket, s):
    """By another secret: the bucket refuses, and the client learns no more than that."""
    status, _, body = get(s, "a.png")
    check("another signature" in bucket.asked[-1][1], f"the bucket sees it: {bucket.asked[-1]}")
    check(status == 502 and b"source-failed" in body and KEY_ID.encode() not in body,
          f"a wrong secret: {status} {body}")
    check(s.metric("source_fetch_total", kind="bucket", result="failed") == 1, "it is counted")


published()
picture = subprocess.run(["convert", "-size", "90x60", "plasma:red-blue", "png:-"], check=True,
                         capture_output=True).stdout
bucket = serve({key: picture for key in KEYS})
with started(bucket, SECRET) as s:
    signed(bucket, s)
    print("signed: good")
with started(bucket, SECRET, log=LOG) as s:
    traced(bucket, s)
    print("traced: good")
with started(bucket, SECRET[:-1] + "Z") as s:
    wrong(bucket, s)
    print("wrong: good")
