"""imbrex sign: what it prints is computed again here, by the words of signature.h."""

import base64
import hashlib
import hmac
import os
import subprocess
import tempfile
import time

IMBREX = os.environ["IMBREX"]
KEY = bytes(range(32))
WEB = "web:" + KEY.hex()
OLD = "old:" + bytes(16).hex()


def check(condition, sentence):
    if not condition:
        raise SystemExit(f"failed: {sentence}")


def sign(*words, env=None):
    clean = {k: v for k, v in os.environ.items() if k == "PATH" or not k.startswith("IMBREX_")}
    return subprocess.run([IMBREX, "sign", *words], env={**clean, **(env or {})},
                          capture_output=True, text=True, timeout=60)


def expected(rest, expiry=None, key=KEY, name="web"):
    message = b"imbrex1\0" + (b"%d\0" % expiry if expiry else b"") + b"/" + rest.encode()
    mac = base64.urlsafe_b64encode(hmac.new(key, message, hashlib.sha256).digest())
    signature = f"{name}." + mac.decode().rstrip("=") + (f".{expiry}" if expiry else "")
    return f"/v1/{signature}/{rest}\n"


def good(want, *words, env=None):
    done = sign(*words, env=env)
    check(done.returncode == 0, f"{words}: {done.stderr}")
    check(done.stdout == want, f"{words}: {done.stdout!r}, not {want!r}")


def bad(part, *words, env=None):
    done = sign(*words, env=env)
    check(done.returncode == 2, f"{words}: status {done.returncode}")
    check(done.stdout == "", f"{words}: prints {done.stdout!r}")
    check(part in done.stderr, f"{words}: {part!r} is not in {done.stderr!r}")
    check(KEY.hex() not in done.stderr, f"{words}: shows the key")


def signs():
    rest = "resize:512x/file/a%20b.jpg"
    good(expected(rest), "--auth-keys", WEB, rest)
    good(expected(rest), "--auth-keys", WEB, "/" + rest)
    good(expected(rest), f"--auth-keys={WEB}", rest)
    good(expected(rest), rest, env={"IMBREX_AUTH_KEYS": WEB})
    good(expected(rest), "--auth-keys", f"{WEB},{OLD}", rest)
    good(expected(rest, key=bytes(16), name="old"), "--auth-keys", f"{OLD},{WEB}", rest)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        print(f"[auth]\nkeys = {WEB}", file=file, flush=True)
        good(expected(rest), "--config", file.name, rest)
    with tempfile.NamedTemporaryFile("w") as file:
        print(WEB, file=file, flush=True)
        good(expected(rest), "--auth-keys-file", file.name, rest)


def ends():
    rest = "invert/url/aHR0cA"
    point = 1893456000
    good(expected(rest, point), "--expires", "2030-01-01T00:00:00Z", "--auth-keys", WEB, rest)
    good(expected(rest, point), "--auth-keys", WEB, "--expires=2030-01-01T01:00:00+01:00", rest)
    for text, seconds in (("90s", 90), ("30min", 1800), ("1h", 3600), ("7d", 604800)):
        before = int(time.time())
        done = sign("--expires", text, "--auth-keys", WEB, rest)
        after = int(time.time())
        expiry = int(done.stdout.split("/")[2].split(".")[2])
        check(before + seconds <= expiry <= after + seconds, f"{text}: {expiry}")
        check(done.stdout == expected(rest, expiry), f"{text}: {done.stdout}")


def refuses():
    keys = ("--auth-keys", WEB)
    bad("PATH")
    bad("PATH", *keys, "")
    bad("PATH", *keys, "/")
    bad("PATH", *keys, "//x")
    bad("PATH", "--auth-keys=" + WEB)
    bad("%20", *keys, "file/a b.jpg")
    bad("%3F", *keys, "file/a.jpg?x")
    bad("%C3", *keys, "file/ä.jpg")
    bad("%23", *keys, "file/a#b")
    bad("%0A", *keys, "file/a\nb")
    bad("/v1/", *keys, "/v1/-/file/a.jpg")
    bad("no signing key", "file/a.jpg")
    for when in ("", "1", "h", "0s", "-1h", "1 h", "1y", "tomorrow", "2030-01-01T00:00:00",
                 "2030-01-01", "99999999999999999999s", "1e3s"):
        bad("--expires", f"--expires={when}", *keys, "file/a.jpg")
    bad("passed", "--expires", "2020-01-01T00:00:00Z", *keys, "file/a.jpg")
    bad("--expires", *keys, "--expires")
    bad("--expires", *keys, "--expires", "1h")
    bad("--lisen", *keys, "--lisen", "x", "file/a.jpg")
    bad("short", "--auth-keys", "short:00", "file/a.jpg")


def explains():
    done = sign("--help")
    check(done.returncode == 0 and "--expires TIME" in done.stdout, "help is not given")
    check(sign("-h").stdout == done.stdout, "-h is not --help")
    check(all(len(line) <= 100 for line in done.stdout.splitlines()), "help is wide")


signs()
ends()
refuses()
explains()
print("sign: addresses, expiries, refusals and help are as they should be")
