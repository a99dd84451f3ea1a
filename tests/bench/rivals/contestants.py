"""How imbrex and its rivals are started for a work: each a function of the work's name, the files
and an empty folder for the outputs, at two processes or threads."""
import os
import subprocess
from pathlib import Path

from works import WORKS

HERE = Path(__file__).parent
MAGICK_JPEG = ["-define", "jpeg:optimize-coding=false", "-sampling-factor", "2x2"]


def run(command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)


def own(work):
    """The name by which the rivals know a work."""
    return WORKS[work].same or work


def imbrex(program):
    def works(work, files, out, recipe=None, threads=2):
        run([program, "run", recipe or WORKS[work].recipe, "--files-from", "-", "-o", out,
             "--threads", str(threads), "--progress", "none"],
            input="\n".join(files).encode(), stderr=subprocess.DEVNULL)

    return works


def vips(work, files, out):
    """A shell over some files, two at a time, each of one thread."""
    per_process = min(WORKS[work].per_process, (len(files) + 1) // 2)
    run(["xargs", "-0", "-P2", "-n", str(per_process), "sh", "-ec", WORKS[work].vips, "sh"],
        input="\0".join(files).encode(), env={**os.environ, "VIPS_CONCURRENCY": "1", "OUT": out})


def sharp(folder, way=None):
    """`way`: the function of sharp.mjs, if it is not the work's name."""
    return lambda work, files, out: run(["node", folder / "sharp.mjs", way or own(work), out],
                                        input="\n".join(files).encode())


def has_sharp(folder):
    """Is sharp there and able to run?"""
    try:
        return subprocess.run(["node", folder / "version.mjs"], capture_output=True).returncode == 0
    except OSError:
        return False


def python(script):
    return lambda work, files, out: run(["/usr/bin/python3", HERE / script, own(work), out],
                                        input="\n".join(files).encode())


def magick(program, output_option):
    """mogrify over half of the files each, in two processes of one thread."""

    def works(work, files, out):
        hint = WORKS[work].hint
        size = ["-size", hint, "-define", f"jpeg:size={hint}"] if hint else []
        jpeg = MAGICK_JPEG if WORKS[work].suffix == ".jpg" else []
        run(["xargs", "-0", "-P2", "-n", str((len(files) + 1) // 2), *program, *size,
             *WORKS[work].magick, *jpeg, output_option, out], cwd=Path(files[0]).parent,
            input="\0".join(Path(f).name for f in files).encode(),
            env={**os.environ, "OMP_NUM_THREADS": "1", "MAGICK_THREAD_LIMIT": "1"})

    return works


def installed(program, sharp_folder):
    """What answers when asked for its version: name -> (how it works, version)."""
    everyone = {
        "imbrex": (imbrex(program), [program, "--version"]),
        "sharp": (sharp(sharp_folder), ["node", sharp_folder / "version.mjs"]),
        "vips": (vips, ["vips", "--version"]),
        "OpenCV": (python("opencv.py"),
                   ["/usr/bin/python3", "-c", "import cv2; print('OpenCV', cv2.__version__)"]),
        "Pillow": (python("pillow.py"),
                   ["/usr/bin/python3", "-c", "import PIL; print('Pillow', PIL.__version__)"]),
        "GraphicsMagick": (magick(["gm", "mogrify"], "-output-directory"), ["gm", "version"]),
        "ImageMagick": (magick(["mogrify-im6"], "-path"), ["mogrify-im6", "-version"]),
    }
    there = {}
    for name, (works, ask) in everyone.items():
        try:
            answer = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            print(f"  {name}: not installed, left out")
            continue
        version = answer.splitlines()[0].split(" http")[0].removeprefix("Version: ")
        print(f"  {name}: {version}")
        there[name] = works, version
    return there


def entrants(work, there, sharp_folder):
    """Who is in the race for this work."""
    known = {name: works for name, (works, _) in there.items()}
    if not WORKS[work].magick:
        known.pop("GraphicsMagick", None), known.pop("ImageMagick", None)
    if "sharp" in known:
        known.update({name: sharp(sharp_folder, way) for name, way in WORKS[work].variants.items()})
    return known
