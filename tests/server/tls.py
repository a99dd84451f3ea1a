"""Sources behind TLS: nginx with certificates of the test's own authority. One that is right is
fetched from; for another host, expired, or of an authority that nobody knows, it is not even asked.
In namespaces of its own, where hosts and trusted authorities are what the test says."""

import base64
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import network
import support
from support import check

PUBLIC = "203.0.114.1"
AUTHORITIES = "/etc/ssl/certs"
HOSTS = ("good", "name", "expired", "unknown", "self")
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
work = pathlib.Path(tempfile.mkdtemp())


def web(host, path, scheme="https"):
    """A name that is reserved for examples (RFC 2606)."""
    return f"{scheme}://{host}.example.org{path}"


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    check(done.returncode == 0, f"{words}: {done.stderr}")


# ---- a network of its own ------------------------------------------------------------------------

def set_up():
    names = " ".join(f"{host}.example.org" for host in HOSTS)
    network.lay_over(work, "/etc/hosts", f"127.0.0.1 localhost\n{PUBLIC} {names}\n")
    network.lay_over(work, "/etc/nsswitch.conf", "hosts: files\n")
    network.bring_up(PUBLIC)


# ---- certificates --------------------------------------------------------------------------------

def authority(name):
    run("openssl", "req", "-x509", *NEW_KEY, "-days", "2", "-subj",
        f"/CN=authority {name}", "-keyout", work / f"{name}.key", "-out", work / f"{name}.crt")


def certificate(name, host, by, days=2):
    """For that host, signed by that authority; or by itself."""
    (work / "extensions").write_text(f"subjectAltName=DNS:{host}.example.org\n")
    run("openssl", "req", *NEW_KEY, "-subj", f"/CN={host}", "-keyout",
        work / f"{name}.key", "-out", work / "request")
    signer = ["-CA", work / f"{by}.crt", "-CAkey", work / f"{by}.key"] if by else \
        ["-signkey", work / f"{name}.key"]
    run("openssl", "x509", "-req", "-in", work / "request", *signer, "-days", days, "-extfile",
        work / "extensions", "-out", work / f"{name}.crt")


def certificates():
    authority("known"), authority("nobody's")
    certificate("good", "good", "known")
    certificate("name", "good", "known")
    certificate("expired", "expired", "known", days=-1)
    certificate("unknown", "unknown", "nobody's")
    certificate("self", "self", None)
    run("mount", "-t", "tmpfs", "none", AUTHORITIES)
    for name in ("known.pem", "ca-certificates.crt"):
        shutil.copyfile(work / "known.crt", f"{AUTHORITIES}/{name}")
    run("openssl", "rehash", AUTHORITIES)


# ---- nginx ---------------------------------------------------------------------------------------

def start_nginx():
    servers = "".join(f"""
      server {{ listen {PUBLIC}:443 ssl; server_name {host}.example.org;
        ssl_certificate {work}/{host}.crt; ssl_certificate_key {work}/{host}.key;
        location = /name {{ return 302 {web("name", "/a.jpg")}; }}
        location = /plain {{ return 302 {web("good", "/a.jpg", "http")}; }}
        location = /good {{ return 302 {web("good", "/a.jpg")}; }} }}""" for host in HOSTS)
    servers += f"""
      server {{ listen {PUBLIC}:80; server_name good.example.org;
        location = /up {{ return 302 {web("good", "/a.jpg")}; }} }}"""
    temporary = "".join(f"{kind}_temp_path {work}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (work / "nginx.conf").write_text(f"""
daemon off; master_process off; user root; pid {work}/pid; error_log {work}/error.log;
events {{ }}
http {{ {temporary} root {work}/files;
  log_format asked "$host $request"; access_log {work}/asked asked;{servers} }}
""")
    process = subprocess.Popen(["nginx", "-c", work / "nginx.conf", "-e", work / "error.log"])
    for _ in range(200):
        try:
            socket.create_connection((PUBLIC, 443)).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"failed: nginx does not listen: {(work / 'error.log').read_text()}")


def asked():
    return (work / "asked").read_text().splitlines()


# ---- asking --------------------------------------------------------------------------------------

def get(s, url):
    coded = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return s.get(f"/v1/-/resize:64x/url/{coded}")


def good_ones(s):
    reply = get(s, web("good", "/a.jpg"))
    check(reply[0] == 200 and reply[2][:2] == b"\xff\xd8", f"the right certificate: {reply}")
    reply = get(s, web("good", "/good"))
    check(reply[0] == 200, f"and one that leads to it: {reply}")
    reply = get(s, web("good", "/up", "http"))
    check(reply[0] == 200, f"and one without TLS that leads to it: {reply}")
    check(s.metric("source_fetch_total", kind="url", result="ok") == 3, "they are counted")


def downgraded(s):
    """Whoever is on the way of what is not encrypted could put an image of theirs there."""
    before = len(asked())
    status, _, body = get(s, web("good", "/plain"))
    check(status == 502 and b"https" in body, f"from https to http: {status} {body}")
    check(len(asked()) == before + 1, f"only the first was asked: {asked()[before:]}")


def bad_ones(s):
    before = asked()
    said = {}
    for host in HOSTS[1:]:
        status, _, body = get(s, web(host, "/a.jpg"))
        check(status == 502 and b"urn:imbrex:problem:source-failed" in body, f"{host}: {status} {body}")
        check(str(work).encode() not in body and AUTHORITIES.encode() not in body, f"{host}: {body}")
        said[host] = body
    check(asked() == before, f"nothing was asked of them: {asked()[len(before):]}")
    status, _, body = get(s, web("good", "/name"))
    check(status == 502, f"a good one that leads to a bad one: {status} {body}")
    check(len(asked()) == len(before) + 1, f"only the good one was asked: {asked()[len(before):]}")
    failed = s.metric("source_fetch_total", kind="url", result="failed")
    check(failed == len(said) + 1, f"they are counted: {failed}")
    print(f"  {len(said)} bad certificates refused: {said['name']}")


if not shutil.which("nginx") or not shutil.which("openssl"):
    support.skip("no nginx or openssl here")
network.enter()
set_up()
certificates()
(work / "files").mkdir()
subprocess.run(["convert", "-size", "300x200", "plasma:red-blue", work / "files" / "a.jpg"], check=True)
nginx = start_nginx()
try:
    with support.server("--remote-allow", "*.example.org", "--log-file", "off") as s:
        for test in (good_ones, bad_ones, downgraded):
            test(s)
            print(f"{test.__name__}: good")
finally:
    nginx.terminate()
    nginx.wait(20)
