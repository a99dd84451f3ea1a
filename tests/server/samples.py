"""The files in samples/server: settings that equal the defaults, units that systemd accepts, and
nginx in front of the real program."""

import os
import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.request

import support
from support import check

SAMPLES = support.SOURCE / "samples" / "server"
PICTURE = support.SOURCE / "samples" / "pictures" / "photo-before.jpg"


def run(*words, **more):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, **more)


def test_settings(folder):
    sample = run(support.IMBREX, "serve", "--config", SAMPLES / "imbrex.conf", "--print-config")
    check(sample.returncode == 0, sample.stderr)
    default = run(support.IMBREX, "serve", "--print-config")
    check(sample.stdout == default.stdout, f"not the defaults: {sample.stdout}")
    # What is commented out is right, too, where it names no file of this machine.
    lines = (SAMPLES / "imbrex.conf").read_text().splitlines()
    absent = r"# (\w+_file|root|key_id) = "
    used = [re.sub(r"^# (\w+) = ", r"\1 = ", line) for line in lines if not re.match(absent, line)]
    check(len([line for line in lines if re.match(r"# \w+ = ", line)]) >= 8, "comments were found")
    used.remove("listen = 127.0.0.1:8080")
    everything = folder / "everything.conf"
    once = dict.fromkeys(used)  # a list may be given twice, sections and blank lines do not matter
    everything.write_text("\n".join(once) + "\n")
    good = run(support.IMBREX, "serve", "--config", everything, "--check-config")
    check(good.returncode == 0, good.stderr)


def test_units(folder):
    if not shutil.which("systemd-analyze"):
        return print("no systemd-analyze here: the units are not tested")
    for name in ("imbrex.service", "imbrex.socket"):
        text = (SAMPLES / name).read_text().replace("/usr/bin/imbrex", support.IMBREX)
        (folder / name).write_text(text)
    verified = run("systemd-analyze", "verify", folder / "imbrex.service", folder / "imbrex.socket")
    ours = [line for line in verified.stderr.splitlines() if "imbrex" in line]
    check(verified.returncode == 0 and not ours, f"systemd-analyze verify: {verified.stderr}")
    exposed = run("systemd-analyze", "security", "--offline=true", "--threshold=20",
                  folder / "imbrex.service")
    check(exposed.returncode == 0, exposed.stdout + exposed.stderr)


def certificate(folder):
    made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
               "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
               "-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    check(made.returncode == 0, made.stderr)


def nginx_files(folder, port, http, https):
    """The sample on other ports, and a main file around it."""
    text = (SAMPLES / "nginx.conf").read_text()
    for old, new in (("127.0.0.1:8080", f"127.0.0.1:{port}"),
                     ("/etc/ssl/certs/images.example.org.pem", f"{folder}/cert.pem"),
                     ("/etc/ssl/private/images.example.org.key", f"{folder}/key.pem"),
                     ("/var/cache/nginx/imbrex", f"{folder}/cache"),
                     ("listen 80;", f"listen {http};"), ("listen 443 ", f"listen {https} "),
                     ("images.example.org", "localhost")):
        check(old in text, f"nginx.conf has no {old}")
        text = text.replace(old, new)
    text = re.sub(r"\n *listen \[::\].*", "", text)  # there may be no IPv6 here
    (folder / "imbrex.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = folder / "nginx.conf"
    main.write_text(f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log;\n"
                    f"events {{ }}\nhttp {{ access_log off; {temporary}\n"
                    f"include {folder}/imbrex.conf; }}\n")
    return main


class Proxy:
    def __init__(self, folder, server):
        self.http, self.https = support.free_port(), support.free_port()
        main = nginx_files(folder, server.port, self.http, self.https)
        tested = run("nginx", "-t", "-c", main, "-e", folder / "error.log")
        check(tested.returncode == 0, tested.stderr)
        self.tls = ssl.create_default_context(cafile=folder / "cert.pem")
        self.process = subprocess.Popen(["nginx", "-c", main, "-e", folder / "error.log"])

    def ask(self, path, body=None, method=None):
        request = urllib.request.Request(f"https://localhost:{self.https}{path}", body,
                                         method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=60) as r:
                return r.status, r.headers, r.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read()

    def wait(self):
        for _ in range(200):
            try:
                return self.ask("/v1/filters")
            except urllib.error.URLError:
                time.sleep(0.05)
        raise SystemExit("failed: nginx does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def check_proxy(proxy, server):
    proxy.wait()
    path = f"/v1/-/resize:64x/save:png/file/{PICTURE.name}"
    status, headers, body = proxy.ask(path)
    check(status == 200 and body[:4] == b"\x89PNG", f"an image through nginx: {status} {body[:200]}")
    check(headers["X-Cache"] == "MISS", f"the first answer is nobody's copy: {headers}")
    check(headers["Strict-Transport-Security"] == "max-age=31536000", f"HSTS: {headers}")
    check(body == server.get(path)[2], "the same bytes as without nginx")
    status, headers, again = proxy.ask(path)
    check(status == 200 and again == body, "the same bytes again")
    check(headers["X-Cache"] == "HIT", f"nginx keeps it: {headers}")
    status, headers, none = proxy.ask(path, method="HEAD")
    check(status == 200 and none == b"", "HEAD through nginx")
    status, _, _ = proxy.ask("/v1/-/resize:1//x/file/none.png")
    check(status in (400, 404), f"an error stays one: {status}")
    status, _, body = proxy.ask("/v1/process/resize:8x/save:png", PICTURE.read_bytes())
    check(status == 200 and body[:4] == b"\x89PNG", f"an upload: {status} {body[:200]}")
    status, _, _ = proxy.ask("/v1/process/resize:8x", bytes(33 << 20))
    check(status == 413, f"an upload that is too large ends at nginx: {status}")


def check_redirect(proxy):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    try:
        urllib.request.build_opener(Stay).open(f"http://localhost:{proxy.http}/a//b?c", timeout=20)
        raise SystemExit("failed: plain HTTP was answered")
    except urllib.error.HTTPError as e:
        check(e.code == 301 and e.headers["Location"] == "https://localhost/a//b?c", str(e.headers))


def test_nginx(folder):
    if not shutil.which("nginx") or not shutil.which("openssl"):
        return print("no nginx or openssl here: the proxy is not tested")
    certificate(folder)
    with support.server("--root", PICTURE.parent) as server:
        proxy = Proxy(folder, server)
        try:
            check_proxy(proxy, server)
            check_redirect(proxy)
        finally:
            proxy.stop()


with tempfile.TemporaryDirectory() as name:
    test_settings(pathlib.Path(name))
    test_units(pathlib.Path(name))
    test_nginx(pathlib.Path(name))
print("the files in samples/server work")
