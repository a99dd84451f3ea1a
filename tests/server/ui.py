"""ui - the page at /ui/ in a real browser: a picture is dropped, steps are added, moved and set by
keyboard, problems are shown where they belong; on a phone, in the dark. Pictures of it are written
to the build folder."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import support
import webdriver

PHOTO = support.SOURCE / "samples" / "pictures" / "photo-before.jpg"
PICTURES = pathlib.Path(os.environ["BUILD"], "ui")

DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], arguments[1], {type: 'image/jpeg'}));
const at = document.querySelector('#stage');
at.dispatchEvent(new DragEvent('dragover', {dataTransfer: data, bubbles: true, cancelable: true}));
at.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
"""
DONE = """return document.querySelector('#stage').getAttribute('aria-busy') === 'false'
    && document.querySelector('#status').classList.contains('done')"""
RECIPE = "return document.querySelector('#recipe').value"
WRITE = """
const box = document.querySelector('#recipe');
box.value = arguments[0];
box.dispatchEvent(new Event('input', {bubbles: true}));
"""


def wait_done(b, size):
    """Until the result has that size, "400\u00d7225"."""
    b.wait(f"a result of {size}", DONE + """
        && document.querySelector('#figure-size').textContent.endsWith(arguments[0])
        && document.querySelector('.after').complete""", size)


def drop(b):
    b.run(DROP, base64.b64encode(PHOTO.read_bytes()).decode(), PHOTO.name)


def check_start(b):
    b.wait("the formats", "return document.querySelector('#format').options.length > 4")
    b.picture(PICTURES / "empty.png")
    drop(b)
    b.wait("a result", DONE)
    whole = b.run("return document.querySelector('#figure-size').textContent")
    support.check("\u2192" in whole, f"sizes before and after are shown: {whole}")
    parts = b.run("return document.querySelectorAll('#timing-list li').length")
    support.check(parts >= 4, f"the server's timings are shown: {parts}")


def check_steps(b):
    b.click("#add")
    b.type("#search", "blur")
    b.press("enter")
    b.wait("a step", "return document.querySelector('.step-name')?.textContent === 'blur'")
    b.run("document.querySelector('.step .slider').focus()")
    b.press(*["right"] * 40)
    b.wait("the slider's value in the recipe",
           RECIPE + ".match(/^blur:/) && document.querySelector('#recipe').value !== 'blur'")
    b.wait("a result", DONE)
    b.click("#add")
    b.picture(PICTURES / "chooser.png")
    b.run("[...document.querySelectorAll('.choice')].find("
          "c => c.firstChild.textContent === 'resize').click()")
    b.type(".step:nth-child(2) input[type=text]", webdriver.KEYS["end"] + "\ue003" * 9 + "400x")
    wait_done(b, "400\u00d7225")
    support.check(b.run(RECIPE).endswith("/resize:400x"), f"the recipe is {b.run(RECIPE)}")


def check_moves(b):
    b.run("document.querySelector('.step:nth-child(2) .up').focus()")
    b.press("enter")
    recipe = b.run(RECIPE)
    support.check(recipe.startswith("resize:400x/blur:"), f"moved up: {recipe}")
    support.check(b.run("return document.activeElement.closest('.step') ==="
                        " document.querySelector('.step')"), "the focus moved with the step")
    wait_done(b, "400\u00d7225")


DRAG = """
const [held, other] = document.querySelectorAll('.step');
const data = new DataTransfer();
const tell = (at, event, more) => at.dispatchEvent(new DragEvent(event,
    {dataTransfer: data, bubbles: true, cancelable: true, ...more}));
held.querySelector('.handle').dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}));
tell(held, 'dragstart');
tell(other, 'dragover', {clientY: other.getBoundingClientRect().bottom - 2});
tell(held, 'dragend');
"""


def check_drag(b):
    b.run(DRAG)
    support.check(b.run(RECIPE).startswith("blur:"), f"dragged down: {b.run(RECIPE)}")
    b.run(DRAG)
    support.check(b.run(RECIPE).startswith("resize:400x/blur:"), f"and back: {b.run(RECIPE)}")
    wait_done(b, "400\u00d7225")


def check_result(b, s):
    """What is offered for download is what the server gives for the recipe in the box."""
    b.run("const f = document.querySelector('#format'); f.value = 'png';"
          "f.dispatchEvent(new Event('change'))")
    recipe = b.run(RECIPE)
    support.check(recipe.endswith("/save:png"), f"the format is in the recipe: {recipe}")
    b.wait("a PNG", DONE + " && document.querySelector('#download').download.endsWith('.png')")
    status, _, body = s.post("/v1/process/" + recipe, PHOTO.read_bytes(),
                             headers={"Content-Type": "application/octet-stream"})
    support.check(status == 200, f"the server says {status}")
    with tempfile.TemporaryDirectory() as folder:
        b.cdp("Page.setDownloadBehavior", behavior="allow", downloadPath=folder)
        file = pathlib.Path(folder, b.run("return document.querySelector('#download').download"))
        b.click("#download")
        until = time.monotonic() + 20
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        support.check(file.read_bytes() == body, "the download has the server's bytes")


def check_split(b):
    where = "return getComputedStyle(document.querySelector('#compare')).getPropertyValue('--split')"
    b.run("document.querySelector('#split').focus()")
    b.press("home")
    support.check(b.run(where) == "0%", "Home shows the result alone")
    b.press(*["right"] * 30)
    support.check(b.run(where) == "30%", f"30 steps to the right: {b.run(where)}")
    b.picture(PICTURES / "compare.png")


SLOW = """
const real = window.fetch;
window.asked = [];
window.fetch = (address, options) => {
  asked.push(options.signal);
  return new Promise(go => setTimeout(go, 700)).then(() => real(address, options));
};
window.fast = () => { window.fetch = real; };
"""


def check_cancel(b):
    """A request that is overtaken by a change is given up."""
    b.run(SLOW)
    b.run(WRITE, "blur:20/resize:120x")
    b.wait("a request", "return asked.length === 1")
    b.run(WRITE, "blur:20/resize:100x")
    wait_done(b, "100\u00d756")
    support.check(b.run("return asked.map(s => s.aborted)") == [True, False],
                  "the first request was given up, the second was not")
    b.run("fast()")


def check_other_formats(b):
    """What the browser cannot show is shown all the same, and downloaded as it is."""
    b.run(WRITE, "resize:90x/save:tiff,compression=lzw")
    wait_done(b, "90\u00d751")
    support.check(b.run("return document.querySelector('#download').download").endswith(".tif"),
                  "a TIFF is offered")
    support.check(b.run("return document.querySelector('.after').naturalWidth") == 90
                  and b.run("return document.querySelector('#unshown').hidden"), "and it is seen")
    support.check(b.run("return document.querySelector('#format').value") == "tiff"
                  and b.run("return document.querySelector("
                            "'[data-parameter=compression] select').value") == "lzw",
                  "the forms have it")


def copied(b, what):
    """The text that a button offers; it is said too where there is no clipboard."""
    b.run("document.querySelector('#status').textContent = ''")
    b.click(f"[data-copy={what}]")
    text = b.wait("a text", "return document.querySelector('#status').textContent")
    return text.removeprefix("Copied: ")


def check_copies(b, s):
    """All three do what the page did."""
    recipe = "resize:80x,light=encoded/save:png"
    b.run(WRITE, recipe)
    wait_done(b, "80\u00d745")
    want = s.post("/v1/process/" + recipe, PHOTO.read_bytes(),
                  headers={"Content-Type": "image/jpeg"})[2]
    address = copied(b, "address")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copy(PHOTO, folder)
        path = {**os.environ, "PATH": f"{pathlib.Path(support.IMBREX).parent}:{os.environ['PATH']}"}
        for what in ("command", "curl"):
            subprocess.run(["sh", "-c", copied(b, what)], cwd=folder, env=path, check=True,
                           capture_output=True)
        made = [folder / "out" / "photo-before.png", folder / "photo-before-imbrex.png"]
        support.check(all(file.read_bytes() == want for file in made), "the same bytes")
    support.check(address.startswith(f"http://127.0.0.1:{s.port}/"), f"an address: {address}")
    status, _, body = s.get(address.removeprefix(f"http://127.0.0.1:{s.port}"))
    support.check(status == 200 and body == want, f"{address}: {status}")


AGAIN = """
const texts = arguments[0];
return Promise.all([import('./recipe.js'), fetch('../v1/filters').then(r => r.json())]).then(
    ([recipe, table]) => texts.map(text => {
      const parsed = recipe.parseRecipe(text, table);
      return parsed && recipe.printRecipe(parsed.steps, parsed.output, table);
    }));
"""
SPELLINGS = ["  blur:2 / resize:50% # and a word\nunsharp", "pad:600x300,background=#fff/save:png,depth=8",
             "save:jpeg,70,444", "resize:size=120x,kernel=mitchell / save:webp,lossless=yes"]


def check_recipes(b, s):
    """What the forms make of a recipe means the same to the server: every filter's examples."""
    filters = json.loads(s.get("/v1/filters")[2])["filters"]
    texts = [e for f in filters for e in f["examples"]] + SPELLINGS
    image = PHOTO.read_bytes()
    kind = {"Content-Type": "image/jpeg"}
    same = 0
    for text, again in zip(texts, b.run(AGAIN, texts)):
        support.check(again is not None, f"the forms can show {text!r}")
        first, second = (s.post("/v1/process/" + urllib.parse.quote(t), image, headers=kind)
                         for t in (text, again))
        support.check(first[0] == second[0], f"{text!r} became {again!r}: {second[2][:200]}")
        support.check(first[0] != 200 or first[2] == second[2], f"{text!r} became {again!r}")
        same += first[0] == 200
    support.check(same > len(filters), f"only {same} recipes could be compared")


def check_texts(b):
    """A text is shown as it is, and quoted in the recipe: the default too, once it is changed."""
    b.run(WRITE, "curves")
    text = b.wait("its field", "const f = document.querySelector('[data-parameter=points] input');"
                  "return f && f.value")
    support.check(text == "0,0 1,1", f"the default: {text}")
    b.run("""const f = document.querySelector('[data-parameter=points] input');
        f.value = '0,0 0.5,0.6 1,1';
        f.dispatchEvent(new Event('input', {bubbles: true}));""")
    support.check(b.run(RECIPE) == 'curves:"0,0 0.5,0.6 1,1"', f"the recipe: {b.run(RECIPE)}")
    b.wait("a result", DONE)


def check_token():
    with support.server("--auth-token", "open-sesame") as s, webdriver.browser() as b:
        b.open(f"http://127.0.0.1:{s.port}/ui/#50%")
        b.wait("an address that is cut off", RECIPE + " === '50%'")
        b.open(f"http://127.0.0.1:{s.port}/ui/index.html#blur%3A3")
        b.wait("the recipe of the address", "return document.querySelector('.step-name')")
        drop(b)
        b.wait("a refusal", "return !document.querySelector('#token-panel').hidden")
        b.type("#token", "open-sesame")
        b.wait("a result", DONE)


def check_problems(b):
    b.run(WRITE, "blur:2/blur:900")
    text = b.wait("a problem", """
        const p = document.querySelector('.step:nth-child(2) [data-parameter=sigma] .problem');
        return p && !p.hidden && p.textContent""")
    support.check("900" in text and "250" in text, f"value and range are told: {text}")
    support.check(b.run("return document.querySelector('.step:nth-child(2) .number')"
                        ".getAttribute('aria-invalid')") == "true", "the field is marked")
    b.picture(PICTURES / "problem.png")
    b.run(WRITE, "blurr:2")
    text = b.wait("a problem", "const p = document.querySelector('#recipe-problem');"
                  "return !p.hidden && p.textContent")
    support.check("did you mean blur" in text, f"the server's advice is shown: {text}")
    b.run(WRITE, "resize:300x # smaller\nunsharp:1,amount=2")
    wait_done(b, "300\u00d7169")
    names = b.run("return [...document.querySelectorAll('.step-name')].map(e => e.textContent)")
    support.check(names == ["resize", "unsharp"], f"the forms follow the text: {names}")
    support.check(b.run("return document.querySelectorAll('.problem:not([hidden])').length") == 0,
                  "no problem is left")


def check_names(b):
    """Whatever can be reached has a name for those who do not see it."""
    for element in b.find_all("button, input, select, textarea, a[href]"):
        if b.call("GET", f"/element/{element}/displayed"):
            support.check(b.label(element), f"{b.call('GET', f'/element/{element}/property/outerHTML')}"
                          " has no name")


def check_phone(b):
    b.cdp("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2,
          mobile=True)
    b.run("scrollTo(0, 0)")
    wide = b.run("return document.documentElement.scrollWidth")
    support.check(wide <= 390, f"nothing stands out to the right: {wide}")
    above = b.run("return document.querySelector('.stage-panel').getBoundingClientRect().bottom"
                  " <= document.querySelector('#recipe-panel').getBoundingClientRect().top")
    support.check(above, "picture and recipe are one below the other")
    b.picture(PICTURES / "phone.png")
    b.run("document.querySelector('#recipe-panel').scrollIntoView()")
    b.picture(PICTURES / "phone-recipe.png")
    b.cdp("Emulation.clearDeviceMetricsOverride")
    b.run("scrollTo(0, 0)")


def check_dark(b):
    light = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    support.check(min(b.run(light)) > 200, "light unless the dark is asked for")
    b.cdp("Emulation.setEmulatedMedia",
          features=[{"name": "prefers-color-scheme", "value": "dark"},
                    {"name": "prefers-reduced-motion", "value": "reduce"}])
    support.check(max(b.run(light)) < 60, "dark where it is asked for")
    moves = b.run("return getComputedStyle(document.querySelector('.after')).transitionDuration")
    support.check(moves in ("0s", ""), f"nothing moves where that is asked for: {moves}")
    b.picture(PICTURES / "dark.png")


def check_console(b):
    """The policy forbids nothing that the page does; only the refusals that were provoked are said."""
    other = [line for line in b.complaints() if "400 (Bad Request)" not in line]
    support.check(not other, f"the console is empty: {other}")


def main():
    PICTURES.mkdir(exist_ok=True)
    with support.server("--root", PHOTO.parent) as s, webdriver.browser() as b:
        b.open(f"http://127.0.0.1:{s.port}/ui/")
        check_start(b)
        check_steps(b)
        check_moves(b)
        check_drag(b)
        check_result(b, s)
        check_split(b)
        check_cancel(b)
        check_other_formats(b)
        check_copies(b, s)
        check_problems(b)
        check_recipes(b, s)
        check_texts(b)
        check_names(b)
        check_phone(b)
        check_dark(b)
        check_console(b)
    check_token()
    print(f"the page does what it should; pictures are in {PICTURES}")


main()
