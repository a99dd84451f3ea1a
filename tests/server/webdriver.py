"""A browser without a window, driven over the W3C WebDriver protocol (chromedriver, plain HTTP).

    with webdriver.browser() as b:
        b.open("http://127.0.0.1:8080/ui/")
        b.click("#add")
"""

import base64
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time

import support

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"enter": "\ue007", "home": "\ue011", "end": "\ue010", "left": "\ue012", "right": "\ue014",
        "tab": "\ue004", "escape": "\ue00c"}


class Browser:
    def __init__(self, port):
        self.port, self.session = port, None
        options = {"binary": shutil.which("chromium"),
                   "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                            "--disable-dev-shm-usage", "--no-first-run", "--window-size=1360,1000"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}},
                                 whole=True)["sessionId"]

    def call(self, method, path, body=None, whole=False):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            place = path if whole else f"/session/{self.session}{path}"
            c.request(method, place, json.dumps(body or {}) if method == "POST" else None)
            value = json.loads(c.getresponse().read())["value"]
        finally:
            c.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(f"{method} {path}: {value['error']}: {value['message'][:400]}")
        return value

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *args):
        """The value that a script returns; it may be a promise."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def cdp(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def find_all(self, selector):
        found = self.call("POST", "/elements", {"using": "css selector", "value": selector})
        return [e[ELEMENT] for e in found]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, *names):
        """Keys for whatever has the focus."""
        keys = [{"type": kind, "value": KEYS.get(name, name)}
                for name in names for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": keys}]})

    def label(self, element):
        return self.call("GET", f"/element/{element}/computedlabel")

    def wait(self, what, script, *args, seconds=30):
        """Waits until a script returns something true, and returns it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            value = self.run(script, *args)
            if value:
                return value
            time.sleep(0.05)
        raise RuntimeError(f"in vain: {what}; the page says: "
                           + str(self.run("return document.querySelector('#status').textContent")))

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self):
        """Errors and warnings in the page's console since the last time."""
        return [e["message"] for e in self.call("POST", "/se/log", {"type": "browser"})
                if e["level"] in ("SEVERE", "WARNING")]


@contextlib.contextmanager
def browser():
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        support.skip("there is no chromium with its driver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as leavings:
        yield from driven(leavings)


def driven(leavings):
    """The browser, which leaves its profile in the folder for temporary files at times."""
    port = support.free_port()
    driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                              env=os.environ | {"TMPDIR": leavings})
    b = None
    try:
        until = time.monotonic() + 30
        while b is None:
            try:
                b = Browser(port)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield b
    finally:
        if b:
            b.call("DELETE", "")
        driver.terminate()
        driver.wait(20)
