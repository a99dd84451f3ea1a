"""Ours among the operations of GIMP's GEGL Operation, whose dialog has a list of all."""

import json
import shutil
import subprocess

from desktop import IMBREX, PLUGIN, skip, wait

MODULE = PLUGIN.parent.parent / "gegl-0.4" / "imbrex.so"
TITLE = "GEGL Operation"
ACTION = "tools/tools-gegl"


def install(desktop):
    """Before GIMP starts. Exit status 77 where there are none."""
    if not MODULE.exists() or not shutil.which("gegl"):
        skip("imbrex was built without operations")
    folder = desktop.folder / ".local/share/gegl-0.4/plug-ins"
    folder.mkdir(parents=True)
    shutil.copy(MODULE, folder)


def choose(desktop, steps):
    """That many entries below the first of the list that has the keyboard."""
    def windows():
        return len(desktop.tool("search", "--onlyvisible", "--name", "."))

    closed = windows()
    desktop.keys("space")
    wait("the list", lambda: windows() > closed)
    desktop.keys(*["Down"] * steps, "Return")
    wait("the end of the list", lambda: windows() <= closed)


def choose_blur(desktop):
    """In a dialog that was just opened: behind ours of lesser labels, Absolute and Bilateral
    Filter."""
    names = subprocess.run(["gegl", "--list-all"], env=desktop.env, capture_output=True,
                           text=True).stdout.split()
    table = json.loads(subprocess.run([IMBREX, "filters", "--json"], check=True,
                                      capture_output=True).stdout)["filters"]
    choose(desktop, 2 + sum(f["label"].lower() < "blur" for f in table
                            if f"imbrex:{f['name']}" in names))
