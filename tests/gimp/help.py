"""Help, in the windows of a real GIMP: the button opens our page for that filter in the user's web
browser, which here writes down what it was told to open, and the page is read from there."""

import pathlib
import time
import urllib.parse

import cv2
import numpy

from desktop import Desktop, call, check, failures, wait

ENTRY = """[Desktop Entry]
Type=Application
Name=Browser
Exec={} %u
MimeType=text/html;
"""


def make_browser():
    """Makes it the one that opens pages, by the user's own settings."""
    program = desktop.folder / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >>"{opened}"\n')
    program.chmod(0o755)
    applications = desktop.folder / ".local/share/applications"
    applications.mkdir(parents=True)
    (applications / "browser.desktop").write_text(ENTRY.format(program))
    (desktop.folder / ".config/mimeapps.list").write_text(
        "[Default Applications]\ntext/html=browser.desktop\n")


def page():
    """The text of the page that the button opens, which is none of those before."""
    def fresh():
        desktop.keys("alt+h")
        time.sleep(1)
        addresses = opened.read_text().split() if opened.exists() else []
        return [a for a in addresses if a not in seen]
    seen.append(wait("another page", fresh)[0])
    address = urllib.parse.urlsplit(seen[-1])
    path = pathlib.Path(urllib.parse.unquote(address.path))
    check(address.scheme in ("", "file") and path.is_file(), f"{seen[-1]} is no page")
    check(desktop.folder in path.parents, f"{path} is not of the plug-in that was installed")
    return path.read_text() if path.is_file() else ""


with Desktop() as desktop:
    source, opened = desktop.folder / "source.png", desktop.folder / "opened"
    cv2.imwrite(str(source), numpy.zeros((90, 120, 3), numpy.uint8))
    seen = []
    make_browser()
    windows = {"Blur": ("blur", call("blur")), "Box blur": ("box_blur", call("box_blur")),
               "Recipe": ("Recipes", '(plug-in-imbrex-recipe RUN-INTERACTIVE img (layer img) "")'),
               "Batch": ("Batches", '(plug-in-imbrex-batch RUN-INTERACTIVE "" "" "")')}
    desktop.gimp(f'(set! img (open "{source}"))', *(command for _, command in windows.values()))
    for title, (heading, _) in windows.items():
        window = desktop.window(title)
        check(f"<h1>{heading}</h1>" in page(), f"{title}: the page of something else")
        desktop.escape(window)
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "every window opens its own page")
raise SystemExit(bool(failures))
